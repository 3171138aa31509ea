/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Raw printing: every byte that is sent is printed. */
#include "identify/probe.h"

const struct probe probe_jetdirect = {
        .name = "jetdirect",
        .protocol = "jetdirect",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "9100-9107",
        .safety = SAFETY_LISTEN,
        .log = "nothing",
        .reference = "HP JetDirect: raw port printing; PWG 5100.4, 5",
        .mute = "a printer prints whatever is sent there, so nothing is",
};
