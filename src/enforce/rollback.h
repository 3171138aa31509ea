/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is pending, and how an apply is undone as a whole, whoever asks for it. All with the lock. */
#pragma once

#include "enforce/desk.h"

/*
 * With `pending` on the disk. `why` is for the journal; *left: steps that were left as they are. Negative errno: what
 * watches tries it again.
 */
int undo_apply(struct desk *desk, struct apply *apply, const char *why, bool at_boot, size_t *left,
               struct err *err);

/* Undo what is pending, unless it is confirmed already, or nothing is kept of it. */
int roll_back(struct desk *desk, const struct pending *pending, bool at_boot, size_t *left, struct err *err);

/* What is pending; where the file is damaged, as the journals tell it. PENDING_NONE: nothing. */
int read_pending(const struct desk *desk, struct pending *ret, struct err *err);

/*
 * What a process left that was killed at its work, or that nobody was left to undo in time. *ret: what was taken
 * back, or PENDING_NONE.
 */
int finish_interrupted(struct desk *desk, struct pending *ret, size_t *left, struct err *err);
