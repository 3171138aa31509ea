/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>

#include "fuzz.h"
#include "nft/packet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct packet_head head;

        if (packet_head_parse(data, size, &head)) {
                if (head.source.family != head.destination.family || !head.source.family)
                        abort();
        } else if (head.has_ports)
                abort();
        return 0;
}
