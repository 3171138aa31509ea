/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Discard (RFC 863): reads and never answers, so there is nothing to tell it by. */
#include "identify/probe.h"

const struct probe probe_discard = {
        .name = "discard",
        .protocol = "discard",
        .transports = 1 << TRANSPORT_TCP | 1 << TRANSPORT_UDP,
        .tcp_ports = "9",
        .udp_ports = "9",
        .safety = SAFETY_LISTEN,
        .log = "nothing",
        .reference = "RFC 863",
        .mute = "takes everything and never answers",
};
