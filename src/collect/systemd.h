/* SPDX-License-Identifier: GPL-2.0-or-later */
/* systemd as a source: what the collectors of other init systems need to know of it. */
#pragma once

#include <stdbool.h>

/* Is systemd the init of the system below root_fd? sd_booted(3) goes by the same directory. */
bool systemd_runs(int root_fd);
