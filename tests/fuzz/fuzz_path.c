/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Payloads of rtnetlink messages; each is tried as every kind. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "scan/path_parse.h"

static void check_address(const struct address *a, bool may_be_none)
{
        if (a->family != 4 && a->family != 6 && !(may_be_none && !a->family))
                abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct wire w = wire_over(data, size);
        struct path_link link;
        struct path_route route;
        struct path_neighbour neighbour;
        struct path_own own;

        if (path_parse_link(w, &link) && !memchr(link.device, '\0', sizeof(link.device)))
                abort();
        if (path_parse_route(w, &route)) {
                check_address(&route.source, true);
                check_address(&route.gateway, true);
        }
        (void)path_parse_neighbour(w, &neighbour);
        if (path_parse_own(w, &own)) {
                check_address(&own.address, false);
                check_address(&own.broadcast, true);
        }
        return 0;
}
