/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rsh: its first bytes are user names and a command. */
#include "identify/probe.h"

const struct probe probe_rsh = {
        .name = "rsh",
        .protocol = "rsh",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "514",
        .safety = SAFETY_LISTEN,
        .log = "nothing",
        .reference = "rshd(8) of 4.2BSD",
        .mute = "begins with user names and a command",
};
