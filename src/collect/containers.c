/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/containers.h"

#include "base/str.h"
#include "collect/cgroup.h"
#include "collect/container_name.h"

/* Thousands of processes in thousands of containers: nothing is parsed twice, or compared with all others. */
struct container_index {
        struct map by_group;  /* interned path -> index; NONE */
        struct map by_key;    /* runtime and id, or name -> index */
        struct map of_podman; /* full id -> name */
        bool of_podman_read;
};

static const char *find_name(struct collection *c, const char *runtime, const char *id)
{
        struct container_index *index = c->containers;
        uint64_t name;

        if (streq(runtime, "docker"))
                return container_name(c->root_fd, id, c->view->pool);
        if (!streq(runtime, "podman"))
                return NULL;
        if (!index->of_podman_read)
                container_names_read(c->root_fd, c->view->pool, &index->of_podman);
        index->of_podman_read = true;
        if (!map_get_str(&index->of_podman, id, &name))
                return NULL;
        return (const char *)(uintptr_t)name; // NOLINT(performance-no-int-to-ptr)
}

static uint32_t look_up(struct collection *c, const char *cgroup_path)
{
        struct inside *view = c->view;
        struct container found = {0};
        char id[CGROUP_ID_SIZE];
        const char *key;
        uint64_t known;

        if (cgroup_parse_container(cgroup_path, view->pool, &found, id) < 0)
                return NONE;
        key = pool_printf(view->pool, "%s %s %s", found.runtime, found.id ? "id" : "name",
                          found.id ? found.id : found.name);
        if (map_get_str(&c->containers->by_key, key, &known))
                return (uint32_t)known;
        if (!found.name && id[0])
                found.name = find_name(c, found.runtime, id);
        map_put_str(&c->containers->by_key, key, view->containers.n);
        *vec_push(&view->containers) = found;
        return (uint32_t)(view->containers.n - 1);
}

uint32_t container_of_cgroup(struct collection *c, const char *cgroup_path)
{
        uint64_t index;

        if (!c->containers)
                c->containers = xcalloc(1, sizeof(*c->containers));
        if (!map_get(&c->containers->by_group, (uintptr_t)cgroup_path, &index)) {
                index = look_up(c, cgroup_path);
                map_put(&c->containers->by_group, (uintptr_t)cgroup_path, index);
        }
        return (uint32_t)index;
}

void containers_release(struct collection *c)
{
        if (!c->containers)
                return;
        map_release(&c->containers->by_group);
        map_release(&c->containers->by_key);
        map_release(&c->containers->of_podman);
        free(c->containers);
        c->containers = NULL;
}
