/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>

#include "collect/bpf_sockets.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct held held = {0};
        struct wire w = wire_over(data, size);

        while (bpf_record_parse(&w, &held))
                if (w.bad)
                        abort();
        vec_foreach(h, &held.sockets)
                if ((h->socket.address.family != 4 && h->socket.address.family != 6) ||
                    h->socket.transport >= TRANSPORT_MAX)
                        abort();
        held_release(&held);
        return 0;
}
