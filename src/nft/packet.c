/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nft/packet.h"

#include <netinet/in.h>

#include "base/mem.h"
#include "base/wire.h"

#define EXTENSIONS_MAX  8
#define FRAGMENT_OFFSET 0x1fffu /* of the IPv4 field */
#define DCCP            33

static bool carries_ports(uint8_t protocol)
{
        static const uint8_t known[] = {IPPROTO_TCP, IPPROTO_UDP, IPPROTO_UDPLITE, IPPROTO_SCTP, DCCP};

        for (size_t i = 0; i < array_len(known); i++)
                if (known[i] == protocol)
                        return true;
        return false;
}

/* All that carry ports begin with them (RFC 9293, 768, 3828, 9260, 4340). */
static void read_ports(struct wire w, struct packet_head *head)
{
        uint16_t source = wire_be16(&w), port = wire_be16(&w);

        if (w.bad || !carries_ports(head->protocol))
                return;
        head->has_ports = true;
        head->source_port = source;
        head->port = port;
}

static bool parse_v4(struct wire w, struct packet_head *head)
{
        uint8_t first = wire_u8(&w), source[4], destination[4];
        size_t header_len = (size_t)(first & 0x0f) * 4;
        uint16_t fragment;

        wire_skip(&w, 5); /* service, length, identification */
        fragment = wire_be16(&w);
        wire_skip(&w, 1);
        head->protocol = wire_u8(&w);
        wire_skip(&w, 2);
        wire_bytes(&w, source, sizeof(source));
        wire_bytes(&w, destination, sizeof(destination));
        if (w.bad || header_len < 20)
                return false;
        head->source = address_v4(source);
        head->destination = address_v4(destination);
        wire_skip(&w, header_len - 20);
        if (!w.bad && !(fragment & FRAGMENT_OFFSET))
                read_ports(w, head);
        return true;
}

/* Past the extension headers (RFC 8200, 4). False: what follows is not the beginning of a transport header. */
static bool skip_extensions(struct wire *w, uint8_t *next)
{
        for (int i = 0; i < EXTENSIONS_MAX; i++) {
                uint8_t this = *next, units;

                if (this != IPPROTO_HOPOPTS && this != IPPROTO_ROUTING && this != IPPROTO_DSTOPTS &&
                    this != IPPROTO_FRAGMENT && this != IPPROTO_AH)
                        return true;
                *next = wire_u8(w);
                units = wire_u8(w);
                if (this == IPPROTO_FRAGMENT) {
                        uint16_t offset = wire_be16(w);

                        wire_skip(w, 4);
                        if (offset >> 3)
                                return false;
                } else
                        wire_skip(w, this == IPPROTO_AH ? (size_t)units * 4 + 6 : (size_t)units * 8 + 6);
                if (w->bad)
                        return false;
        }
        return false;
}

static bool parse_v6(struct wire w, struct packet_head *head)
{
        uint8_t source[16], destination[16];

        wire_skip(&w, 6); /* version, class, flow label, length */
        head->protocol = wire_u8(&w);
        wire_skip(&w, 1);
        wire_bytes(&w, source, sizeof(source));
        wire_bytes(&w, destination, sizeof(destination));
        if (w.bad)
                return false;
        head->source = address_v6(source);
        head->destination = address_v6(destination);
        if (skip_extensions(&w, &head->protocol))
                read_ports(w, head);
        return true;
}

bool packet_head_parse(const void *data, size_t len, struct packet_head *ret)
{
        struct wire w = wire_over(data, len);
        uint8_t version = len ? *(const uint8_t *)data >> 4 : 0;

        *ret = (struct packet_head){0};
        return version == 4 ? parse_v4(w, ret) : version == 6 ? parse_v6(w, ret) : false;
}
