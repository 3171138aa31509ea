/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PPTP: Start-Control-Connection-Request, whose reply names host and vendor; no call is made (RFC 2637,
 * 2.1 and 2.2).
 */
#include "identify/probe.h"

#define MESSAGE_LEN 156u
#define NAME_LEN    64u

/* Up to the type of the control message. */
static bool is_reply(const uint8_t *data, size_t len)
{
        struct wire w = wire_over(data, len);

        return len >= MESSAGE_LEN && wire_be16(&w) == MESSAGE_LEN && wire_be16(&w) == 1 &&
               wire_be32(&w) == 0x1a2b3c4d && wire_be16(&w) == 2;
}

static enum recognition pptp_recognise(const struct heard *h)
{
        return is_reply(h->data, h->len) ? RECOGNISE_SURE : RECOGNISE_NO;
}

static struct wire name(struct wire *w)
{
        struct wire field = wire_sub(w, NAME_LEN);
        const uint8_t *zero = memchr(field.at, 0, wire_left(&field));

        if (zero)
                field.end = zero;
        return field;
}

static void take(struct talk *t)
{
        static const struct {
                const char *vendor, *product;
        } known[] = {
                {"MikroTik", "MikroTik RouterOS"},
                {"accel-pptp", "accel-ppp"},
                {"accel-pppd", "accel-ppp"},
                {"Fortinet", "Fortinet"},
                {"Microsoft", "Microsoft Windows RRAS"},
        };
        struct wire w = talk_in(t), host, vendor;
        uint8_t result;
        uint16_t firmware;

        wire_skip(&w, 14);
        result = wire_u8(&w);
        wire_skip(&w, 11);
        firmware = wire_be16(&w);
        host = name(&w);
        vendor = name(&w);
        talk_hostname(t, (const char *)host.at, wire_left(&host));
        talk_detail(t, "vendor", (const char *)vendor.at, wire_left(&vendor));
        talk_detail_u64(t, "firmware", firmware);
        if (result != 1)
                talk_detail_u64(t, "result-code", result);
        for (size_t i = 0; i < array_len(known); i++)
                if (wire_left(&vendor) >= strlen(known[i].vendor) &&
                    memcmp(vendor.at, known[i].vendor, strlen(known[i].vendor)) == 0)
                        talk_product(t, known[i].product, strlen(known[i].product));
}

static enum talk_next pptp_talk(struct talk *t)
{
        if (!t->step) {
                talk_send_hex(t, "009c 0001 1a2b3c4d 0001 0000 0100 0000 00000003 00000003 0000 0000");
                for (unsigned i = 0; i < 2 * NAME_LEN; i++)
                        talk_send_u8(t, 0);
                t->step = 1;
                return TALK_SEND;
        }
        if (t->in_len >= 2 && (t->in[0] || t->in[1] != MESSAGE_LEN))
                return TALK_DONE;
        if (t->in_len < MESSAGE_LEN)
                return TALK_MORE;
        if (!is_reply(t->in, t->in_len))
                return TALK_DONE;
        talk_confirm(t, "pptp");
        talk_flag(t, IDENTITY_WEAK_CRYPTO);
        talk_detail(t, "weak", "MS-CHAPv2 and MPPE (RC4)", 24);
        take(t);
        return TALK_DONE;
}

const struct probe probe_pptp = {
        .name = "pptp",
        .protocol = "pptp",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "1723",
        .safety = SAFETY_SESSION,
        .sweep_tcp = SWEEP_LAST,
        .log = "a control connection that made no call",
        .reference = "RFC 2637, 2.1 and 2.2",
        .recognise = pptp_recognise,
        .talk = pptp_talk,
};
