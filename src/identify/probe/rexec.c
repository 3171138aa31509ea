/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rexec: its first bytes are a user name and a password, which are not offered. */
#include "identify/probe.h"

const struct probe probe_rexec = {
        .name = "rexec",
        .protocol = "rexec",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "512",
        .safety = SAFETY_LISTEN,
        .log = "nothing",
        .reference = "rexecd(8) of 4.2BSD",
        .mute = "begins with a user name and a password",
};
