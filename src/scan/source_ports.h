/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A block of source ports that are ours while a scan runs: held by bound TCP sockets that do not listen, so
 * that no other program is given one, no connection of the kernel takes an answer, and the kernel itself
 * resets what a SYN-ACK left half open.
 */
#pragma once

#include <stdint.h>

#include "base/err.h"

#define SOURCE_PORTS 16 /* as METHOD_TRIES_MAX: each try has its own */

struct source_ports {
        uint16_t base; /* a multiple of SOURCE_PORTS, so that a filter can mask */
        int fds[SOURCE_PORTS];
};

/*
 * Outside the kernel's ephemeral range, mostly above it (ip(7), ip_local_port_range), for IPv4 and IPv6. 0,
 * or negative errno: -EADDRINUSE when all blocks that were tried are taken.
 */
int source_ports_take(struct source_ports *ports, struct err *err);
void source_ports_release(struct source_ports *ports);
