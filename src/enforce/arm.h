/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rollback, armed before the first step: a process of a session of its own, a service of systemd that comes back
 * when it is killed, and a unit that undoes before the network is up what is found unconfirmed at boot.
 */
#pragma once

#include <limits.h>
#include <stdbool.h>

#include "enforce/folder.h"

/* Our own path, good to stand in a unit; or -EINVAL. */
int arm_program(char path[PATH_MAX], struct err *err);

/* The text of the unit that loads the firewall at boot; in the pool. */
const char *arm_firewall_unit(const char *program, struct pool *pool);

/*
 * All of it, for the apply of this id, whose `pending` is written already; `watch` is what the process does, with the
 * folder's lock closed. 0 or negative errno: then nothing may be changed. bus may be NULL: without systemd there is
 * the process alone.
 */
int arm(const char *id, const char *program, sd_bus *bus, int root_fd, void (*watch)(const char *id),
        struct err *err);
/* Take the unit for the boot away again. */
int disarm(int root_fd, struct err *err);
