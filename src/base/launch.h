/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Another program, started by a fixed path with what it is given and nothing else of ours: no descriptors, environment,
 * ignored or blocked signals. Not for one that must be a certain open file, enter a namespace first, change its user or
 * die with us: that needs code of its own between fork and exec.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define LAUNCH_FIRST_FD 3
#define LAUNCH_MAX_FDS  64

/* What is left out is none, or no. */
struct launch {
        const char *program;            /* its path; PATH is not searched */
        const char *const *argv;        /* ends with NULL, as does environment */
        const char *const *environment; /* NULL: empty */
        const int *fds;                 /* any of ours, which it has as LAUNCH_FIRST_FD and on, in this order */
        size_t n_fds;                   /* at most LAUNCH_MAX_FDS */
        unsigned lend;                  /* CAP_ of linux/capability.h: ambient while it starts; CAP_CHOWN (0): none */
        bool own_group;                 /* it leads a process group, which can be ended as one: kill(-pid) */
        bool shows;                     /* standard output and error are ours, not /dev/null */
};

/*
 * Start it. Its standard input is /dev/null; *ret_output (may be NULL) is where its standard output can be read,
 * close-on-exec. 0; or negative errno, also that of exec(3): -ENOENT where there is no such program.
 */
int launch(const struct launch *how, pid_t *ret_pid, int *ret_output);

/*
 * Wait for its end, and after so many milliseconds end it; -1: it takes what it takes. Its exit status; 128 and the
 * signal that ended it, as shells say it; -ETIMEDOUT: it was ended; other negative errno.
 */
int launch_wait(pid_t pid, int within_ms);

/* What launch_wait() gave in words: "it ended with status 1", "it was ended by signal 9 (Killed)". */
#define LAUNCH_WORDS_SIZE 80
const char *launch_words(int status, char buf[LAUNCH_WORDS_SIZE]);
