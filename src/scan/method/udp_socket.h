/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A UDP socket of the kernel that tells what the method wants to know: ICMP, TTL, time, where it came to. */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

struct udp_socket {
        int fd;
        uint16_t port; /* our own */
        uint8_t attempt;
        bool roaming;
        unsigned number; /* among the roaming ones of both families */
};

union udp_name {
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
};

/*
 * Not connected, non-blocking, bound to all addresses and to a port of the ephemeral range, which the kernel
 * takes at random. Sets fd and port; fd also after an error, when there is one to be closed. 0 or negative
 * errno.
 */
int udp_socket_open(struct udp_socket *s, uint8_t family);
