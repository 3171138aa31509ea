/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The head of an IP packet that was refused: who asked what. Pure; bytes from the network. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/address.h"

struct packet_head {
        struct address source, destination;
        uint8_t protocol; /* of IP, behind the extension headers of IPv6 */
        bool has_ports;   /* TCP, UDP, UDP-Lite, SCTP, DCCP, and the first fragment */
        uint16_t source_port, port;
};

#define PACKET_HEAD_BYTES \
        160u /* as many as are asked of the kernel: enough for the usual extension headers */

/*
 * Read an IPv4 (RFC 791) or IPv6 (RFC 8200) packet, or as much of it as there is. False when it has no whole IP header;
 * without ports when they are behind the end.
 */
bool packet_head_parse(const void *data, size_t len, struct packet_head *ret);
