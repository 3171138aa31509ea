/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Paths of control groups by id. The kernel tells for every socket the cgroup2 it was made in, also where
 * its process may not be seen; the id is the inode of the directory
 * (Documentation/admin-guide/cgroup-v2.rst).
 */
#pragma once

#include <stdint.h>

#include "base/map.h"
#include "base/pool.h"

/*
 * Fill map: id -> (uintptr_t) path below the cgroup2 mount, interned in pool. Nothing where there is no
 * cgroup2. proc_fd is /proc.
 */
void cgroup_tree_read(int proc_fd, struct pool *pool, struct map *map);
