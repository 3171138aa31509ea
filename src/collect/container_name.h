/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The names users gave to containers, from the files docker and podman keep. */
#pragma once

#include <stddef.h>

#include "base/pool.h"

/*
 * The name of the container of that runtime ("docker", "podman") and full id, read below root_fd and put
 * into the pool; NULL when it can't be told: other runtimes, no permission, rootless stores, files over 1
 * MiB (docker) or 8 MiB (podman).
 */
const char *container_name(int root_fd, const char *runtime, const char *id, struct pool *pool);

/* The two formats, for tests: config.v2.json of docker, containers.json of podman. */
const char *container_name_docker(const char *text, size_t len, struct pool *pool);
const char *container_name_podman(const char *text, size_t len, const char *id, struct pool *pool);
