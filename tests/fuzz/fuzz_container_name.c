/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/container_name.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_(pool_freep) struct pool *pool = pool_new();

        (void)container_name_docker((const char *)data, size, pool);
        (void)container_name_podman((const char *)data, size, "a", pool);
        return 0;
}
