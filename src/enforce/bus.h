/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The service manager, over its own socket, which is there before and without a bus daemon. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/pool.h"
#include "base/vec.h"

typedef struct sd_bus sd_bus;
typedef vec(const char *) name_list;

/* How long one unit may take to stop or start; a unit that takes longer is an error. */
#define BUS_UNIT_MS 30000u

/* Connected to systemd; NULL in *ret, and 0, where it does not run. */
int bus_open(sd_bus **ret, struct err *err);
void bus_close(sd_bus **bus);
#define _cleanup_bus_ _cleanup_(bus_close)

/* False: systemd executed itself anew, or is gone; open it again. */
bool bus_is_alive(sd_bus *bus);

/* The name that systemd itself calls it by, which others (Alias=, links) stand for; of none that exists: its own. */
int bus_unit_id(sd_bus *bus, const char *unit, struct pool *pool, const char **ret, struct err *err);
/* "active", "inactive", "failed" ..., in the pool. Of a unit that does not exist: "inactive". */
int bus_active_state(sd_bus *bus, const char *unit, struct pool *pool, const char **ret, struct err *err);
/* Whether it runs or is about to; not, when it is about to end. */
int bus_runs(sd_bus *bus, const char *unit, bool *ret, struct err *err);

/*
 * Append to `to` those that run of `unit` and of what ends with it (RequiredBy, BoundBy, ConsistsOf, and theirs),
 * without those that are there already. Names are in the pool.
 */
int bus_ends_with(sd_bus *bus, const char *unit, struct pool *pool, name_list *to, struct err *err);

/* Append the files that a unit is made of: its own (none, when there is none), then its drop-ins in their order. */
int bus_unit_files(sd_bus *bus, const char *unit, struct pool *pool, name_list *to, struct err *err);

/* Ask for it, and with `wait` wait until it is so: -ETIMEDOUT after BUS_UNIT_MS, -EIO when it came to nothing. */
int bus_stop(sd_bus *bus, const char *unit, struct err *err);
int bus_start(sd_bus *bus, const char *unit, bool wait, struct err *err);
/* Only where it runs. */
int bus_restart(sd_bus *bus, const char *unit, bool wait, struct err *err);
int bus_reload(sd_bus *bus, struct err *err); /* unit files are read again */

/*
 * Run argv as a service of its own that is started again, 2 s later, when it is killed or cannot be started, as long as
 * the file `while_there` is there; gone with its end.
 */
int bus_run_service(sd_bus *bus, const char *name, const char *what, const char *const *argv,
                    const char *while_there, struct err *err);
