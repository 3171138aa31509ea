/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "scan/packet.h"

#include <netinet/in.h>
#include <string.h>

#include "base/wire.h"

#define IP4_SIZE      20u
#define IP6_SIZE      40u
#define TCP_SIZE      20u
#define UDP_SIZE      8u
#define ICMP_SIZE     8u
#define ARP_SIZE      28u
#define SYN_OPTIONS   20u
#define HOP_LIMIT     64 /* what Linux sends with */
#define WINDOW        64240 /* 44 segments of 1460 bytes, as Linux has it */
#define WINDOW_SCALE  7
#define EXTENSIONS_MAX 8 /* IPv6 extension headers walked at most */

enum {
        ICMP4_ECHO_REPLY = 0,
        ICMP4_UNREACHABLE = 3,
        ICMP4_ECHO = 8,
        ICMP4_TIME_EXCEEDED = 11,
        ICMP4_TIMESTAMP = 13,
        ICMP4_TIMESTAMP_REPLY = 14,
        ICMP6_UNREACHABLE = 1,
        ICMP6_TIME_EXCEEDED = 3,
        ICMP6_ECHO = 128,
        ICMP6_ECHO_REPLY = 129,
        ICMP6_SOLICITATION = 135,
        ICMP6_ADVERTISEMENT = 136,
};

static inline void put_be16(uint8_t *to, uint16_t value)
{
        to[0] = (uint8_t)(value >> 8);
        to[1] = (uint8_t)value;
}

static inline void put_be32(uint8_t *to, uint32_t value)
{
        put_be16(to, (uint16_t)(value >> 16));
        put_be16(to + 2, (uint16_t)value);
}

/*
 * The Internet checksum (RFC 1071) does not depend on byte order as long as words are read and the result is
 * written alike, so whole words are added as they lie.
 */
static inline uint64_t sum_add(uint64_t sum, const uint8_t *bytes, size_t len)
{
        uint32_t word = 0;

        for (; len >= 4; bytes += 4, len -= 4) {
                memcpy(&word, bytes, 4);
                sum += word;
        }
        if (len) {
                word = 0;
                memcpy(&word, bytes, len);
                sum += word;
        }
        return sum;
}

static inline uint16_t sum_fold(uint64_t sum)
{
        sum = (sum & 0xffffffff) + (sum >> 32);
        sum = (sum & 0xffff) + (sum >> 16 & 0xffff) + (sum >> 32);
        sum = (sum & 0xffff) + (sum >> 16);
        sum = (sum & 0xffff) + (sum >> 16);
        return (uint16_t)~sum;
}

static inline void put_checksum(uint8_t *to, uint64_t sum)
{
        uint16_t value = sum_fold(sum);

        memcpy(to, &value, sizeof(value));
}

/* Of the pseudo header (RFC 793, 3.1; RFC 8200, 8.1): both give the same sum as long as `len` fits 16 bits. */
static inline uint64_t sum_pseudo(const struct packet_ends *ends, uint8_t protocol, size_t len)
{
        size_t size = ends->from->family == 4 ? 4 : 16;
        uint8_t rest[4] = {0, protocol, (uint8_t)(len >> 8), (uint8_t)len};

        return sum_add(sum_add(sum_add(0, ends->from->bytes, size), ends->to->bytes, size), rest, sizeof(rest));
}

/*
 * The header before `len` bytes of that protocol; `spice` gives the identification or flow label. Its size.
 */
static size_t put_ip(uint8_t *p, const struct packet_ends *ends, uint8_t protocol, size_t len, uint8_t hops,
                     uint32_t spice)
{
        if (ends->to->family == 6) {
                put_be32(p, 6u << 28 | (spice & 0xfffff));
                put_be16(p + 4, (uint16_t)len);
                p[6] = protocol;
                p[7] = hops;
                memcpy(p + 8, ends->from->bytes, 16);
                memcpy(p + 24, ends->to->bytes, 16);
                return IP6_SIZE;
        }
        p[0] = 4 << 4 | IP4_SIZE / 4;
        p[1] = 0;
        put_be16(p + 2, (uint16_t)(IP4_SIZE + len));
        put_be16(p + 4, (uint16_t)(spice >> 16 ^ spice));
        put_be16(p + 6, 0x4000); /* do not fragment */
        p[8] = hops;
        p[9] = protocol;
        put_be16(p + 10, 0);
        memcpy(p + 12, ends->from->bytes, 4);
        memcpy(p + 16, ends->to->bytes, 4);
        put_checksum(p + 10, sum_add(0, p, IP4_SIZE));
        return IP4_SIZE;
}

