/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IAX2: a poke, which a server answers whoever asks. */
#include "identify/probe.h"

enum step { START, POKE, THANKS };

enum { FRAME_IAX = 6, PONG = 3, ACK = 4, INVAL = 10, POKE_FRAME = 30 };

static uint16_t call_of(const struct talk *t)
{
        return (uint16_t)(t->nonce % 0x7ffe + 1);
}

static void add_frame(struct talk *t, uint16_t theirs, uint32_t time, uint8_t out, uint8_t in, uint8_t kind)
{
        talk_send_be16(t, 0x8000 | call_of(t));
        talk_send_be16(t, theirs);
        talk_send_be32(t, time);
        talk_send_u8(t, out);
        talk_send_u8(t, in);
        talk_send_u8(t, FRAME_IAX);
        talk_send_u8(t, kind);
}

static enum talk_next iax2_talk(struct talk *t)
{
        struct wire w = talk_in(t);
        uint16_t theirs, ours;
        uint32_t time;
        uint8_t kind;

        if (t->step == START) {
                add_frame(t, 0, 1, 0, 0, POKE_FRAME);
                t->step = POKE;
                return TALK_SEND;
        }
        if (t->step == THANKS)
                return TALK_DONE;
        theirs = wire_be16(&w);
        ours = wire_be16(&w);
        time = wire_be32(&w);
        wire_skip(&w, 2);
        if (!(theirs & 0x8000) || (ours & 0x7fff) != call_of(t) || wire_u8(&w) != FRAME_IAX || w.bad)
                return TALK_DONE;
        kind = wire_u8(&w);
        if (w.bad || (kind != PONG && kind != ACK && kind != INVAL))
                return TALK_DONE;
        talk_confirm(t, "iax2");
        if (kind != PONG)
                return TALK_DONE;
        add_frame(t, theirs & 0x7fff, time, 1, 1, ACK); /* else it says it again for some seconds */
        t->patience_ms = 20;
        t->step = THANKS;
        return TALK_SEND;
}

const struct probe probe_iax2 = {
        .name = "iax2",
        .protocol = "iax2",
        .transports = 1 << TRANSPORT_UDP,
        .udp_ports = "4569",
        .safety = SAFETY_QUERY,
        .sweep_udp = SWEEP_LAST,
        .log = "nothing",
        .reference = "RFC 5456, 6.7 and 8.1.1",
        .talk = iax2_talk,
};
