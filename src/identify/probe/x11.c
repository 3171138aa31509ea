/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * X11: a connection setup without authorization; success is an open display (X Window System Protocol, 8).
 */
#include "identify/probe.h"

enum answer { FAILED, SUCCESS, AUTHENTICATE };

/* Whether this can be the answer to a setup request of ours (little endian), and how long it is. */
static bool header(const uint8_t *data, size_t len, size_t *whole)
{
        struct wire w = wire_over(data, len);
        uint8_t answer = wire_u8(&w), reason = wire_u8(&w);
        uint16_t major = wire_le16(&w), units;

        wire_skip(&w, 2);
        units = wire_le16(&w);
        *whole = SIZE_MAX;
        if (w.bad)
                return len == 0 || answer <= AUTHENTICATE;
        *whole = 8 + 4u * units;
        switch (answer) {
        case FAILED:
                return major == 11 && reason && reason <= 4u * units;
        case SUCCESS:
                return major == 11 && units >= 8;
        case AUTHENTICATE:
                return units > 0;
        default:
                return false;
        }
}

static enum recognition x11_recognise(const struct heard *h)
{
        size_t whole;

        if (h->transport != TRANSPORT_TCP || !header(h->data, h->len, &whole) || h->len < 8 ||
            h->data[0] == AUTHENTICATE)
                return RECOGNISE_NO;
        return h->len == whole && h->asked ? RECOGNISE_LIKELY : RECOGNISE_NO;
}

/* 12101007 is 1.21.1.7, which people call 21.1.7 */
static void release(struct talk *t, const char *vendor, size_t len, uint32_t number)
{
        _cleanup_str_ struct str text = {0};
        static const char x_org[] = "The X.Org Foundation";

        talk_detail(t, "vendor", vendor, len);
        if (len == strlen(x_org) && memcmp(vendor, x_org, len) == 0 && number >= 10000000 &&
            number < 100000000) {
                talk_product(t, "X.Org", 5);
                if (number < 12100000)
                        str_add(&text, "1.");
                str_addf(&text, "%u.%u", number / 100000 % 100, number / 1000 % 100);
                if (number % 1000 || number >= 12100000)
                        str_addf(&text, ".%u", number % 1000);
                talk_version(t, text.text, text.len);
                talk_cpe(t, "x.org", "x_server");
                return;
        }
        talk_product(t, vendor, len);
        talk_detail_u64(t, "release", number);
}

static enum talk_next answered(struct talk *t)
{
        struct wire w = talk_in(t), vendor;
        uint16_t minor, vendor_len;
        uint32_t number;
        size_t whole;

        if (!header(t->in, t->in_len, &whole))
                return TALK_DONE;
        /* the setup of a real display is long: its beginning is enough */
        if (t->in_len < whole && t->in_len < 8 + 32 + 256 && !((t->ended || t->waited) && t->in_len >= 40))
                return TALK_MORE;
        wire_skip(&w, 4);
        minor = wire_le16(&w);
        wire_skip(&w, 2);
        talk_evidence(t, t->in, t->in_len);
        if (t->in[0] == AUTHENTICATE) {
                talk_likely(t, "x11");
                return TALK_DONE;
        }
        talk_confirm(t, "x11");
        talk_detail_u64(t, "minor-version", minor);
        if (t->in[0] == FAILED) {
                talk_detail(t, "refused", (const char *)w.at,
                            t->in[1] < wire_left(&w) ? t->in[1] : wire_left(&w));
                return TALK_DONE;
        }
        talk_flag(t, IDENTITY_NO_AUTH);
        number = wire_le32(&w);
        wire_skip(&w, 12);
        vendor_len = wire_le16(&w);
        wire_skip(&w, 14);
        vendor = wire_sub(&w, vendor_len);
        if (!w.bad)
                release(t, (const char *)vendor.at, wire_left(&vendor), number);
        return TALK_DONE;
}

static enum talk_next x11_talk(struct talk *t)
{
        if (t->step)
                return answered(t);
        talk_send_hex(t, "6c00 0b00 0000 0000 0000 0000");
        t->step = 1;
        return TALK_SEND;
}

const struct probe probe_x11 = {
        .name = "x11",
        .protocol = "x11",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "6000-6063",
        .safety = SAFETY_SESSION,
        .sweep_tcp = SWEEP_LAST,
        .log = "X.Org: \"AUDIT: client ... rejected\" where auditing is on",
        .reference = "X Window System Protocol, X Version 11, 8",
        .recognise = x11_recognise,
        .talk = x11_talk,
};