static size_t put_tcp(uint8_t *p, const struct packet_ends *ends, uint32_t seq, uint32_t ack, uint8_t flags,
                      size_t size)
{
        put_be16(p, ends->from_port);
        put_be16(p + 2, ends->to_port);
        put_be32(p + 4, seq);
        put_be32(p + 8, ack);
        p[12] = (uint8_t)(size / 4 << 4);
        p[13] = flags;
        put_be16(p + 14, WINDOW);
        put_be32(p + 16, 0); /* checksum, urgent pointer */
        put_checksum(p + 16, sum_add(sum_pseudo(ends, IPPROTO_TCP, size), p, size));
        return size;
}

size_t packet_build_syn(uint8_t *to, const struct packet_ends *ends, uint32_t seq, uint16_t mss,
                        uint32_t timestamp)
{
        size_t ip = put_ip(to, ends, IPPROTO_TCP, TCP_SIZE + SYN_OPTIONS, HOP_LIMIT, seq);
        uint8_t *option = to + ip + TCP_SIZE;

        put_be32(option, 0x02040000u | mss);
        put_be32(option + 4, 0x0402080a); /* SACK permitted, then the timestamp's kind and length */
        put_be32(option + 8, timestamp);
        put_be32(option + 12, 0);
        put_be32(option + 16, 0x01030300 | WINDOW_SCALE);
        return ip + put_tcp(to + ip, ends, seq, 0, PACKET_TCP_SYN, TCP_SIZE + SYN_OPTIONS);
}

size_t packet_build_ack(uint8_t *to, const struct packet_ends *ends, uint32_t seq, uint32_t ack)
{
        size_t ip = put_ip(to, ends, IPPROTO_TCP, TCP_SIZE, HOP_LIMIT, seq);

        return ip + put_tcp(to + ip, ends, seq, ack, PACKET_TCP_ACK, TCP_SIZE);
}

static size_t put_udp(uint8_t *p, const struct packet_ends *ends, const void *payload, size_t len)
{
        size_t size = UDP_SIZE + len;

        put_be16(p, ends->from_port);
        put_be16(p + 2, ends->to_port);
        put_be16(p + 4, (uint16_t)size);
        put_be16(p + 6, 0);
        if (len)
                memcpy(p + UDP_SIZE, payload, len);
        put_checksum(p + 6, sum_add(sum_pseudo(ends, IPPROTO_UDP, size), p, size));
        if (!p[6] && !p[7])
                put_be16(p + 6, 0xffff); /* 0 would mean "none" (RFC 768) */
        return size;
}

size_t packet_build_udp(uint8_t *to, const struct packet_ends *ends, const void *payload, size_t len)
{
        size_t ip = put_ip(to, ends, IPPROTO_UDP, UDP_SIZE + len, HOP_LIMIT, ends->to_port);

        return ip + put_udp(to + ip, ends, payload, len);
}

uint16_t packet_udp_checksum(const struct packet_ends *ends, const void *payload, size_t len)
{
        uint8_t datagram[UDP_SIZE + PACKET_UDP_MAX];

        put_udp(datagram, ends, payload, len);
        return (uint16_t)(datagram[6] << 8 | datagram[7]);
}

/* `size` bytes from p on, filled in but for type and checksum. */
static size_t put_icmp(uint8_t *p, const struct packet_ends *ends, uint8_t type, size_t size)
{
        p[0] = type;
        p[1] = 0;
        put_be16(p + 2, 0);
        put_checksum(p + 2, sum_add(ends->to->family == 6 ? sum_pseudo(ends, IPPROTO_ICMPV6, size) : 0, p, size));
        return size;
}

