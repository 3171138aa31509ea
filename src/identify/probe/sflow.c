/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sFlow collectors: they only take. */
#include "identify/probe.h"

const struct probe probe_sflow = {
        .name = "sflow",
        .protocol = "sflow",
        .transports = 1 << TRANSPORT_UDP,
        .udp_ports = "6343",
        .safety = SAFETY_LISTEN,
        .log = "nothing",
        .reference = "sFlow version 5",
        .mute = "collects samples and never answers",
};
