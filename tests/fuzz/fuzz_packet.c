/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What arrives from the network: two bytes of Ethernet type, then the packet. What is understood is judged, too. */
#include <stdlib.h>

#include "fuzz.h"
#include "scan/packet.h"
#include "scan/reply.h"

static void check_address(const struct address *a, uint8_t family)
{
        if (a->family != family)
                abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static const struct cookie_key key;
        struct reply_expect expect = {&key, 61008, REPLY_PROBE, REPLY_CANARY};
        uint16_t type = (uint16_t)(size < 2 ? 0 : data[0] << 8 | data[1]);
        uint8_t family = type == 0x86dd ? 6 : 4;
        struct packet packet;
        struct heard heard = {0};
        uint32_t cookie = 0;

        if (size < 2 || !packet_parse(type, data + 2, size - 2, &packet))
                return 0;
        if (packet.kind > PACKET_NEIGHBOUR || (type != 0x0800 && type != 0x86dd && type != 0x0806))
                abort();
        check_address(&packet.from, family);
        check_address(&packet.to, family);
        if (packet.kind == PACKET_ICMP_ERROR) {
                check_address(&packet.quote.from, family);
                check_address(&packet.quote.to, family);
        }
        switch (reply_to_syn(&expect, &packet, &heard, &cookie)) {
        case REPLY_TRUE:
                if (heard.attempt >= METHOD_TRIES_MAX || heard.from.family != family)
                        abort();
                break;
        case REPLY_STRAY:
        case REPLY_FORGED:
                if (heard.when_ns || heard.from.family)
                        abort();
        }
        return 0;
}
