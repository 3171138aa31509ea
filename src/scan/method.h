/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How probes leave and answers come back: one file in method/ with one `const struct method`, and a line in
 * the registry in method.c. The engine says what to ask and when; a method sends it through the gate, and
 * tells what it hears.
 */
#pragma once

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "model/endpoint.h"
#include "model/estate.h"
#include "scan/cookie.h"
#include "gate/gate.h"
#include "scan/path.h"

#define METHOD_TRIES_MAX 16 /* tries of one probe, 0..15; each with a source port (or socket) of its own */

/*
 * What the engine wants asked. The host fields are copied, so that a method needs no look into the engine.
 */
struct probe {
        struct address to;
        uint32_t zone_index;
        const struct path
                *path;  /* how to get there; for methods that build frames; NULL for those of the kernel */
        uint8_t mac[6]; /* of the next hop, when path->link_has_addresses */
        uint32_t host; /* the engine's number of the host; comes back in struct heard where the method knows it */
        uint16_t port;
        uint8_t attempt; /* 0..15 */
        bool canary;     /* asked again though the answer is known, to measure loss */
        bool echo_only; /* discovery: behind a router, its device class allows no more than ICMP echo */
        enum device_class class;
};

enum heard_kind {
        HEARD_OPEN,        /* SYN-ACK, connected, a datagram */
        HEARD_CLOSED,      /* RST, ECONNREFUSED; for UDP: ICMP port unreachable from the host itself */
        HEARD_PROHIBITED,  /* ICMP administratively prohibited, or port unreachable for a TCP probe */
        HEARD_UNREACHABLE, /* ICMP host or network unreachable; EHOSTUNREACH, ENETUNREACH */
        HEARD_SILENCE,     /* connect: the attempt timed out (so the method may forget it) */
        HEARD_NOT_SENT, /* the probe could not be sent after all: reason says why; it does not count as a try */
        HEARD_ALIVE,    /* discovery: the host answered something */
        HEARD_NEIGHBOUR, /* discovery: the host answered ARP or neighbour solicitation; mac is set */
};

/* One answer whose cookie was right. */
struct heard {
        enum heard_kind kind;
        enum endpoint_reason reason;
        struct address from; /* the host the verdict is about (for a quoted ICMP: where the probe went) */
        enum transport transport;
        uint16_t port;
        uint8_t attempt; /* which try was answered */
        bool canary;
        uint8_t ttl;
        uint8_t mac[6];
        uint32_t rtt_us;  /* 0 = not measured */
        uint64_t when_ns; /* clock_monotonic_ns */
};

/* Where methods put what they hear. */
struct hearing {
        void (*hear)(const struct heard *heard, void *arg);
        void *arg;
};

struct method_setup {
        struct gate *gate;
        struct cookie_key key;
        struct hearing hearing;
        uint32_t rate;         /* packets a second in all, for sizing */
        uint32_t timeout_ms;   /* connect: how long one attempt may take at most */
        unsigned max_inflight; /* connect: descriptors it may hold; 0 = by RLIMIT_NOFILE */
};

struct method_statistics {
        uint64_t sent, refused_by_kernel, received,
                dropped; /* dropped: answers that the socket could not hold */
        uint64_t forged; /* packets for us whose cookie was wrong */
        uint64_t fast;   /* those of sent that went by AF_XDP */
};

struct method_state;

struct method {
        const char *name; /* "syn" */
        const char *summary;
        enum transport transport;
        bool needs_raw;    /* CAP_NET_RAW */
        bool needs_frames; /* wants probe.path and mac filled in */
        bool answers_each; /* every attempt ends with exactly one struct heard, silence included */
        /*
         * Open what needs privilege: called before privilege is dropped. -EPERM: not permitted.
         */
        int (*open)(struct method_state **ret, const struct method_setup *setup, struct err *err);
        /*
         * Send up to n probes, in order. How many were taken (fewer when a queue is full: the engine asks
         * again after poll or 1 ms), or negative errno for a fault that concerns all of them. One that
         * cannot be sent at all is taken, and told by HEARD_NOT_SENT.
         */
        int (*send)(struct method_state *m, const struct probe *probes, unsigned n);
        /* Fill in what to poll(2) for; how many of at most `max`. */
        unsigned (*poll)(struct method_state *m, struct pollfd *fds, unsigned max);
        /* Take in everything that has come; never blocks. now_ns also ends attempts that are over time. */
        void (*receive)(struct method_state *m, uint64_t now_ns);
        /*
         * CLOCK_MONOTONIC ns at which receive wants to be called at the latest; UINT64_MAX = only by poll.
         * May be NULL.
         */
        uint64_t (*deadline)(struct method_state *m);
        void (*statistics)(struct method_state *m, struct method_statistics *ret);
        struct method_state *(*close)(struct method_state *m); /* returns NULL */
};

extern const struct method method_syn, method_connect, method_udp;

/* By name; NULL = unknown. */
const struct method *method_find(const char *name);
