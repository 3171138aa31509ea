/* SPDX-License-Identifier: GPL-2.0-or-later */
/* StatsD: counts what comes, and says nothing. */
#include "identify/probe.h"

const struct probe probe_statsd = {
        .name = "statsd",
        .protocol = "statsd",
        .transports = 1 << TRANSPORT_UDP,
        .udp_ports = "8125",
        .safety = SAFETY_LISTEN,
        .log = "nothing",
        .reference = "StatsD: Metric Types",
        .mute = "takes measurements and never answers",
};
