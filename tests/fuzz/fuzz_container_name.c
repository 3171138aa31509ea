/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/container_name.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_(pool_freep) struct pool *pool = pool_new();
        struct map names = {0};

        (void)container_name_docker((const char *)data, size, pool);
        container_names_podman((const char *)data, size, pool, &names);
        map_release(&names);
        return 0;
}
