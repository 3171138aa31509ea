/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "scan/reply.h"

#include <netinet/in.h>

#include "base/mem.h"
#include "scan/source_ports.h"

#define ANY_CODE 0xff

/* RFC 792, RFC 1122 3.2.2.1, RFC 1812 5.2.7.1, RFC 4443; the first row that fits counts. */
static const struct meaning {
        uint8_t family, type, code;
        enum heard_kind kind;
        enum endpoint_reason reason;
} meanings[] = {
        {4, 3, 2, HEARD_PROHIBITED, REASON_PORT_UNREACHABLE}, /* protocol unreachable */
        {4, 3, 3, HEARD_PROHIBITED, REASON_PORT_UNREACHABLE},
        {4, 3, 9, HEARD_PROHIBITED, REASON_PROHIBITED},
        {4, 3, 10, HEARD_PROHIBITED, REASON_PROHIBITED},
        {4, 3, 13, HEARD_PROHIBITED, REASON_PROHIBITED},
        {4, 3, 14, HEARD_PROHIBITED, REASON_PROHIBITED}, /* precedence: set by routers' rules, too */
        {4, 3, 15, HEARD_PROHIBITED, REASON_PROHIBITED},
        {4, 3, ANY_CODE, HEARD_UNREACHABLE, REASON_HOST_UNREACHABLE},
        {4, 11, 0, HEARD_UNREACHABLE, REASON_HOST_UNREACHABLE}, /* hops used up: a routing loop */
        {6, 1, 1, HEARD_PROHIBITED, REASON_PROHIBITED},
        {6, 1, 4, HEARD_PROHIBITED, REASON_PORT_UNREACHABLE},
        {6, 1, 5, HEARD_PROHIBITED, REASON_PROHIBITED},
        {6, 1, 6, HEARD_PROHIBITED, REASON_PROHIBITED},
        {6, 1, ANY_CODE, HEARD_UNREACHABLE, REASON_HOST_UNREACHABLE},
        {6, 3, 0, HEARD_UNREACHABLE, REASON_HOST_UNREACHABLE},
};

#define FRAGMENTATION_NEEDED 4 /* of type 3 in IPv4: our probes are smaller than any link's limit */

bool reply_icmp_meaning(const struct packet *packet, enum heard_kind *ret_kind,
                        enum endpoint_reason *ret_reason)
{
        if (packet->from.family == 4 && packet->icmp_type == 3 && packet->icmp_code == FRAGMENTATION_NEEDED)
                return false;
        for (size_t i = 0; i < array_len(meanings); i++) {
                const struct meaning *m = &meanings[i];

                if (m->family != packet->from.family || m->type != packet->icmp_type ||
                    (m->code != ANY_CODE && m->code != packet->icmp_code))
                        continue;
                *ret_kind = m->kind;
                *ret_reason = m->reason;
                return true;
        }
        return false;
}

/* One end of a connection as a probe had it. */
struct probe_ends {
        const struct address *peer;
        uint16_t peer_port, own_port;
};

static bool is_ours(const struct reply_expect *expect, uint16_t port)
{
        return (uint16_t)(port - expect->base_port) < SOURCE_PORTS;
}

/* The word whose cookie that is; -1 = none. */
static int find_word(const struct reply_expect *expect, const struct probe_ends *ends, uint32_t cookie)
{
        for (int word = (int)expect->first; word <= (int)expect->last; word++)
                if (cookie_make(expect->key, ends->peer, ends->peer_port, ends->own_port, (uint32_t)word) == cookie)
                        return word;
        return -1;
}

static void fill(struct heard *ret, const struct reply_expect *expect, const struct packet *packet,
                 const struct probe_ends *ends, int word)
{
        *ret = (struct heard){
                .from = *ends->peer,
                .transport = TRANSPORT_TCP,
                .port = ends->peer_port,
                .attempt = (uint8_t)(ends->own_port - expect->base_port),
                .canary = word == REPLY_CANARY,
                .ttl = packet->ttl,
        };
}

static enum reply_trust from_tcp(const struct reply_expect *expect, const struct packet *packet, struct heard *ret,
                                 uint32_t *ret_cookie)
{
        struct probe_ends ends = {&packet->from, packet->from_port, packet->to_port};
        uint8_t flags = packet->tcp_flags & (PACKET_TCP_SYN | PACKET_TCP_RST | PACKET_TCP_ACK);
        uint32_t cookie = packet->ack - 1;
        int word;

        if (!is_ours(expect, packet->to_port) || flags == PACKET_TCP_SYN)
                return REPLY_STRAY;
        if (flags != (PACKET_TCP_SYN | PACKET_TCP_ACK) && flags != (PACKET_TCP_RST | PACKET_TCP_ACK))
                return REPLY_FORGED;
        word = find_word(expect, &ends, cookie);
        if (word < 0)
                return REPLY_FORGED;
        fill(ret, expect, packet, &ends, word);
        ret->kind = flags & PACKET_TCP_SYN ? HEARD_OPEN : HEARD_CLOSED;
        ret->reason = flags & PACKET_TCP_SYN ? REASON_SYN_ACK : REASON_RST;
        *ret_cookie = cookie;
        return REPLY_TRUE;
}

static enum reply_trust from_icmp(const struct reply_expect *expect, const struct packet *packet,
                                  struct heard *ret, uint32_t *ret_cookie)
{
        const struct packet_quote *quote = &packet->quote;
        struct probe_ends ends = {&quote->to, quote->to_port, quote->from_port};
        enum heard_kind kind;
        enum endpoint_reason reason;
        int word;

        if (quote->protocol != IPPROTO_TCP || !is_ours(expect, quote->from_port) ||
            !reply_icmp_meaning(packet, &kind, &reason))
                return REPLY_STRAY;
        /* An error goes to who sent what it quotes. */
        if (address_compare(&quote->from, &packet->to) != 0)
                return REPLY_FORGED;
        word = find_word(expect, &ends, quote->seq);
        if (word < 0)
                return REPLY_FORGED;
        fill(ret, expect, packet, &ends, word);
        ret->kind = kind;
        ret->reason = reason;
        *ret_cookie = quote->seq;
        return REPLY_TRUE;
}

enum reply_trust reply_to_syn(const struct reply_expect *expect, const struct packet *packet, struct heard *ret,
                              uint32_t *ret_cookie)
{
        if (packet->kind == PACKET_TCP)
                return from_tcp(expect, packet, ret, ret_cookie);
        if (packet->kind == PACKET_ICMP_ERROR)
                return from_icmp(expect, packet, ret, ret_cookie);
        return REPLY_STRAY;
}
