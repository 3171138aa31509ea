/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Executables of processes that /proc does not show to this user, by a BPF iterator. Needs CAP_BPF and CAP_PERFMON;
 * Linux 6.1 or newer, whose iterators can be made for one task.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <sys/types.h>

#include "base/wire.h"
#include "collect/bpf/exe_record.h"

/* Zero bytes and EXE_READER_INIT make one; the program is loaded when it is first needed, and kept. */
struct exe_reader {
        pthread_mutex_t lock;
        void *skeleton;
        bool failed; /* it cannot be loaded here */
};
#define EXE_READER_INIT ((struct exe_reader){.lock = PTHREAD_MUTEX_INITIALIZER})

struct exe_seen {
        char path[EXE_PATH_MAX]; /* " (deleted)" behind it as in proc(5) */
        bool foreign_root;
};

void exe_reader_release(struct exe_reader *reader);

/* That of one process. False when it is gone, a kernel thread, or may not be told. For several threads at once. */
bool exe_reader_read(struct exe_reader *reader, pid_t pid, struct exe_seen *ret);

/* The pure half: one record. False when it makes no sense. */
bool exe_record_parse(struct wire w, struct exe_seen *ret);
