/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * distcc: answers only who lets it compile, which is not done. It waits for the rest of a request of version 1
 * and closes on a version that there is not; both seen, on its own port, it is likely.
 */
#include "identify/line.h"
#include "identify/probe.h"

enum step { RIGHT, WAITS, WRONG, CLOSES };

static enum talk_next distcc_talk(struct talk *t)
{
        switch ((enum step)t->step) {
        case RIGHT:
                talk_send_bytes(t, "DIST00000001", 12);
                t->step = WAITS;
                t->patience_ms = 1500;
                return TALK_SEND;
        case WAITS:
                if (t->in_len || t->ended)
                        return TALK_DONE;
                if (!t->waited)
                        return TALK_MORE;
                t->step = WRONG;
                return TALK_AGAIN;
        case WRONG:
                talk_send_bytes(t, "DIST00000063", 12); /* no such version */
                t->step = CLOSES;
                return TALK_SEND;
        case CLOSES:
                if (t->in_len || t->waited)
                        return TALK_DONE;
                if (!t->ended)
                        return TALK_MORE;
                if (t->port == 3632)
                        talk_likely(t, "distcc");
                return TALK_DONE;
        }
        return TALK_DONE;
}

const struct probe probe_distcc = {
        .name = "distcc",
        .protocol = "distcc",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "3632",
        .safety = SAFETY_SESSION,
        .log = "two requests that are not whole (distccd: \"requested protocol version\")",
        .reference = "distcc protocol version 1, doc/protocol-1",
        .talk = distcc_talk,
};
