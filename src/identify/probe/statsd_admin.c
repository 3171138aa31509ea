/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The admin interface of statsd: help. */
#include "identify/line.h"
#include "identify/probe.h"

static enum talk_next statsd_admin_talk(struct talk *t)
{
        struct line line;
        size_t at = 0;

        if (!t->step++) {
                talk_send_bytes(t, "help\n", 5);
                return TALK_SEND;
        }
        if (!line_next(t->in, t->in_len, &at, &line))
                return t->in_len < 1024 ? TALK_MORE : TALK_DONE;
        if (!line_starts(&line, "Commands: stats, counters"))
                return TALK_DONE;
        talk_confirm(t, "statsd-admin");
        talk_flag(t, IDENTITY_NO_AUTH);
        talk_product(t, "StatsD", 6);
        return TALK_DONE;
}

const struct probe probe_statsd_admin = {
        .name = "statsd-admin",
        .protocol = "statsd-admin",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "8126",
        .safety = SAFETY_QUERY,
        .log = "nothing",
        .reference = "StatsD, docs/admin_interface.md",
        .talk = statsd_admin_talk,
};
