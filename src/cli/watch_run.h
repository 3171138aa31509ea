/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The work of `watch` between two waits: notes become events, a look at the whole finds what notes missed. The loop
 * that waits is in cmd_watch.c.
 */
#pragma once

#include "cli/watch_alert.h"
#include "cli/watch_known.h"
#include "collect/watch.h"
#include "knowledge/knowledge.h"
#include "report/watch_report.h"

struct watch_run {
        /* set by the caller, and its own */
        struct collect_options options;
        const struct knowledge *knowledge;
        struct watch *source;
        struct watch_alert *alert; /* where events are told besides; NULL: nowhere */
        bool json;
        const char *output; /* path of the file to append to; NULL: standard output */

        /* its own; zero at first */
        struct inside *base; /* the last look at the whole */
        struct known *known;
        struct str out;
        int out_fd; /* of `output`; -1 */
        uint64_t seq, n_live, n_reconciled, dropped_told;
        int64_t started_ns; /* since 1970: makes ids of one run differ from those of another */
        uint64_t looked_ns, look_cost_ns; /* when the whole was last looked at, and how long it took */
        bool look_soon; /* something is there that only a look at the whole can tell */
        bool output_ended; /* its reader went away */
};

void watch_run_release(struct watch_run *run);

/* The first look at the whole: no events, but it says that it is ready. 0 or negative errno. */
int watch_run_begin(struct watch_run *run, struct err *err);

/* Take the notes that are there. 0 or negative errno; look_soon may be set. */
int watch_run_notes(struct watch_run *run, struct err *err);

/* Look at the whole, and tell what notes did not. */
int watch_run_look(struct watch_run *run, struct err *err);

/* When the whole may be looked at again, CLOCK_MONOTONIC: looking must not take more than a tenth of the time. */
uint64_t watch_run_next_look(const struct watch_run *run);

/* The last record, with the counts. True when nothing is known to be missing. */
bool watch_run_end(struct watch_run *run);
