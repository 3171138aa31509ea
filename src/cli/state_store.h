/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The store in the state folder (state_dir.h). */
#pragma once

#include "store/store.h"

#define CHANGE_SERIES "change"           /* of the looks at this host when a window of planned change opens */
#define CHANGE_LOOK   CHANGE_SERIES ":" /* their names begin so, and the ticket follows */

#define BASELINE "baseline" /* the name, and the series, of the snapshot that is one */

/* Opened with the engine that is used, which is returned in *ret_engine. Close with that. */
int state_store_open(struct store **ret, const struct store_engine **ret_engine, enum store_open how,
                     struct err *err);
/* Load a snapshot of the store; opens and closes it. -ENOENT when there is none of that name, or no store. */
int state_store_load(const char *name, struct snapshot *to, struct err *err);
/* The exit status for what went wrong with it. */
int state_store_failed(int r);