size_t packet_build_echo(uint8_t *to, const struct packet_ends *ends, uint16_t id, uint16_t seq)
{
        bool six = ends->to->family == 6;
        size_t ip = put_ip(to, ends, six ? IPPROTO_ICMPV6 : IPPROTO_ICMP, ICMP_SIZE, HOP_LIMIT,
                           (uint32_t)id << 16 | seq);

        put_be16(to + ip + 4, id);
        put_be16(to + ip + 6, seq);
        return ip + put_icmp(to + ip, ends, six ? ICMP6_ECHO : ICMP4_ECHO, ICMP_SIZE);
}

size_t packet_build_timestamp(uint8_t *to, const struct packet_ends *ends, uint16_t id, uint16_t seq)
{
        size_t size = ICMP_SIZE + 12, ip = put_ip(to, ends, IPPROTO_ICMP, size, HOP_LIMIT, (uint32_t)id << 16 | seq);

        put_be16(to + ip + 4, id);
        put_be16(to + ip + 6, seq);
        memset(to + ip + ICMP_SIZE, 0, 12); /* originate, receive and transmit time */
        return ip + put_icmp(to + ip, ends, ICMP4_TIMESTAMP, size);
}

size_t packet_build_arp(uint8_t *to, const struct packet_ends *ends, const uint8_t own_mac[6])
{
        static const uint8_t head[8] = {0, 1, 8, 0, 6, 4, 0, 1}; /* Ethernet, IPv4, request */

        memcpy(to, head, sizeof(head));
        memcpy(to + 8, own_mac, 6);
        memcpy(to + 14, ends->from->bytes, 4);
        memset(to + 18, 0, 6);
        memcpy(to + 24, ends->to->bytes, 4);
        return ARP_SIZE;
}

void packet_solicited_mac(const struct address *asked, uint8_t ret_mac[6])
{
        static const uint8_t prefix[3] = {0x33, 0x33, 0xff}; /* RFC 2464, 7 */

        memcpy(ret_mac, prefix, 3);
        memcpy(ret_mac + 3, asked->bytes + 13, 3);
}

size_t packet_build_solicitation(uint8_t *to, const struct packet_ends *ends, const uint8_t own_mac[6])
{
        static const uint8_t prefix[13] = {0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff}; /* RFC 4291, 2.7.1 */
        size_t size = ICMP_SIZE + 16 + 8;
        struct address group = address_v6(ends->to->bytes);
        struct packet_ends sent = {.from = ends->from, .to = &group};
        size_t ip;
        uint8_t *p;

        memcpy(group.bytes, prefix, sizeof(prefix));
        ip = put_ip(to, &sent, IPPROTO_ICMPV6, size, 255, 0);
        p = to + ip;
        put_be32(p + 4, 0);
        memcpy(p + 8, ends->to->bytes, 16);
        p[24] = 1; /* source link-layer address, in units of 8 bytes: */
        p[25] = 1;
        memcpy(p + 26, own_mac, 6);
        return ip + put_icmp(p, &sent, ICMP6_SOLICITATION, size);
}

size_t packet_build_ethernet(uint8_t *to, const uint8_t destination[6], const uint8_t source[6],
                             uint16_t ethertype)
{
        memcpy(to, destination, 6);
        memcpy(to + 6, source, 6);
        put_be16(to + 12, ethertype);
        return PACKET_LINK_MAX;
}

/* A network layer header, received or quoted. */
struct head {
        struct address from, to;
        uint8_t protocol, hops;
};

/* What is left of w after `size` bytes of payload is padding of the link. */
static void trim(struct wire *w, size_t size)
{
        if (wire_left(w) > size)
                *w = wire_sub(w, size);
}

/* Moves w behind the header. */
static bool parse_ip4(struct wire *w, struct head *ret)
{
        uint8_t first = wire_u8(w), bytes[4];
        size_t size = (first & 0xfu) * 4u, total;

        wire_skip(w, 1);
        total = wire_be16(w);
        wire_skip(w, 2);
        if (first >> 4 != 4 || size < IP4_SIZE || total < size || wire_be16(w) & 0x3fff)
                return false; /* the last: more fragments, or not the first */
        ret->hops = wire_u8(w);
        ret->protocol = wire_u8(w);
        wire_skip(w, 2);
        wire_bytes(w, bytes, 4);
        ret->from = address_v4(bytes);
        wire_bytes(w, bytes, 4);
        ret->to = address_v4(bytes);
        wire_skip(w, size - IP4_SIZE);
        trim(w, total - size);
        return !w->bad;
}

