/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel tells of a process, proc(5). A pid may be another process's a moment later: its start tells. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct process_start {
        char name[64]; /* its first bytes */
        char state;    /* 'R', 'S', 'T' ... */
        unsigned parent;
        uint64_t begun_ns; /* on the boot clock */
};

/*
 * The text of /proc/PID/stat, proc_pid_stat(5): the 22nd field is the start in clock ticks since boot; a name may
 * hold ')'.
 */
bool process_start_parse(const char *text, struct process_start *ret);
/* Of that process. False: there is none. */
bool process_start_read(unsigned pid, struct process_start *ret);

/*
 * Append what an environment variable was when the process was started. False: it was not set, there is no such
 * process, or its environment may not be read or is longer than 4 MiB.
 */
bool process_variable(unsigned pid, const char *name, struct str *ret);
