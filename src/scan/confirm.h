/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Second looks at ports that seem open, by connections of the kernel: a full handshake (--confirm), and the
 * test that tells a middlebox that answers for every port from services that are really there.
 */
#pragma once

#include "scan/method.h"

enum confirm_kind {
        CONFIRM_HANDSHAKE, /* connect, then close: does the handshake complete? */
        /* connect, wait for a banner, send one harmless line: is it acknowledged, and what comes? */
        CONFIRM_DATA,
        CONFIRM_LISTEN, /* as CONFIRM_DATA, but nothing is sent: the estate forbids it for that host */
};

/*
 * What one connection showed: two ports of a host that show the same are held to be answered by the same
 * thing.
 */
struct confirm_look {
        struct address address;
        uint16_t port;
        int connect_errno;  /* 0 = the handshake completed; ETIMEDOUT, ECONNREFUSED ... */
        bool local_fault;   /* connect_errno is a fault of this machine: the look says nothing of the port */
        bool sent;          /* our line left: only then do acknowledged and answer_hash say something */
        bool acknowledged;  /* the peer's TCP acknowledged our line */
        bool reset, closed; /* it reset or closed the connection before it answered, within the wait */
        uint32_t banner_hash,
                answer_hash; /* confirm_signature of what came unasked, and after ours; 0 = none */
        uint32_t rtt_us;
};

/*
 * What a look lasts at most: 3 s in all; in it 300 ms and a round trip for a banner, as much for an answer,
 * and 1 s for the acknowledgement of our line.
 */
#define CONFIRM_LIMIT_MS  3000
#define CONFIRM_WAIT_MS   300
#define CONFIRM_ACK_MS    1000
#define CONFIRM_READ_MOST 4096 /* bytes of one look */

struct confirmer;

/* max_inflight: connections at once; 0 = by RLIMIT_NOFILE, at most 256. No privilege needed. */
int confirmer_open(struct confirmer **ret, struct gate *gate, unsigned max_inflight, struct err *err);
/*
 * Queue one look. `class` decides whether payload may be sent (gate_payload_allowed, and no_identify of the
 * class's limits); where it may not, CONFIRM_DATA only listens. Nothing is sent before confirmer_run.
 */
void confirmer_add(struct confirmer *c, enum confirm_kind kind, const struct address *to,
                   uint32_t zone_index, uint16_t port, enum device_class class);
/* Work on without blocking; each finished look goes to `done`. */
void confirmer_run(struct confirmer *c, uint64_t now_ns,
                   void (*done)(const struct confirm_look *look, void *arg), void *arg);
unsigned confirmer_pending(const struct confirmer *c); /* queued and under way */
unsigned confirmer_poll(struct confirmer *c, struct pollfd *fds, unsigned max);
/* CLOCK_MONOTONIC ns at which confirmer_run wants to be called; 0 = at once, UINT64_MAX = only by poll. */
uint64_t confirmer_deadline(const struct confirmer *c);
struct confirmer *confirmer_close(struct confirmer *c); /* accepts NULL, returns NULL */

/*
 * Whether two looks show the same behaviour, times apart: the same banner; without one the same answer;
 * without that the same manner of going on. Pure.
 */
bool confirm_same(const struct confirm_look *a, const struct confirm_look *b);

/*
 * What first bytes are known by: a hash of the first run of 5 to 16 printable ASCII characters in the first
 * 64 bytes, digits all taken as one. So a service that tells the time, a process id or a challenge looks
 * alike each time; bytes without such a run are all alike. 0 only for len 0. Pure; values differ from run to
 * run of the program.
 */
uint32_t confirm_signature(const void *data, size_t len);
