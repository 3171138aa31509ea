/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Live notes of listeners that come and go, in all network namespaces: from BPF programs through a ring, or, where
 * BPF is not permitted, stops alone from the destroy notices of sock_diag(7) in the own namespace. Notes say what the
 * kernel saw at that moment; what a note lacks, and what was dropped, is found by looking at the whole again.
 *
 * BPF needs CAP_BPF, CAP_PERFMON and CAP_NET_ADMIN; Linux 5.17 or newer with BTF.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/wire.h"
#include "collect/collect.h"
#include "model/inside.h"

struct watch_note {
        bool closed; /* else opened */
        bool place;  /* false: nothing but the cookie is known */
        enum transport transport;
        struct address address;
        uint16_t port; /* 0: the kernel had not chosen it yet */
        bool v6only;
        uint32_t netns_inode, ifindex;
        uint64_t cookie;  /* of the socket, within one boot; never 0 */
        uint64_t time_ns; /* CLOCK_MONOTONIC */
        pid_t pid;        /* who did it, as our /proc numbers it; 0: not known */
        uint32_t uid;
        char comm[17];
};

struct watch;

/* How much a watch hears. */
enum watch_reach {
        WATCH_TCP_UDP, /* both, by BPF */
        WATCH_TCP,     /* TCP by BPF; no control group root to watch UDP from */
        WATCH_STOPS,   /* closed sockets of the own namespace, by destroy notices */
};

/* Whether this build has the programs at all. */
bool watch_built(void);

/* Begin to listen by BPF. 0; -ENOSYS when not built in; -EPERM and others when not permitted or too old a kernel. */
int watch_open_bpf(struct watch **ret, struct err *err);
/* Begin to listen for destroy notices: 0 or negative errno. */
int watch_open_notices(struct watch **ret, struct err *err);
struct watch *watch_free(struct watch *watch); /* accepts NULL, returns NULL */

static inline void watch_freep(struct watch **watch)
{
        *watch = watch_free(*watch);
}

enum watch_reach watch_reach(const struct watch *watch);
int watch_fd(const struct watch *watch); /* becomes readable (EPOLLIN) when there are notes; stays the watch's */

/*
 * Take at most `max` notes that are there; waits for none. How many, or negative errno (-EBADMSG: the kernel's
 * records have an unknown form).
 */
int watch_read(struct watch *watch, struct watch_note *notes, size_t max, struct err *err);

/* How many notes were lost so far because there was no room: only a look at the whole shows what they were of. */
uint64_t watch_dropped(const struct watch *watch);

/*
 * The inside view of what a few opened notes tell: their sockets, the processes that opened them, units, packages and
 * containers as far as they can be told at once. Namespaces, addresses, services and packages come from `base`, an
 * earlier view of the whole, and so do the rules of packet filters, by reference: free it later. Where a namespace is
 * not in it, all are found anew. Sockets stand in the order of the notes. `exes` (bpf_exes.h) may be NULL. Never fails;
 * what is gone by now is missing from it and said in the owner note.
 */
struct inside *watch_look(const struct inside *base, struct exe_reader *exes, const struct watch_note *notes, size_t n);

/*
 * Fill in the ports that the kernel chose right after the notes (listen(2) without bind(2)): looked up by cookie in the
 * kernel's tables of their namespaces. A port stays 0 where the socket is gone or the namespace may not be entered.
 */
void watch_find_ports(struct watch_note *notes, size_t n);

/* --- pure halves, for tests and fuzzing --- */

/* One record of the BPF programs. False when it makes no sense. */
bool watch_record_parse(struct wire *w, struct watch_note *ret);
/* One destroy notice: a struct inet_diag_msg. False when malformed. */
bool watch_notice_parse(struct wire w, struct watch_note *ret);
