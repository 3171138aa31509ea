/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/containers.h"

#include "base/str.h"
#include "collect/cgroup.h"
#include "collect/container_name.h"

uint32_t container_of_cgroup(struct collection *c, const char *cgroup_path)
{
        struct inside *view = c->view;
        struct container found = {0};
        char id[CGROUP_ID_SIZE];

        if (cgroup_parse_container(cgroup_path, view->pool, &found, id) < 0)
                return NONE;
        vec_foreach(known, &view->containers)
                if (streq(known->runtime, found.runtime) && streq_ptr(known->id, found.id) &&
                    (known->id || streq_ptr(known->name, found.name)))
                        return (uint32_t)(known - view->containers.at);
        if (!found.name && id[0])
                found.name = container_name(c->root_fd, found.runtime, id, view->pool);
        *vec_push(&view->containers) = found;
        return (uint32_t)(view->containers.n - 1);
}
