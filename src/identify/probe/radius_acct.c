/* SPDX-License-Identifier: GPL-2.0-or-later */
/* RADIUS accounting: every request is signed with the shared secret. */
#include "identify/probe.h"

const struct probe probe_radius_acct = {
        .name = "radius-acct",
        .protocol = "radius-acct",
        .transports = 1 << TRANSPORT_UDP,
        .udp_ports = "1813,1646",
        .safety = SAFETY_LISTEN,
        .log = "nothing",
        .reference = "RFC 2866, 3",
        .mute = "answers only who knows the shared secret",
};
