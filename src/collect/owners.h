/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which process holds which socket, from /proc: the way where BPF is not permitted, and for what no file table shows.
 */
#pragma once

#include "base/err.h"
#include "base/map.h"
#include "base/vec.h"
#include "collect/bpf_sockets.h"

enum owners_depth {
        OWNERS_PROCESSES, /* /proc/PID/fd, which is that of the thread the process began with */
        OWNERS_THREADS,   /* the others, with descriptors of their own (clone(2) without CLONE_FILES), or where
                             the first has ended */
        OWNERS_ALL,       /* both */
};

/*
 * Walk /proc/PID/fd of every process on all processors and append who holds the sockets whose inodes are
 * keys of `wanted`, plus every io_uring to `held->rings`. *ret_denied counts processes that may not be
 * looked into. Past MAX_OWNERSHIPS only sockets that have no holder yet are added.
 */
void owners_walk(int proc_fd, const struct map *wanted, enum owners_depth depth, struct ownership_list *list,
                 struct held *held, unsigned *ret_denied);

/*
 * Append the holders of wanted sockets among those registered with these rings: io_uring's direct descriptors
 * are in no /proc/PID/fd, only in the ring's fdinfo. False when there was more to read than is reasonable.
 */
bool owners_of_rings(int proc_fd, const struct held *held, const struct map *wanted, struct ownership_list *list);

/* Pure: call back for each "socket:[N]" in the text of /proc/PID/fdinfo/FD of an io_uring. */
void owners_parse_fdinfo(const char *text, size_t len, void (*each)(uint64_t inode, void *arg), void *arg);
