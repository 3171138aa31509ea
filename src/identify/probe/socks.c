/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SOCKS 5: which way of authentication it takes. No connection is asked for. Version 4 has no greeting, only
 * connections: it cannot be asked.
 */
#include "identify/probe.h"

enum { NONE = 0x00, GSSAPI = 0x01, PASSWORD = 0x02, NONE_ACCEPTABLE = 0xff };

static enum talk_next socks_talk(struct talk *t)
{
        /* three methods, so that our own bytes given back are no valid choice: 3 was not offered */
        static const char offer[] = "\x05\x03\x00\x02\x01";
        const char *method;

        if (!t->step) {
                talk_send_bytes(t, offer, sizeof(offer) - 1);
                t->step = 1;
                return TALK_SEND;
        }
        if (t->in_len < 2)
                return t->in_len && t->in[0] != 5 ? TALK_DONE : TALK_MORE;
        if (t->in_len != 2 || t->in[0] != 5 || (t->in[1] > PASSWORD && t->in[1] != NONE_ACCEPTABLE))
                return TALK_DONE;
        talk_confirm(t, "socks");
        method = t->in[1] == NONE       ? "none"
                 : t->in[1] == GSSAPI   ? "gssapi"
                 : t->in[1] == PASSWORD ? "password"
                                        : "others";
        talk_detail(t, "protocol-version", "5", 1);
        talk_detail(t, "authentication", method, strlen(method));
        if (t->in[1] == NONE)
                talk_flag(t, IDENTITY_NO_AUTH);
        if (t->in[1] == PASSWORD && !t->tls)
                talk_flag(t, IDENTITY_PLAIN_LOGIN);
        return TALK_DONE;
}

const struct probe probe_socks = {
        .name = "socks",
        .protocol = "socks",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "1080-1085,9050,9150,10808,7891",
        .safety = SAFETY_SESSION,
        .sweep_tcp = SWEEP_SECOND,
        .log = "a client that chose a method and left",
        .reference = "RFC 1928, 3",
        .talk = socks_talk,
};
