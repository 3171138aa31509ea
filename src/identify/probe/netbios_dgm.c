/* SPDX-License-Identifier: GPL-2.0-or-later */
/* NetBIOS datagram service: takes datagrams, and answers none (RFC 1002, 4.4). */
#include "identify/probe.h"

const struct probe probe_netbios_dgm = {
        .name = "netbios-dgm",
        .protocol = "netbios-dgm",
        .transports = 1 << TRANSPORT_UDP,
        .udp_ports = "138",
        .safety = SAFETY_LISTEN,
        .log = "nothing",
        .reference = "RFC 1002, 4.4",
        .mute = "datagrams of NetBIOS are for applications behind it, and are not answered by the service itself",
};
