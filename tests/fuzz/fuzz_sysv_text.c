/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/sysv_text.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_(pool_freep) struct pool *pool = pool_new();
        struct sysv_text text;

        sysv_text_parse(&text, pool, (const char *)data, size);
        return 0;
}
