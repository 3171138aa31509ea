/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rlogin (RFC 1282): its first bytes are user names, and a trusted host would be let in by them. */
#include "identify/probe.h"

const struct probe probe_rlogin = {
        .name = "rlogin",
        .protocol = "rlogin",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "513",
        .safety = SAFETY_LISTEN,
        .log = "nothing",
        .reference = "RFC 1282",
        .mute = "begins with user names, by which a trusted host is let in",
};
