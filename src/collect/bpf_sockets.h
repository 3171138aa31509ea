/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sockets and the processes that hold them in one pass over all namespaces, by a BPF iterator over open files.
 * Needs CAP_BPF and CAP_PERFMON (or CAP_SYS_ADMIN); kernel 5.17 or newer, with BTF.
 */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "base/map.h"
#include "base/vec.h"
#include "base/wire.h"
#include "collect/ownership.h"
#include "model/inside.h"

struct held_socket { /* each once */
        struct socket_seen socket; /* owner fields empty; netns unset: see netns_inode */
        uint32_t netns_inode;
        bool idle;  /* accepted no traffic when it was looked at */
        pid_t pid;  /* the first that holds it */
        pid_t last; /* the one its last record was of: the same again is another descriptor */
};

struct held_ring { /* an io_uring file: its registered sockets are in no file table */
        pid_t pid;
        int fd;
};

struct held {
        vec(struct held_socket) sockets;
        struct map by_inode;        /* of sockets: index */
        struct ownership_list more; /* all holders but the first */
        vec(struct held_ring) rings;
};

void held_release(struct held *held);

/* Whether this build has the programs at all (clang and bpftool were there). */
bool bpf_sockets_built(void);

/*
 * Load the iterator: a descriptor to read from, close-on-exec; -ENOSYS when not built in; -EPERM and others
 * when not permitted or the kernel is too old.
 */
int bpf_sockets_open(struct err *err);

/* Read it to its end into *held (zeroed by the caller). 0 or negative errno. Closes nothing. */
int bpf_sockets_read(int iterator_fd, struct held *held, struct err *err);

/* The pure half: one record of the iterator into *held. False when the record makes no sense. */
bool bpf_record_parse(struct wire *w, struct held *held);
