/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/asset.h"

#include <systemd/sd-id128.h>
#include <unistd.h>

#include "base/str.h"

/* Our application id for sd_id128_get_machine_app_specific(3): random, made once, never to change. */
#define APPLICATION SD_ID128_MAKE(6f, 3c, 52, 0e, 9b, 1d, 4a, 7e, a5, 08, c1, 77, 2e, d4, 90, 3b)

void asset_identify(struct inside *view)
{
        char host[256] = "", id_text[SD_ID128_STRING_MAX];
        sd_id128_t id;

        if (gethostname(host, sizeof(host) - 1) < 0 || !host[0])
                memcpy(host, "localhost", sizeof("localhost"));
        view->hostname = pool_intern(view->pool, host);
        if (sd_id128_get_machine_app_specific(APPLICATION, &id) == 0)
                view->asset = pool_printf(view->pool, "machine:%s", sd_id128_to_string(id, id_text));
        else
                view->asset = pool_printf(view->pool, "host:%s", host);
}
