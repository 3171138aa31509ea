/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Drift that a change window expected. */
#pragma once

#include "drift/drift.h"
#include "store/store.h"

struct planned {
        struct store_changes changes;
        vec(const char *) missed; /* "CHG-1: opened 8443/tcp on web1"; ended with NULL when there is one */
        size_t n;                 /* events that were expected */
};

void planned_release(struct planned *p);
/*
 * Give each event the ticket of a window that was open between the two looks and expects it, and note in the
 * store that it happened. Windows that ended between them with something that did not happen are told in
 * `missed`. No store: nothing is planned. 0 or negative errno.
 */
int planned_file(struct planned *p, struct drift *d, const struct snapshot *before,
                 const struct snapshot *after, struct err *err);
