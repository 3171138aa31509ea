/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Diameter: Capabilities-Exchange, whose answer names host, product and what it serves, also when it
 * refuses (RFC 6733, 5.3).
 */
#include "identify/probe.h"

enum avp {
        ORIGIN_HOST = 264,
        RESULT_CODE = 268,
        PRODUCT_NAME = 269,
        FIRMWARE = 267,
        ORIGIN_REALM = 296,
        INBAND_SECURITY = 299,
        ERROR_MESSAGE = 281,
};

#define CAPABILITIES 257u
#define HEADER       20u
#define MESSAGE_MAX  16384u
#define HOST         "quaymaster.invalid"
#define REALM        "invalid"

/* The answer's length when it is one, 0 while its header is not whole. */
static bool header(const uint8_t *data, size_t len, uint32_t *size, uint32_t *hop)
{
        struct wire w = wire_over(data, len);
        uint32_t first = wire_be32(&w), second = wire_be32(&w);

        wire_skip(&w, 4);
        *hop = wire_be32(&w);
        wire_skip(&w, 4);
        *size = first & 0xffffff;
        if (w.bad) {
                *size = 0;
                return !len || data[0] == 1;
        }
        return first >> 24 == 1 && *size >= HEADER && *size <= MESSAGE_MAX && *size % 4 == 0 &&
               second >> 24 < 0x80 && (second & 0xffffff) == CAPABILITIES;
}

static enum recognition diameter_recognise(const struct heard *h)
{
        uint32_t size, hop;

        return header(h->data, h->len, &size, &hop) && size && h->len >= size ? RECOGNISE_SURE
                                                                              : RECOGNISE_NO;
}

/* With the flag "mandatory", which Product-Name alone must not have (RFC 6733, 4.5). */
static void add(struct str *to, uint32_t code, const void *data, size_t len)
{
        uint8_t flags = code == PRODUCT_NAME ? 0 : 0x40;
        uint8_t head[8] = {(uint8_t)(code >> 24),
                           (uint8_t)(code >> 16),
                           (uint8_t)(code >> 8),
                           (uint8_t)code,
                           flags,
                           0,
                           0,
                           (uint8_t)(len + 8)};

        str_add_n(to, (const char *)head, sizeof(head));
        str_add_n(to, data, len);
        while (to->len % 4)
                str_add_char(to, '\0');
}

static void request(struct talk *t)
{
        _cleanup_str_ struct str body = {0};

        add(&body, ORIGIN_HOST, HOST, strlen(HOST));
        add(&body, ORIGIN_REALM, REALM, strlen(REALM));
        add(&body, 257, "\0\1\300\0\2\1", 6); /* Host-IP-Address: 192.0.2.1 */
        add(&body, 266, "\0\0\0\0", 4);       /* Vendor-Id */
        add(&body, PRODUCT_NAME, "quaymaster", 10);
        add(&body, 258, "\377\377\377\377", 4); /* Auth-Application-Id: relay */
        talk_send_be32(t, 1u << 24 | (uint32_t)(HEADER + body.len));
        talk_send_be32(t, 0x80u << 24 | CAPABILITIES);
        talk_send_be32(t, 0);
        talk_send_be32(t, (uint32_t)t->nonce);
        talk_send_be32(t, (uint32_t)(t->nonce >> 32));
        talk_send_bytes(t, body.text, body.len);
}

static void take_firmware(struct talk *t, uint32_t value)
{
        _cleanup_str_ struct str text = {0};

        /* freeDiameter counts 10201 for 1.2.1 */
        if (t->id->product && strncmp(t->id->product, "freeDiameter", 12) == 0 && value >= 10000 &&
            value < 1000000) {
                str_addf(&text, "%u.%u.%u", value / 10000, value / 100 % 100, value % 100);
                talk_version(t, text.text, text.len);
        }
        talk_detail_u64(t, "firmware", value);
}

static void take(struct talk *t, struct wire w)
{
        uint32_t firmware = 0;

        while (wire_left(&w) >= 8) {
                uint32_t code = wire_be32(&w), head = wire_be32(&w), len = head & 0xffffff, rest;
                bool vendor = head & 0x80000000;
                struct wire value;

                if (len < (vendor ? 12u : 8u))
                        break;
                if (vendor)
                        wire_skip(&w, 4);
                rest = len - (vendor ? 12 : 8);
                value = wire_sub(&w, rest);
                if (w.bad)
                        break;
                if (wire_left(&w))
                        wire_skip(&w, (4 - len % 4) % 4);
                if (vendor)
                        continue;
                if (code == ORIGIN_HOST)
                        talk_hostname(t, (const char *)value.at, rest);
                else if (code == ORIGIN_REALM)
                        talk_detail(t, "realm", (const char *)value.at, rest);
                else if (code == PRODUCT_NAME)
                        talk_product(t, (const char *)value.at, rest);
                else if (code == RESULT_CODE)
                        talk_detail_u64(t, "result-code", wire_be32(&value));
                else if (code == ERROR_MESSAGE)
                        talk_detail(t, "error", (const char *)value.at, rest);
                else if (code == FIRMWARE)
                        firmware = wire_be32(&value);
                else if (code == INBAND_SECURITY && wire_be32(&value) == 1 && !t->tls)
                        talk_encryption(t, ENCRYPTION_STARTTLS);
        }
        if (firmware)
                take_firmware(t, firmware);
}

static enum talk_next diameter_talk(struct talk *t)
{
        struct wire w = talk_in(t), body;
        uint32_t size, hop;

        if (!t->step) {
                request(t);
                t->step = 1;
                return TALK_SEND;
        }
        if (!header(t->in, t->in_len, &size, &hop))
                return TALK_DONE;
        if (!size || t->in_len < size)
                return TALK_MORE;
        if (hop != (uint32_t)t->nonce)
                return TALK_DONE;
        talk_confirm(t, "diameter");
        body = wire_sub(&w, size);
        wire_skip(&body, HEADER);
        take(t, body);
        return TALK_DONE;
}

const struct probe probe_diameter = {
        .name = "diameter",
        .protocol = "diameter",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "3868,5868,5658,3869",
        .safety = SAFETY_SESSION,
        .sweep_tcp = SWEEP_LAST,
        .log = "a capabilities exchange of the unknown peer " HOST,
        .reference = "RFC 6733, 3, 5.3.1 and 5.3.2",
        .recognise = diameter_recognise,
        .talk = diameter_talk,
};
