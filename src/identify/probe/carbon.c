/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Carbon (Graphite): takes measurements and never answers. */
#include "identify/probe.h"

const struct probe probe_carbon = {
        .name = "carbon",
        .protocol = "carbon",
        .transports = 1 << TRANSPORT_TCP | 1 << TRANSPORT_UDP,
        .tcp_ports = "2003,2004,2013,2014,2023,2024",
        .udp_ports = "2003",
        .safety = SAFETY_LISTEN,
        .log = "nothing",
        .reference = "Graphite documentation, Feeding In Your Data",
        .mute = "it takes measurements and never answers; anything sent could be stored as one",
};
