/* SPDX-License-Identifier: GPL-2.0-or-later */
/* systemd as a source: what the collectors of other init systems need to know of it. */
#pragma once

#include <stdbool.h>

#include "collect/unit_name.h"
#include "model/inside.h"

/* Is systemd the init of the system below root_fd? sd_booted(3) goes by the same directory. */
bool systemd_runs(int root_fd);

/*
 * The unit that a control group (of /proc/PID/cgroup; NULL: none) lies in, going by the view's PID 1 and services of
 * systemd. False for none, where systemd is not what the view tells of, and for the scope of a container, which says
 * less than the container.
 */
bool systemd_unit_of_group(const struct inside *view, const char *path, char ret[UNIT_NAME_SIZE]);
