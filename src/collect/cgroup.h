/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the control group of a process tells: its systemd unit and its container. Pure: text in, answer out.
 * Paths are as /proc/PID/cgroup has them (cgroups(7)), from the root of the reader's cgroup namespace.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/pool.h"
#include "collect/unit_name.h"
#include "model/inside.h"

#define CGROUP_ID_SIZE 65 /* of a container's full id: 64 hexadecimal digits */

/*
 * The path that systemd uses, in the text of /proc/PID/cgroup: that of name=systemd (cgroup v1 and hybrid)
 * unless it is "/", else that of the line 0:: (v2). It is not terminated: *ret points into text. False when
 * there is neither.
 */
bool cgroup_pick_path(const char *text, size_t len, const char **ret, size_t *ret_len);

/*
 * The system unit that path lies in, by systemd's own rule: slices are skipped, the component after them
 * must be a unit. Of the processes of a user it is user@UID.service or session-N.scope, never a unit of the
 * user's own manager. 0 or -ENXIO.
 */
int cgroup_parse_unit(const char *path, char ret[UNIT_NAME_SIZE]);

/*
 * The container that path lies in; of nested ones the outermost, which is the one this host runs. The
 * helpers of a runtime (conmon, lxc.monitor, the supervisor of nspawn) are not in it. Strings go to the
 * pool; ret->name is set only where the path has it. ret_id (or NULL) gets the full id, "" when there is
 * none. 0 or -ENXIO, and then nothing is changed.
 */
int cgroup_parse_container(const char *path, struct pool *pool, struct container *ret,
                           char ret_id[CGROUP_ID_SIZE]);
