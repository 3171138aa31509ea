/* SPDX-License-Identifier: GPL-2.0-or-later */
/* NetFlow and IPFIX collectors: they only take. */
#include "identify/probe.h"

const struct probe probe_netflow = {
        .name = "netflow",
        .protocol = "netflow",
        .transports = 1 << TRANSPORT_UDP,
        .udp_ports = "2055,4739,9555,9995,9996",
        .safety = SAFETY_LISTEN,
        .log = "nothing",
        .reference = "RFC 3954; RFC 7011",
        .mute = "collects flow records and never answers",
};
