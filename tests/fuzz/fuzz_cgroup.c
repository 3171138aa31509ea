/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/str.h"
#include "collect/cgroup.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_(pool_freep) struct pool *pool = pool_new();
        _cleanup_str_ struct str path = {0};
        char unit[UNIT_NAME_SIZE], id[CGROUP_ID_SIZE];
        struct container container;
        const char *text;
        size_t len;

        if (!cgroup_pick_path((const char *)data, size, &text, &len))
                return 0;
        str_add_n(&path, text, strnlen(text, len));
        (void)cgroup_parse_unit(path.text, unit);
        (void)cgroup_parse_container(path.text, pool, &container, id);
        return 0;
}
