/* SPDX-License-Identifier: GPL-2.0-or-later */
/* FINS of Omron controllers, over UDP and TCP: model and version of the controller (command 05 01). */
#include "identify/probe.h"

enum step { START, NODE, DATA };

#define FINS 0x46494e53u

static uint8_t id_of(const struct talk *t)
{
        return (uint8_t)t->nonce;
}

static enum talk_next ask_data(struct talk *t, uint8_t server, uint8_t client)
{
        if (t->transport == TRANSPORT_TCP) {
                talk_send_be32(t, FINS);
                talk_send_be32(t, 8 + 13);
                talk_send_hex(t, "00000002 00000000");
        }
        talk_send_hex(t, "80 00 02 00");
        talk_send_u8(t, server);
        talk_send_hex(t, "00 00");
        talk_send_u8(t, client);
        talk_send_u8(t, 0);
        talk_send_u8(t, id_of(t));
        talk_send_hex(t, "05 01 00");
        t->step = DATA;
        return TALK_SEND;
}

static enum talk_next ask(struct talk *t)
{
        if (t->transport == TRANSPORT_UDP)
                return ask_data(t, 0, 99);
        talk_send_be32(t, FINS);
        talk_send_hex(t, "0000000c 00000000 00000000 00000000"); /* a node number, please */
        t->step = NODE;
        return TALK_SEND;
}

static enum talk_next answer(struct talk *t, struct wire w)
{
        uint8_t flags = wire_u8(&w), id;
        uint16_t result;
        struct wire field;

        wire_skip(&w, 8);
        id = wire_u8(&w);
        if (wire_be16(&w) != 0x0501 || !(flags & 0x40) || id != id_of(t)) /* 0x40: an answer */
                return TALK_DONE;
        result = wire_be16(&w);
        if (w.bad)
                return TALK_DONE;
        talk_confirm(t, "fins");
        if (result & 0x7f3f) { /* the others say that the CPU has an error of its own */
                talk_detail_u64(t, "error", result);
                return TALK_DONE;
        }
        talk_flag(t, IDENTITY_NO_AUTH);
        field = wire_sub(&w, 20);
        talk_product(t, (const char *)field.at, wire_left(&field) ? strnlen((const char *)field.at, 20) : 0);
        field = wire_sub(&w, 20);
        talk_version(t, (const char *)field.at, wire_left(&field) ? strnlen((const char *)field.at, 20) : 0);
        return TALK_DONE;
}

static enum talk_next fins_talk(struct talk *t)
{
        struct wire w = talk_in(t);
        uint32_t len, command;

        if (t->step == START)
                return ask(t);
        if (t->transport == TRANSPORT_UDP)
                return answer(t, w);
        if (t->in_len < 16)
                return t->in_len && t->in[0] != 'F' ? TALK_DONE : TALK_MORE;
        if (wire_be32(&w) != FINS)
                return TALK_DONE;
        len = wire_be32(&w);
        command = wire_be32(&w);
        if (len < 8 || len > 2048)
                return TALK_DONE;
        if (t->in_len < 8 + len)
                return TALK_MORE;
        wire_skip(&w, 4);
        w = wire_sub(&w, len - 8);
        if (t->step == NODE && command == 1 && wire_left(&w) >= 8) {
                uint32_t client = wire_be32(&w), server = wire_be32(&w);

                talk_confirm(t, "fins");
                return ask_data(t, (uint8_t)server, (uint8_t)client);
        }
        if (command == 3) /* an error of this frame */
                talk_confirm(t, "fins");
        return t->step == DATA && command == 2 ? answer(t, w) : TALK_DONE;
}

const struct probe probe_fins = {
        .name = "fins",
        .protocol = "fins",
        .transports = 1 << TRANSPORT_TCP | 1 << TRANSPORT_UDP,
        .tcp_ports = "9600",
        .udp_ports = "9600",
        .safety = SAFETY_INDUSTRIAL,
        .log = "nothing",
        .reference = "Omron W342, 5-3-15 (CONTROLLER DATA READ); W421, 7-4",
        .talk = fins_talk,
};
