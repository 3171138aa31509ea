/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `watch --install`: a systemd unit under which watch runs as a user of its own with three capabilities. It is started
 * only when that was asked for.
 */
#pragma once

#include "base/err.h"
#include "base/str.h"

#define WATCH_UNIT_NAME "quaymaster-watch.service"

/* The unit's text; `program` is the absolute path of what it runs. -EINVAL: systemd could not take that path. */
int watch_unit_text(struct str *to, const char *program, struct err *err);

/*
 * Write or remove the unit below /etc/systemd/system, and say so, with the commands that are left to do; `now` runs
 * them. Exit status, or negative errno: -EPERM not root, -EEXIST a file that is not ours is in its place.
 */
int watch_install(bool now, struct err *err);
int watch_uninstall(bool now, struct err *err);
