/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who holds the lock. A process that was stopped (SIGSTOP), or waits for what never comes, would hold it for ever, and
 * the rollback with it: so whoever waits for the lock past the deadline looks whether its holder gets on, and ends it
 * when it does not.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* How long a holder may be stopped, and how long it may write no line of its journal; then it is ended. */
#define HOLDER_STOPPED_MS 2000u
#define HOLDER_STILL_MS   300000u /* a step is three units of 30 s, and calls that may take 60 s each */

struct holder {
        unsigned pid;      /* 0: not known */
        uint64_t begun_ns; /* tells it from a later process of that number */
};

/* Note oneself in the lock file, which one holds. That it cannot be written (a full disk) ends nothing. */
void holder_write(int lock_fd);
/* False: the file says nothing of the kind. */
bool holder_read(int lock_fd, struct holder *ret);

/* What was seen of one, from one look to the next; begins as {0}. */
struct holder_watch {
        struct holder holder;
        size_t progress;
        uint64_t moved_ns, ran_ns;
};

/* Pure. Look again; `progress` grows with its work. True: it is stuck. Times are of CLOCK_MONOTONIC. */
bool holder_is_stuck(struct holder_watch *watch, const struct holder *holder, bool stopped, size_t progress,
                     uint64_t now_ns);

/* Whether it is stopped by a signal or a debugger; false when it is gone. */
bool holder_is_stopped(const struct holder *holder);
/* Kill that process and no other. -ESRCH: it is gone. */
int holder_kill(const struct holder *holder, struct err *err);
