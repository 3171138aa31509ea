/* SPDX-License-Identifier: GPL-2.0-or-later */
/* GTP between nodes of mobile networks: an echo, of version 2 on the port of its control plane, else of version 1. */
#include "identify/probe.h"

enum step { START, VERSION_2, VERSION_1 };

enum { ECHO_REQUEST = 1, ECHO_RESPONSE = 2, NOT_SUPPORTED = 3 };

static enum talk_next ask_2(struct talk *t)
{
        talk_send_hex(t, "40 01 0009");
        talk_send_be32(t, (uint32_t)t->nonce << 8);
        talk_send_hex(t, "03 0001 00 01"); /* recovery counter */
        t->patience_ms = 1000;
        t->step = VERSION_2;
        return TALK_SEND;
}

static enum talk_next ask_1(struct talk *t)
{
        talk_send_hex(t, "32 01 0004 00000000");
        talk_send_be16(t, (uint16_t)t->nonce);
        talk_send_hex(t, "0000");
        t->step = VERSION_1;
        return TALK_SEND;
}

static enum talk_next answer_2(struct talk *t)
{
        struct wire w = talk_in(t);
        uint8_t flags = wire_u8(&w), type = wire_u8(&w);
        uint16_t len = wire_be16(&w);

        if (flags >> 5 == 2 && len + 4u == t->in_len && (type == ECHO_RESPONSE || type == NOT_SUPPORTED) &&
            (wire_be32(&w) >> 8 == ((uint32_t)t->nonce & 0xffffff) || type == NOT_SUPPORTED)) {
                if (type == ECHO_RESPONSE)
                        talk_confirm(t, "gtp");
                else
                        talk_likely(t, "gtp");
                talk_detail(t, "protocol-version", "2", 1);
                return TALK_DONE;
        }
        return ask_1(t);
}

static enum talk_next answer_1(struct talk *t)
{
        struct wire w = talk_in(t);
        uint8_t flags = wire_u8(&w), type = wire_u8(&w);
        uint16_t len = wire_be16(&w);

        wire_skip(&w, 4);
        if (flags >> 5 != 1 || !(flags & 0x10) || type != ECHO_RESPONSE || len + 8u != t->in_len ||
            (flags & 2 && wire_be16(&w) != (uint16_t)t->nonce) || w.bad)
                return TALK_DONE;
        if (flags & 2)
                talk_confirm(t, "gtp");
        else
                talk_likely(t, "gtp");
        talk_detail(t, "protocol-version", "1", 1);
        return TALK_DONE;
}

static enum talk_next gtp_talk(struct talk *t)
{
        if (t->step == START)
                return t->port == 2123 ? ask_2(t) : ask_1(t);
        return t->step == VERSION_2 ? answer_2(t) : answer_1(t);
}

const struct probe probe_gtp = {
        .name = "gtp",
        .protocol = "gtp",
        .transports = 1 << TRANSPORT_UDP,
        .udp_ports = "2123,2152",
        .safety = SAFETY_QUERY,
        .log = "an echo from a peer that is not known",
        .reference = "3GPP TS 29.274, 7.1; TS 29.281, 7.2",
        .talk = gtp_talk,
};
