/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The same bytes as inetd.conf, as xinetd.conf and as /etc/services. */
#include "collect/inetd_text.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_(pool_freep) struct pool *pool = pool_new();
        struct inetd_entries entries = {0};
        struct xinetd_text xinetd = {0};
        const char *text = (const char *)data;

        inetd_text_parse(&entries, pool, text, size);
        xinetd_text_parse(&xinetd, pool, text, size);
        xinetd_text_finish(&xinetd);
        (void)services_text_port(text, size, "telnet", "tcp");
        xinetd_text_release(&xinetd);
        vec_clear(&entries);
        return 0;
}
