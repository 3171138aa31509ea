/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/listen_text.h"
#include "collect/unit_text.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_(pool_freep) struct pool *pool = pool_new();
        struct unit_text unit = {0};

        (void)unit_text_parse(&unit, pool, (const char *)data, size);
        for (size_t i = 0; i < unit.listens.n; i++) {
                struct address address;
                uint16_t port;

                (void)listen_text_parse(unit.listens.at[i].text, &address, &port);
        }
        unit_text_release(&unit);
        return 0;
}
