/* SPDX-License-Identifier: GPL-2.0-or-later */
/* DHCP servers: a question takes an address from the pool. */
#include "identify/probe.h"

const struct probe probe_dhcp = {
        .name = "dhcp",
        .protocol = "dhcp",
        .transports = 1 << TRANSPORT_UDP,
        .udp_ports = "67,547",
        .safety = SAFETY_LISTEN,
        .log = "nothing",
        .reference = "RFC 2131; RFC 8415",
        .mute = "asking would make it set an address aside",
};
