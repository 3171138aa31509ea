/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Signals of systemd, over the system bus, that services may have come, gone, or start up otherwise than before
 * (org.freedesktop.systemd1(5), "Signals"). They say that it is time to look, not what has changed.
 */
#pragma once

#include <stdbool.h>

#include "base/err.h"

struct unit_signals;

/*
 * Connect and subscribe; the environment's DBUS_SYSTEM_BUS_ADDRESS comes first. 0, or negative errno: no bus answers
 * within a second, or systemd is not on it. Owned by the caller.
 */
int unit_signals_open(struct unit_signals **ret, struct err *err);
struct unit_signals *unit_signals_free(struct unit_signals *signals); /* accepts NULL, returns NULL */

int unit_signals_fd(const struct unit_signals *signals); /* becomes readable (EPOLLIN); stays theirs */

/* A unit came or went; NULL: any may have changed. */
typedef void unit_signal(const char *unit, bool gone, void *arg);
/* Take those that are there; waits for none. 0, or negative errno: the bus is gone, free and open again later. */
int unit_signals_read(struct unit_signals *signals, unit_signal *each, void *arg, struct err *err);
