/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Containers of the view, each described once. */
#pragma once

#include "collect/collector.h"

/*
 * Index in view->containers of the container that this cgroup path (interned in the view's pool) lies in,
 * added and named when new; NONE when it lies in none.
 */
uint32_t container_of_cgroup(struct collection *c, const char *cgroup_path);

/* Forget what was kept for that. */
void containers_release(struct collection *c);
