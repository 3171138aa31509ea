/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The work of `watch` between two waits: notes become events, a look at the whole finds what notes missed. The loop
 * that waits is in cmd_watch.c.
 */
#pragma once

#include "cli/watch_alert.h"
#include "cli/watch_known.h"
#include "cli/watch_output.h"
#include "cli/watch_planned.h"
#include "cli/watch_policy.h"
#include "cli/watch_whole.h"
#include "collect/bpf_exes.h"
#include "collect/watch.h"
#include "knowledge/knowledge.h"
#include "report/watch_report.h"

struct watch_run {
        /* set by the caller, and its own */
        struct collect_options options;
        const struct knowledge *knowledge;
        struct watch *source;
        struct watch_policy policy;
        struct watch_alert *alert; /* where events are told besides; NULL: nowhere */
        bool json;
        struct watch_output output; /* its path is the caller's, and whether it has ended may be read */

        /* its own; zero at first */
        struct inside *base; /* the last look at the whole */
        struct known *known;
        struct watch_planned planned;
        struct exe_reader exes;
        struct watch_whole whole;
        vec(struct known_step) steps; /* since the look began that goes on */
        uint64_t seq, n_live, n_reconciled, dropped_told, lost_told;
        int64_t started_ns; /* since 1970: makes ids of one run differ from those of another */
        uint64_t looked_ns, look_cost_ns; /* when the whole was last looked at, and how long it took */
        bool look_soon; /* something is there that only a look at the whole can tell */
        bool looking_for; /* ... when the look began that goes on */
};

void watch_run_release(struct watch_run *run);

/* The first look at the whole: no events, but it says that it is ready. 0 or negative errno. */
int watch_run_begin(struct watch_run *run, struct err *err);

/* Take the notes that are there. 0 or negative errno; look_soon may be set. */
int watch_run_notes(struct watch_run *run, struct err *err);

/* Begin to look at the whole, beside all else. whole.done_fd says when it is done. 0 or negative errno. */
int watch_run_look(struct watch_run *run, struct err *err);
bool watch_run_is_looking(const struct watch_run *run);
/* It is done, or else is waited for: tell what notes did not. 0 or negative errno. */
int watch_run_looked(struct watch_run *run, struct err *err);

/*
 * From time to time, at least each minute: what comes with the clock. Approvals may have run out, or hold again where
 * the clock was set back: then look_soon is set. Windows of planned change that ended without what they expected are
 * told.
 */
int watch_run_tick(struct watch_run *run, struct err *err);

/*
 * Go on with another policy, read from the files, and judge all that is open by it. *policy becomes the old one,
 * for the caller to release; where it fails, the old one stays in force and *policy as it is.
 */
int watch_run_change_policy(struct watch_run *run, struct watch_policy *policy, struct err *err);

/* When the whole may be looked at again, CLOCK_MONOTONIC: looking must not take more than a tenth of the time. */
uint64_t watch_run_next_look(const struct watch_run *run);

/* The last record, with the counts. True when nothing is known to be missing. */
bool watch_run_end(struct watch_run *run);
