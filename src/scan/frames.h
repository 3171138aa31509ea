/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Packets of our own making out, and answers to them in, past the kernel's protocols (packet(7)): one
 * receive ring over all interfaces, which the kernel fills with nothing but possible answers, and sockets
 * for each way out. Not for two threads at once.
 */
#pragma once

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "gate/gate.h"
#include "scan/packet.h"
#include "scan/path.h"

#define FRAMES_BATCH 64 /* frames a call; one bit each in a mask */

struct frames_options {
        struct gate *gate;
        uint32_t ring_kib; /* receive ring, rounded up to blocks of 64 KiB */
        bool discovery;    /* let in what answers discovery, too (scan/frames_filter.h) */
        bool fast;         /* send by AF_XDP where the kernel takes it (scan/xdp_send.h) */
        /*
         * Told of a frame that frames_send took, and that the kernel then never did: the packet in it. From
         * frames_send and frames_receive. NULL = not told.
         */
        void (*unsent)(uint16_t ethertype, const uint8_t *packet, size_t len, void *arg);
        void *arg;
};

/*
 * One packet to send. It goes in an Ethernet frame where link and hardware address are known, bare where
 * the link has no addresses, and else through the kernel's own routing: on loopback (which refuses IPv4
 * packets that come from a packet socket), and to a next hop that nobody asked for yet (the kernel asks).
 */
struct frame {
        const struct path *path;
        const struct address *to; /* whom the gate is asked about */
        uint32_t zone_index;
        uint16_t ethertype;
        uint16_t len;
        uint8_t mac[6];                /* of the next hop; zero = not known */
        uint8_t link[PACKET_LINK_MAX]; /* filled in when sent: must stand right before the packet */
        uint8_t packet[PACKET_MAX];
};

struct frames_statistics {
        /* fast: those of sent that went by AF_XDP; what still waits there counts as refused */
        uint64_t sent, fast, refused_by_kernel, received, dropped;
};

struct frames;

/* Needs CAP_NET_RAW: -EPERM without. Takes a block of source ports of its own. */
int frames_open(struct frames **ret, const struct frames_options *options, struct err *err);
struct frames *frames_close(struct frames *f); /* accepts NULL, returns NULL */
/* The first of SOURCE_PORTS source ports: only TCP to these is heard. */
uint16_t frames_base_port(const struct frames *f);

/*
 * Send up to FRAMES_BATCH frames in order. How many were taken: fewer when a queue is full, which a
 * millisecond mends. Bit i of *ret_failed is set for a frame that was taken and could not be sent.
 */
unsigned frames_send(struct frames *f, struct frame *frames, unsigned n, uint64_t *ret_failed);

/*
 * Hand every answer that has come to `each`: never blocks. when_ns (clock_monotonic_ns) is when the kernel
 * saw it; `link` is the sender's hardware address, 6 bytes or NULL. A packet seen on two
 * interfaces (a bridge and its port) comes twice.
 */
void frames_receive(struct frames *f,
                    void (*each)(const struct packet *packet, const uint8_t *link, uint64_t when_ns,
                                 void *arg),
                    void *arg);
/* Whether frames that were taken wait for the kernel: call frames_receive in about a millisecond. */
bool frames_waiting(const struct frames *f);
unsigned frames_poll(struct frames *f, struct pollfd *fds, unsigned max);
void frames_get_statistics(struct frames *f, struct frames_statistics *ret);
