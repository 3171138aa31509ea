/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Radmin: the opening of its clients; answers have the same head with a longer body. Not published, so
 * likely at most.
 */
#include "identify/probe.h"

#define BODY_MAX 256u

static enum talk_next radmin_talk(struct talk *t)
{
        struct wire w = talk_in(t);
        uint8_t kind;
        uint32_t len;

        if (!t->step) {
                talk_send_hex(t, "01 00000001 0000000808");
                t->step = 1;
                return TALK_SEND;
        }
        kind = wire_u8(&w);
        len = wire_be32(&w);
        if (t->in_len >= 1 && kind != 1)
                return TALK_DONE;
        if (t->in_len >= 5 && (len < 2 || len > BODY_MAX)) /* one byte of body is our own opening again */
                return TALK_DONE;
        wire_skip(&w, 4); /* a sum of the body */
        wire_skip(&w, len);
        if (w.bad)
                return TALK_MORE;
        if (wire_left(&w))
                return TALK_DONE;
        talk_encryption(t, ENCRYPTION_NATIVE);
        talk_likely(t, "radmin");
        talk_product(t, "Radmin", 6);
        return TALK_DONE;
}

const struct probe probe_radmin = {
        .name = "radmin",
        .protocol = "radmin",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "4899",
        .safety = SAFETY_SESSION,
        .log = "a connection without a login, where connections are noted",
        .reference = "not published; as its clients are seen to begin",
        .talk = radmin_talk,
};
