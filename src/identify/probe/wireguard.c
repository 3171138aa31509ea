/* SPDX-License-Identifier: GPL-2.0-or-later */
/* WireGuard: the first message is made with the public key of the server, or it is dropped. */
#include "identify/probe.h"

const struct probe probe_wireguard = {
        .name = "wireguard",
        .protocol = "wireguard",
        .transports = 1 << TRANSPORT_UDP,
        .udp_ports = "51820,51821",
        .safety = SAFETY_LISTEN,
        .log = "nothing",
        .reference = "WireGuard: Next Generation Kernel Network Tunnel, 5.4.2 and 5.4.4",
        .mute = "answers only a handshake by a key that it knows",
};
