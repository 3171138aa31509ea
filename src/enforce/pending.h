/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The file `pending`: there is an apply that is not confirmed, or an undo that is not over. Whoever finds it and is
 * to act on it (the watchdog, systemd's unit, the next boot) needs nothing else.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "enforce/boot_clock.h"

#define APPLY_ID_SIZE 32 /* "20261122-083000-1f2e3d", terminated */

enum pending_state {
        PENDING_NONE,
        PENDING_RUNNING, /* steps are done by a process that holds the lock */
        PENDING_WAITING, /* for a confirmation, until the deadline */
        PENDING_UNDOING, /* likewise by a process with the lock */
        PENDING_STATE_MAX,
};

struct pending {
        enum pending_state state;
        char id[APPLY_ID_SIZE];
        uint64_t deadline_ns; /* on the boot clock */
        char boot_id[BOOT_ID_SIZE];
};

const char *pending_state_name(enum pending_state state);
bool apply_id_good(const char *id);

void pending_write(const struct pending *pending, struct str *to);
/* Pure. -EBADMSG: it is damaged. */
int pending_parse(const char *text, size_t len, struct pending *ret, struct err *err);

/* What whoever watches has to do now. */
enum pending_advice { PENDING_WAIT, PENDING_UNDO_WITH_LOCK };
/*
 * Pure: a wall clock is not asked. Another boot id, a deadline that is over, and a process that died at its work
 * (whoever gets the lock finds that out) mean undo.
 */
enum pending_advice pending_advise(const struct pending *pending, uint64_t now_ns, const char *boot);
