/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where applies are kept: a folder of root's alone (0700) with one folder an apply, the file `pending` (pending.h)
 * and the file `lock`, which one process holds at a time that changes anything.
 *
 *      ID/request   a JSON line: who asked, and when; then the actions, a line each
 *      ID/steps     step.h; complete before the first step
 *      ID/journal   journal.h
 *      ballast      space that is given free when undo finds the disk full
 */
#pragma once

#include <stdbool.h>
#include <time.h>

#include "base/err.h"
#include "base/pool.h"
#include "enforce/bus.h"
#include "enforce/holder.h"
#include "enforce/journal.h"
#include "enforce/pending.h"
#include "enforce/step.h"

#define HARDEN_FOLDER "/var/lib/quaymaster/harden"

struct folder {
        int fd, lock_fd; /* lock_fd is -1 while the lock is not held */
};

/* Open it; with `make` also make it, and see that no other may write above it. 0 or negative errno; -EPERM: one may. */
int folder_open(struct folder *folder, const char *path, bool make, struct err *err);
void folder_release(struct folder *folder);
#define _cleanup_folder_ _cleanup_(folder_release)

/* Take the lock, within so many milliseconds (a watcher looks for a moment only); else -EBUSY. */
int folder_lock(struct folder *folder, unsigned patience_ms, struct err *err);

/* Who holds it; pid 0 when that is not known. */
struct holder folder_holder(const struct folder *folder);
/* How much of the journal of an apply is written: what grows gets on. */
size_t folder_progress(const struct folder *folder, const char *id);

/* 0 with state PENDING_NONE where there is none. */
int folder_pending(const struct folder *folder, struct pending *ret, struct err *err);
int folder_set_pending(const struct folder *folder, const struct pending *pending, struct err *err);
int folder_clear_pending(const struct folder *folder, struct err *err);

/* Ids of all applies, the oldest first, in the pool. */
int folder_applies(const struct folder *folder, struct pool *pool, name_list *ret, struct err *err);

/*
 * Pure. A new id, which sorts behind `last` (NULL: there is none) also where the wall clock went back since: what is
 * the newest must not depend on a clock that anybody may set.
 */
void apply_id_make(time_t now, const char *last, char id[APPLY_ID_SIZE]);

/* One apply as it was written. */
struct apply {
        char id[APPLY_ID_SIZE];
        struct pool *pool;
        step_list steps;
        struct journal journal;
        const char *request; /* the first line of it */
        int journal_fd;      /* for appending; -1: not opened */
};

/* A new one: `request` and `steps` are on the disk, and its journal is begun, when this returns. */
int apply_create(struct folder *folder, struct apply *apply, const char *request, size_t request_len,
                 struct err *err);
/* Read one back, and open its journal for appending where that works. -ENOENT: there is none of that id. */
int apply_open(const struct folder *folder, const char *id, struct apply *ret, struct err *err);
void apply_release(struct apply *apply);
#define _cleanup_apply_ _cleanup_(apply_release)

/* Whether it is in force: applied and not undone. */
bool apply_in_force(const struct apply *apply);
const char *apply_state(const struct apply *apply); /* "confirmed", "undone", "not confirmed", "not begun" */
/*
 * Why it is undone, or is about to be: "it was not confirmed in time". NULL: it is not, or a full disk kept that from
 * being written. Where an undo was interrupted, why it was begun, not why it was begun again.
 */
const char *apply_undo_why(const struct apply *apply);
/* How many steps the undo left as they are; of several tries the last counts. */
size_t apply_left(const struct apply *apply);

/* Make room on a full disk; and take it again when there is enough. */
void folder_drop_ballast(const struct folder *folder);
