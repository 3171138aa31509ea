/* SPDX-License-Identifier: GPL-2.0-or-later */
/* collectd: its network plugin only takes. */
#include "identify/probe.h"

const struct probe probe_collectd = {
        .name = "collectd",
        .protocol = "collectd",
        .transports = 1 << TRANSPORT_UDP,
        .udp_ports = "25826",
        .safety = SAFETY_LISTEN,
        .log = "nothing",
        .reference = "collectd: Binary protocol",
        .mute = "takes measurements and never answers",
};
