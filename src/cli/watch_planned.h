/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Windows of planned change, as `watch` needs them: kept in memory, read again when the store was written to, and what
 * happened noted in the store some time after the event was told, since that waits for the disk. A store that another
 * process has locked is waited for by a call for 200 ms at most; after a second of that, once a second only.
 */
#pragma once

#include <sys/stat.h>

#include "base/str.h"
#include "drift/expect.h"
#include "store/store.h"

struct watch_window {
        struct store_change change;
        struct expect expect;
        int64_t happened_s; /* not in the store yet; 0 */
};

struct watch_windows {
        vec(struct watch_window) list;
};

struct watch_planned {
        struct pool *pool;
        struct watch_windows windows;
        struct str path;            /* of the store; empty: there is no place for one */
        struct stat store, journal; /* as they were when it was read */
        int64_t checked_s;          /* until when windows that ended were told */
        uint64_t read_at_ns;        /* not read again before; 0: at once */
        uint64_t note_at_ns;        /* not written to before; 0: at once */
        uint64_t failing_ns;        /* since when it cannot be read; 0: it can */
        bool told;                  /* that it cannot */
        struct err why;
};

void watch_planned_release(struct watch_planned *p);

/* Read the windows again where the store has changed: two stat(2) where it has not. now_ns: as clock_monotonic_ns(). */
void watch_planned_freshen(struct watch_planned *p, uint64_t now_ns);

/* Why the store cannot be read, once, when that goes on for 5 s; else NULL. Lives until the next freshen. */
const char *watch_planned_trouble(struct watch_planned *p, uint64_t now_ns);

/* The ticket of a window that is open at the event's time and expects it, or NULL. Lives until the next freshen. */
const char *watch_planned_ticket(struct watch_planned *p, const struct event *e, const char *hostname);

/* Write down what happened. A store that is busy is written to the next time. */
void watch_planned_note(struct watch_planned *p, uint64_t now_ns);

/* The next window that ended since the last call with `now`, and that expected what did not happen; NULL at the end. */
const struct store_change *watch_planned_missed(struct watch_planned *p, size_t *i, int64_t now);
void watch_planned_checked(struct watch_planned *p, int64_t now);
