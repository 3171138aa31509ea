/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The uwsgi protocol: its own ping (modifier 100), which no application sees. */
#include "identify/probe.h"

static enum talk_next uwsgi_talk(struct talk *t)
{
        if (!t->step) {
                talk_send_hex(t, "64 00 00 00");
                t->step = 1;
                return TALK_SEND;
        }
        if (t->in_len < 4)
                return TALK_MORE;
        if (memcmp(t->in, "\x64\0\0\x01", 4) != 0) /* our bytes again, but for the last */
                return TALK_DONE;
        talk_confirm(t, "uwsgi");
        talk_product(t, "uWSGI", 5);
        talk_flag(t, IDENTITY_NO_AUTH);
        if (t->in_len > 4) /* it is not answering now, and says why */
                talk_detail(t, "status", (const char *)t->in + 4, t->in_len - 4);
        return TALK_DONE;
}

const struct probe probe_uwsgi = {
        .name = "uwsgi",
        .protocol = "uwsgi",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "3031,3032,9090,9091",
        .safety = SAFETY_QUERY,
        .sweep_tcp = SWEEP_LAST,
        .log = "nothing",
        .reference = "The uwsgi Protocol, \"uwsgi packets\": 100, PING",
        .talk = uwsgi_talk,
};
