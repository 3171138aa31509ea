/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/container_name.h"

#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>

#include "base/fd.h"
#include "base/str.h"

#define MAX_DOCKER    (1024u * 1024)
#define MAX_PODMAN    (8u * 1024 * 1024)
#define DOCKER_CONFIG "/var/lib/docker/containers/%s/config.v2.json"
#define PODMAN_LIST   "/var/lib/containers/storage/overlay-containers/containers.json"

static void json_drop(json_t **json)
{
        json_decref(*json);
}

const char *container_name_docker(const char *text, size_t len, struct pool *pool)
{
        _cleanup_(json_drop) json_t *root = json_loadb(text, len, 0, NULL);
        const char *name = json_string_value(json_object_get(root, "Name"));

        if (!name)
                return NULL;
        name += *name == '/'; /* docker keeps "/web" */
        return *name ? pool_intern(pool, name) : NULL;
}

void container_names_podman(const char *text, size_t len, struct pool *pool, struct map *names)
{
        _cleanup_(json_drop) json_t *root = json_loadb(text, len, 0, NULL);
        json_t *item;
        size_t i;

        json_array_foreach (root, i, item) {
                const char *id = json_string_value(json_object_get(item, "id"));
                const char *name = json_string_value(json_array_get(json_object_get(item, "names"), 0));

                if (id && name && *name)
                        map_put_str(names, pool_intern(pool, id), (uintptr_t)pool_intern(pool, name));
        }
}

static int read_below(int root_fd, const char *path, size_t max, struct str *to)
{
        _cleanup_close_ int fd = fd_open_regular(root_fd, path);

        return fd < 0 ? fd : fd_read_all(fd, max, to);
}

const char *container_name(int root_fd, const char *id, struct pool *pool)
{
        _cleanup_str_ struct str text = {0};
        char path[256];

        /* id becomes part of a path: digits of a full id only. */
        if (strlen(id) != 64 || strspn(id, "0123456789abcdef") != 64)
                return NULL;
        (void)snprintf(path, sizeof(path), DOCKER_CONFIG, id);
        if (read_below(root_fd, path, MAX_DOCKER, &text) < 0)
                return NULL;
        return container_name_docker(str_text(&text), text.len, pool);
}

void container_names_read(int root_fd, struct pool *pool, struct map *names)
{
        _cleanup_str_ struct str text = {0};

        if (read_below(root_fd, PODMAN_LIST, MAX_PODMAN, &text) == 0)
                container_names_podman(str_text(&text), text.len, pool, names);
}
