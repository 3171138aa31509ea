/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mumble: over TCP the server's Version message, first inside TLS; over UDP the ping that server lists use. */
#include "identify/line.h"
#include "identify/probe.h"
#include "identify/product.h"

static uint64_t varint(struct wire *w)
{
        uint64_t value = 0;

        for (unsigned shift = 0; shift < 64; shift += 7) {
                uint8_t byte = wire_u8(w);

                value |= (uint64_t)(byte & 0x7f) << shift;
                if (!(byte & 0x80))
                        return value;
        }
        w->bad = true;
        return 0;
}

/* Version: fields 1 (version), 2 release, 3 os, 4 os_version, 5 (version of 64 bits) */
static bool read_version(struct wire body, uint32_t *version, struct line texts[5])
{
        *version = 0;
        while (wire_left(&body)) {
                uint64_t key = varint(&body);
                unsigned field = (unsigned)(key >> 3);

                if (key >> 3 < 1 || key >> 3 > 15)
                        return false;
                if ((key & 7) == 0) {
                        uint64_t value = varint(&body);

                        if (field == 1)
                                *version = (uint32_t)value;
                } else if ((key & 7) == 2) {
                        struct wire text = wire_sub(&body, varint(&body) & 0xffff);

                        if (field < 5)
                                texts[field] = (struct line){(const char *)text.at, wire_left(&text)};
                } else {
                        return false;
                }
                if (body.bad)
                        return false;
        }
        return *version >> 16 >= 1 && *version >> 16 < 16;
}

/* Messages: type 0 (Version) and a length */
static bool greeting(const uint8_t *data, size_t len, uint32_t *version, struct line texts[5], bool *part)
{
        struct wire w = wire_over(data, len);
        uint16_t type = wire_be16(&w);
        uint32_t size = wire_be32(&w);

        *part = len < 6 || (type == 0 && size < 1024 && wire_left(&w) < size);
        return !w.bad && !*part && type == 0 && size >= 4 && size < 1024 &&
               read_version(wire_sub(&w, size), version, texts);
}

static enum recognition mumble_recognise(const struct heard *h)
{
        struct line texts[5] = {0};
        uint32_t version;
        bool part;

        return h->transport == TRANSPORT_TCP && greeting(h->data, h->len, &version, texts, &part) &&
                               texts[2].len
                       ? RECOGNISE_SURE
                       : RECOGNISE_NO;
}

static void take_number(struct talk *t, uint32_t version)
{
        _cleanup_str_ struct str text = {0};

        str_addf(&text, "%u.%u.%u", version >> 16, version >> 8 & 0xff, version & 0xff);
        talk_product(t, "Murmur", 6);
        talk_version(t, text.text, text.len);
        talk_cpe(t, "mumble", "mumble");
}

static enum talk_next over_tcp(struct talk *t)
{
        struct line texts[5] = {0}, release;
        uint32_t version;
        bool part;

        if (!greeting(t->in, t->in_len, &version, texts, &part))
                return part ? TALK_MORE : TALK_DONE;
        talk_confirm(t, "mumble");
        release = product_version(&texts[2]);
        talk_product(t, "Murmur", 6);
        talk_version(t, release.text, release.len);
        take_number(t, version);
        talk_detail(t, "release", texts[2].text, texts[2].len);
        talk_detail(t, "os", texts[3].text, texts[3].len);
        talk_detail(t, "os-version", texts[4].text, texts[4].len);
        return TALK_DONE;
}

static enum talk_next over_udp(struct talk *t)
{
        struct wire w = talk_in(t);
        uint32_t version;

        if (!t->step) {
                talk_send_be32(t, 0);
                talk_send_be32(t, (uint32_t)(t->nonce >> 32));
                talk_send_be32(t, (uint32_t)t->nonce);
                t->step = 1;
                return TALK_SEND;
        }
        if (!t->in_len)
                return TALK_MORE;
        version = wire_be32(&w);
        if (t->in_len != 24 || wire_be32(&w) != (uint32_t)(t->nonce >> 32) ||
            wire_be32(&w) != (uint32_t)t->nonce || !(version >> 16))
                return TALK_DONE;
        talk_encryption(t,
                        ENCRYPTION_NATIVE); /* voice over UDP is encrypted by keys of the TLS connection */
        talk_confirm(t, "mumble");
        take_number(t, version);
        talk_detail_u64(t, "users", wire_be32(&w));
        talk_detail_u64(t, "users-max", wire_be32(&w));
        return TALK_DONE;
}

static enum talk_next mumble_talk(struct talk *t)
{
        return t->transport == TRANSPORT_UDP ? over_udp(t) : over_tcp(t);
}

const struct probe probe_mumble = {
        .name = "mumble",
        .protocol = "mumble",
        .transports = 1 << TRANSPORT_TCP | 1 << TRANSPORT_UDP,
        .tcp_ports = "64738",
        .udp_ports = "64738",
        .safety = SAFETY_QUERY,
        .sweep_udp = SWEEP_LAST,
        .speaks_first = true,
        .log = "a connection closed before a user was named; the UDP ping leaves nothing",
        .reference = "Mumble protocol, \"Establishing a connection\", \"UDP ping\"",
        .recognise = mumble_recognise,
        .talk = mumble_talk,
};
