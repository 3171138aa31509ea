/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CoAP: the list of resources that every server has for discovery (RFC 6690, 4), over UDP and TCP. */
#include "identify/probe.h"

enum { CONFIRMABLE = 0, ACKNOWLEDGEMENT = 2, RESET = 3, GET = 1, CONTENT = 69 };
enum { CSM = 0xe1 }; /* 7.01, RFC 8323, 5.3 */

static void add_get(struct talk *t)
{
        talk_send_be32(t, (uint32_t)(t->nonce >> 16)); /* token */
        talk_send_u8(t, 11 << 4 | 11);                 /* Uri-Path */
        talk_send_bytes(t, ".well-known", 11);
        talk_send_u8(t, 4);
        talk_send_bytes(t, "core", 4);
}

static enum talk_next ask(struct talk *t)
{
        if (t->transport == TRANSPORT_TCP) {
                talk_send_hex(t, "00 e1");
                talk_send_u8(t, 13 << 4 | 4); /* the length follows, less 13; a token of four bytes */
                talk_send_u8(t, 17 - 13);
                talk_send_u8(t, GET);
        } else {
                talk_send_u8(t, 1 << 6 | CONFIRMABLE << 4 | 4);
                talk_send_u8(t, GET);
                talk_send_be16(t, (uint16_t)t->nonce);
        }
        add_get(t);
        t->step = 1;
        return TALK_SEND;
}

/* To what stands behind the options (RFC 7252, 3.1). */
static bool skip_options(struct wire *w)
{
        while (wire_left(w)) {
                uint8_t first = wire_u8(w), delta = first >> 4, n = first & 15;
                size_t len = n;

                if (first == 0xff)
                        return true;
                if (delta == 15 || n == 15)
                        return false;
                wire_skip(w, delta == 14 ? 2 : delta == 13);
                if (n == 13)
                        len = 13u + wire_u8(w);
                else if (n == 14)
                        len = 269u + wire_be16(w);
                wire_skip(w, len);
        }
        return false;
}

static void take_response(struct talk *t, uint8_t code, struct wire rest)
{
        char text[] = {(char)('0' + (code >> 5)), '.', (char)('0' + (code & 31) / 10),
                       (char)('0' + (code & 31) % 10)};

        talk_detail(t, "answer", text, sizeof(text));
        if (skip_options(&rest) && !rest.bad && code == CONTENT)
                talk_detail(t, "resources", (const char *)rest.at, wire_left(&rest));
}

/* Classes of responses: 2 success, 4 and 5 errors */
static bool is_response(uint8_t code)
{
        return code >> 5 == 2 || code >> 5 == 4 || code >> 5 == 5;
}

static enum talk_next datagram(struct talk *t)
{
        struct wire w = talk_in(t);
        uint8_t first = wire_u8(&w), code = wire_u8(&w), type = first >> 4 & 3;
        uint16_t id = wire_be16(&w);

        if (w.bad || first >> 6 != 1)
                return TALK_DONE;
        if (type >= ACKNOWLEDGEMENT && id == (uint16_t)t->nonce && !code &&
            t->in_len == 4) { /* empty: it lives */
                talk_confirm(t, "coap");
                return type == RESET ? TALK_DONE : TALK_MORE; /* the response comes by itself later */
        }
        if ((first & 15) != 4 || wire_be32(&w) != (uint32_t)(t->nonce >> 16) || !is_response(code) ||
            (type == ACKNOWLEDGEMENT && id != (uint16_t)t->nonce))
                return TALK_DONE;
        talk_confirm(t, "coap");
        take_response(t, code, w);
        return TALK_DONE;
}

/* One message of a stream (RFC 8323, 3.2); false when it is not whole yet. */
static bool next_message(struct wire *w, uint8_t *code, struct wire *ret)
{
        uint8_t first = wire_u8(w);
        size_t len = first >> 4;

        if (len == 13)
                len = 13u + wire_u8(w);
        else if (len == 14)
                len = 269u + wire_be16(w);
        else if (len == 15)
                len = 65805u + (size_t)wire_be32(w);
        *code = wire_u8(w);
        if (w->bad || (first & 15) > 8 || wire_left(w) < len + (first & 15))
                return false;
        *ret = wire_sub(w, len + (first & 15));
        return true;
}

static enum talk_next stream(struct talk *t)
{
        struct wire w = talk_in(t), body;
        uint8_t code;

        if (t->in_len > 8192)
                return TALK_DONE;
        while (next_message(&w, &code, &body)) {
                if (code == CSM)
                        continue;
                if (!is_response(code) || wire_be32(&body) != (uint32_t)(t->nonce >> 16))
                        return TALK_DONE; /* our own bytes come here, too */
                talk_confirm(t, "coap");
                take_response(t, code, body);
                return TALK_DONE;
        }
        return TALK_MORE;
}

static enum talk_next coap_talk(struct talk *t)
{
        if (!t->step)
                return ask(t);
        return t->transport == TRANSPORT_TCP ? stream(t) : datagram(t);
}

const struct probe probe_coap = {
        .name = "coap",
        .protocol = "coap",
        .transports = 1 << TRANSPORT_TCP | 1 << TRANSPORT_UDP,
        .tcp_ports = "5683,5684",
        .udp_ports = "5683",
        .safety = SAFETY_QUERY,
        .sweep_udp = SWEEP_LAST,
        .log = "a GET of /.well-known/core",
        .reference = "RFC 7252, 3; RFC 6690, 4; RFC 8323, 3.2",
        .talk = coap_talk,
};