/* Moves w behind extension headers that may stand in any packet (RFC 8200, 4). */
static bool parse_extensions(struct wire *w, uint8_t *protocol)
{
        for (unsigned n = 0; n < EXTENSIONS_MAX; n++) {
                uint8_t kind = *protocol;
                uint8_t next, size;

                if (kind != IPPROTO_HOPOPTS && kind != IPPROTO_ROUTING && kind != IPPROTO_DSTOPTS &&
                    kind != IPPROTO_FRAGMENT)
                        return true;
                next = wire_u8(w);
                size = wire_u8(w);
                if (kind == IPPROTO_FRAGMENT) {
                        if (wire_be16(w) & 0xfff9)
                                return false;
                        wire_skip(w, 4);
                } else {
                        wire_skip(w, size * 8u + 6u);
                }
                if (w->bad)
                        return false;
                *protocol = next;
        }
        return false;
}

static bool parse_ip6(struct wire *w, struct head *ret)
{
        uint8_t first = wire_u8(w), bytes[16];
        size_t size;

        wire_skip(w, 3);
        size = wire_be16(w);
        ret->protocol = wire_u8(w);
        ret->hops = wire_u8(w);
        wire_bytes(w, bytes, 16);
        ret->from = address_v6(bytes);
        wire_bytes(w, bytes, 16);
        ret->to = address_v6(bytes);
        if (w->bad || first >> 4 != 6)
                return false;
        trim(w, size);
        return parse_extensions(w, &ret->protocol);
}

static void parse_tcp_options(struct wire w, struct packet *ret)
{
        while (wire_left(&w)) {
                uint8_t kind = wire_u8(&w), size;
                struct wire value;

                if (kind == 0)
                        return;
                if (kind == 1)
                        continue;
                size = wire_u8(&w);
                if (w.bad || size < 2)
                        return;
                value = wire_sub(&w, size - 2u);
                if (kind != 8 || size != 10 || value.bad)
                        continue;
                wire_skip(&value, 4);
                ret->timestamp_echo = wire_be32(&value);
                ret->has_timestamp = true;
        }
}

static bool parse_tcp(struct wire *w, struct packet *ret)
{
        uint8_t size;
        struct wire options;

        ret->kind = PACKET_TCP;
        ret->from_port = wire_be16(w);
        ret->to_port = wire_be16(w);
        ret->seq = wire_be32(w);
        ret->ack = wire_be32(w);
        size = (uint8_t)((wire_u8(w) >> 4) * 4);
        ret->tcp_flags = wire_u8(w);
        wire_skip(w, 6); /* window, checksum, urgent pointer */
        if (w->bad || size < TCP_SIZE)
                return false;
        options = wire_sub(w, size - TCP_SIZE);
        if (options.bad)
                return false;
        parse_tcp_options(options, ret);
        return true;
}

/* Routers quote 8 bytes behind the network layer at least (RFC 792; RFC 1812, 4.3.2.3 asks for more). */
static bool parse_quote(struct wire *w, bool six, struct packet_quote *ret)
{
        struct head head;

        if (six ? !parse_ip6(w, &head) : !parse_ip4(w, &head))
                return false;
        ret->from = head.from;
        ret->to = head.to;
        ret->protocol = head.protocol;
        ret->from_port = wire_be16(w);
        ret->to_port = wire_be16(w);
        if (head.protocol == IPPROTO_TCP) {
                ret->seq = wire_be32(w);
        } else if (head.protocol == IPPROTO_UDP) {
                wire_skip(w, 2);
                ret->checksum = wire_be16(w);
                ret->has_payload = wire_left(w) >= 4;
                ret->payload = ret->has_payload ? wire_be32(w) : 0;
        } else if (head.protocol == (six ? IPPROTO_ICMPV6 : IPPROTO_ICMP)) {
                ret->from_port = ret->to_port = 0; /* type, code and checksum it was */
                ret->echo_id = wire_be16(w);
                ret->echo_seq = wire_be16(w);
        } else {
                return false;
        }
        return !w->bad;
}

