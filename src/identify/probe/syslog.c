/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Syslog: nothing ever comes back, over whatever transport. */
#include "identify/probe.h"

const struct probe probe_syslog = {
        .name = "syslog",
        .protocol = "syslog",
        .transports = 1 << TRANSPORT_TCP | 1 << TRANSPORT_UDP,
        .tcp_ports = "601,6514",
        .udp_ports = "514",
        .safety = SAFETY_LISTEN,
        .log = "nothing",
        .reference = "RFC 3164; RFC 5424; RFC 6587",
        .mute = "takes messages and never answers",
};
