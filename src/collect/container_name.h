/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The names users gave to containers, from the files docker and podman keep. */
#pragma once

#include <stddef.h>

#include "base/map.h"
#include "base/pool.h"

/*
 * The name of docker's container of that full id, read below root_fd and put into the pool; NULL when it
 * can't be told: no permission, a file over 1 MiB.
 */
const char *container_name(int root_fd, const char *id, struct pool *pool);

/*
 * Those of podman's containers stand in one file: all go into names, full id -> (uintptr_t) name, both in the
 * pool. None when they can't be told: no permission, rootless stores, a file over 8 MiB.
 */
void container_names_read(int root_fd, struct pool *pool, struct map *names);

/* The two formats, for tests: config.v2.json of docker, containers.json of podman. */
const char *container_name_docker(const char *text, size_t len, struct pool *pool);
void container_names_podman(const char *text, size_t len, struct pool *pool, struct map *names);