static bool parse_echo(struct wire *w, struct packet *ret)
{
        ret->kind = PACKET_ECHO_REPLY;
        ret->echo_id = wire_be16(w);
        ret->echo_seq = wire_be16(w);
        return !w->bad;
}

static bool parse_error(struct wire *w, bool six, struct packet *ret)
{
        ret->kind = PACKET_ICMP_ERROR;
        wire_skip(w, 4);
        return parse_quote(w, six, &ret->quote);
}

static bool parse_icmp4(struct wire *w, struct packet *ret)
{
        ret->icmp_type = wire_u8(w);
        ret->icmp_code = wire_u8(w);
        wire_skip(w, 2);
        switch (ret->icmp_type) {
        case ICMP4_ECHO_REPLY:
        case ICMP4_TIMESTAMP_REPLY:
                return parse_echo(w, ret);
        case ICMP4_UNREACHABLE:
        case ICMP4_TIME_EXCEEDED:
                return parse_error(w, false, ret);
        }
        return false;
}

/* RFC 4861, 4.4 and 7.1.2: a hop limit of 255 proves that it comes from this link. */
static bool parse_advertisement(struct wire *w, struct packet *ret)
{
        uint8_t target[16];

        wire_skip(w, 4);
        wire_bytes(w, target, sizeof(target));
        if (w->bad || ret->ttl != 255 || ret->icmp_code)
                return false;
        ret->kind = PACKET_NEIGHBOUR;
        ret->from = address_v6(target);
        while (wire_left(w)) {
                uint8_t kind = wire_u8(w), size = wire_u8(w);
                struct wire value;

                if (w->bad || !size)
                        return false;
                value = wire_sub(w, size * 8u - 2u);
                if (value.bad)
                        return false;
                if (kind != 2 || size != 1) /* target link-layer address, of Ethernet */
                        continue;
                wire_bytes(&value, ret->mac, 6);
                ret->has_mac = true;
        }
        return true;
}

static bool parse_icmp6(struct wire *w, struct packet *ret)
{
        ret->icmp_type = wire_u8(w);
        ret->icmp_code = wire_u8(w);
        wire_skip(w, 2);
        switch (ret->icmp_type) {
        case ICMP6_ECHO_REPLY:
                return parse_echo(w, ret);
        case ICMP6_UNREACHABLE:
        case ICMP6_TIME_EXCEEDED:
                return parse_error(w, true, ret);
        case ICMP6_ADVERTISEMENT:
                return parse_advertisement(w, ret);
        }
        return false;
}

static bool parse_arp(struct wire *w, struct packet *ret)
{
        uint8_t bytes[4];
        bool ethernet = wire_be16(w) == 1, ip4 = wire_be16(w) == 0x0800;
        bool sizes = wire_be16(w) == 0x0604, reply = wire_be16(w) == 2;

        ret->kind = PACKET_NEIGHBOUR;
        wire_bytes(w, ret->mac, 6);
        wire_bytes(w, bytes, 4);
        ret->from = address_v4(bytes);
        wire_skip(w, 6);
        wire_bytes(w, bytes, 4);
        ret->to = address_v4(bytes);
        ret->has_mac = true;
        return ethernet && ip4 && sizes && reply && !w->bad;
}

bool packet_parse(uint16_t ethertype, const void *data, size_t len, struct packet *ret)
{
        struct wire w = wire_over(data, len);
        bool six = ethertype == 0x86dd;
        struct head head;

        memset(ret, 0, sizeof(*ret));
        if (ethertype == PACKET_ETHERTYPE_ARP)
                return parse_arp(&w, ret);
        if (ethertype != 0x0800 && !six)
                return false;
        if (six ? !parse_ip6(&w, &head) : !parse_ip4(&w, &head))
                return false;
        ret->from = head.from;
        ret->to = head.to;
        ret->ttl = head.hops;
        switch (head.protocol) {
        case IPPROTO_TCP:
                return parse_tcp(&w, ret);
        case IPPROTO_ICMP:
                return !six && parse_icmp4(&w, ret);
        case IPPROTO_ICMPV6:
                return six && parse_icmp6(&w, ret);
        }
        return false;
}
