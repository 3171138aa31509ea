/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A record of sock_diag: refused, or a connection with two ends of one family. */
#include <stdlib.h>

#include "enforce/living.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct firewall_living one;

        if (living_parse(wire_over(data, size), TRANSPORT_TCP, &one) &&
            (!one.local.family || one.local.family != one.remote.family || !one.remote_port ||
             !one.local_port))
                abort();
        return 0;
}
