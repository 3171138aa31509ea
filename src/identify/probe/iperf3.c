/* SPDX-License-Identifier: GPL-2.0-or-later */
/* iperf 3: a cookie; the server answers with one byte, the state it goes to. No test is begun. */
#include "identify/probe.h"

#define COOKIE_BYTES 37u

enum { PARAM_EXCHANGE = 9, ACCESS_DENIED = 0xff };

static enum talk_next iperf3_talk(struct talk *t)
{
        static const char letters[] = "abcdefghijklmnopqrstuvwxyz234567";
        bool usual = t->port >= 5200 && t->port <= 5209;

        if (!t->step) {
                char cookie[COOKIE_BYTES] = {0};

                for (unsigned i = 0; i < sizeof(cookie) - 1; i++)
                        cookie[i] = letters[t->nonce >> (i % 12 * 5) & 31];
                talk_send_bytes(t, cookie, sizeof(cookie));
                t->patience_ms = 1000;
                t->step = 1;
                return TALK_SEND;
        }
        if (t->in_len == 1 && !t->ended && !t->waited) {
                t->patience_ms = 150; /* nothing may follow */
                return TALK_MORE;
        }
        if (t->in_len != 1 || (t->in[0] != PARAM_EXCHANGE && t->in[0] != ACCESS_DENIED))
                return TALK_DONE;
        if (usual && t->in[0] == PARAM_EXCHANGE)
                talk_confirm(t, "iperf3");
        else
                talk_likely(t, "iperf3"); /* one byte is little */
        talk_product(t, "iperf3", 6);
        talk_flag(t, IDENTITY_NO_AUTH);
        if (t->in[0] == ACCESS_DENIED)
                talk_detail(t, "state", "busy", 4);
        return TALK_DONE;
}

const struct probe probe_iperf3 = {
        .name = "iperf3",
        .protocol = "iperf3",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "5201-5209",
        .safety = SAFETY_SESSION,
        .log = "a client that went before the test began; for that moment others are turned away",
        .reference = "iperf3, src/iperf_api.h: states of the control connection",
        .talk = iperf3_talk,
};
