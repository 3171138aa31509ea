/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What was done of an apply, and when: a line of JSON before and after each step, each on the disk before what comes
 * next. Only appended to. The last line may be torn by a crash; it is of a thing that had not begun then.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/pool.h"
#include "base/vec.h"

enum journal_event {
        JOURNAL_ARMED,     /* the rollback stands; from here on things are changed */
        JOURNAL_BEGIN,     /* step: what follows may have been done in part */
        JOURNAL_DONE,      /* step; note: of a table its hash */
        JOURNAL_FAILED,    /* step; note: why */
        JOURNAL_APPLIED,   /* all steps done; waits to be confirmed */
        JOURNAL_PROVED,    /* an outside probe passed; note: its evidence */
        JOURNAL_CONFIRMED, /* note: how */
        JOURNAL_UNDO,      /* undo begins; note: why */
        JOURNAL_LEFT, /* step: was not undone, since somebody changed the same thing; or could not be; note */
        JOURNAL_UNDONE, /* undo is over */
        JOURNAL_EVENT_MAX,
};

const char *journal_event_name(enum journal_event event);

#define JOURNAL_NO_STEP UINT32_MAX

struct journal_line {
        enum journal_event event;
        uint32_t step; /* or JOURNAL_NO_STEP */
        int64_t time_s;
        uint64_t boot_ns; /* CLOCK_BOOTTIME */
        const char *note; /* or NULL */
};

struct journal {
        vec(struct journal_line) lines;
        size_t n_damaged; /* lines that were none, left out */
};

void journal_release(struct journal *journal);
/* Pure. Notes are in the pool. Never fails: what is no line is counted. */
void journal_read(const char *text, size_t len, struct pool *pool, struct journal *ret);
/* The last line of that event (and step, unless JOURNAL_NO_STEP), or NULL. */
const struct journal_line *journal_last(const struct journal *journal, enum journal_event event,
                                        uint32_t step);

/* Append one line and wait until it is on the disk. Times are filled in. 0 or negative errno. */
int journal_add(int fd, enum journal_event event, uint32_t step, const char *note, struct err *err);
