/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The filter of the receive ring, in classic BPF (Documentation/networking/filter.rst): runs in the kernel
 * on every packet of every interface, so that only possible answers reach us.
 */
#pragma once

#include <linux/filter.h>
#include <stdbool.h>
#include <stdint.h>

#define FRAMES_FILTER_MAX 80
#define FRAMES_SNAP       512 /* bytes kept of a packet: all headers, and those quoted by an error */

/*
 * For a socket that sees packets from the network layer on (SOCK_DGRAM). base_port is a multiple of `ports`,
 * a power of two. `discovery` lets in echo and timestamp replies, ARP replies and neighbour
 * advertisements, too. Instructions written to `to`.
 */
unsigned frames_filter(struct sock_filter to[FRAMES_FILTER_MAX], uint16_t base_port, uint16_t ports,
                       bool discovery);
