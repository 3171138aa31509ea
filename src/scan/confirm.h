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
};

/*
 * What one connection showed: two ports of a host that show the same are held to be answered by the same
 * thing.
 */
struct confirm_look {
        struct address address;
        uint16_t port;
        int connect_errno;  /* 0 = the handshake completed; ETIMEDOUT, ECONNREFUSED ... */
        bool acknowledged;  
        bool reset, closed; /* it reset or closed the connection within the wait */
        uint32_t banner_hash,
                answer_hash; /* of the first bytes that came unasked, and after ours; 0 = none */
        uint32_t rtt_us;
};

struct confirmer;

/* max_inflight: connections at once; 0 = by RLIMIT_NOFILE, at most 256. No privilege needed. */
int confirmer_open(struct confirmer **ret, struct gate *gate, unsigned max_inflight, struct err *err);
/* Queue one look. `class` decides whether payload may be sent (gate_payload_allowed). */
void confirmer_add(struct confirmer *c, enum confirm_kind kind, const struct address *to,
                   uint32_t zone_index, uint16_t port, enum device_class class);
/* Work on without blocking; each finished look goes to `done`. */
void confirmer_run(struct confirmer *c, uint64_t now_ns,
                   void (*done)(const struct confirm_look *look, void *arg), void *arg);
unsigned confirmer_pending(const struct confirmer *c);
unsigned confirmer_poll(struct confirmer *c, struct pollfd *fds, unsigned max);
uint64_t confirmer_deadline(const struct confirmer *c);
struct confirmer *confirmer_close(struct confirmer *c);

/* Whether two looks show the same behaviour (times apart). Pure. */
bool confirm_same(const struct confirm_look *a, const struct confirm_look *b);
