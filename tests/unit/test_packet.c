/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "scan/packet.h"
#include "scan/reply.h"
#include "scan/sent_times.h"

#define IP4 0x0800
#define IP6 0x86dd
#define ARP PACKET_ETHERTYPE_ARP

static const struct cookie_key key = {{1, 2}};
static struct address here4, there4, here6, there6;

static int setup(void **state)
{
        (void)state;
        return address_parse("192.0.2.1", &here4) || address_parse("198.51.100.77", &there4) ||
               address_parse("2001:db8::1", &here6) || address_parse("2001:db8:1::ab:cdef", &there6);
}

static struct packet_ends ends(bool six, uint16_t from_port, uint16_t to_port)
{
        return six ? (struct packet_ends){&here6, &there6, from_port, to_port}
                   : (struct packet_ends){&here4, &there4, from_port, to_port};
}

/* The plainest way to add: 16 bits at a time, high byte first. 0xffff over bytes whose checksum is right. */
static uint32_t add_bytes(uint32_t sum, const uint8_t *bytes, size_t len)
{
        for (size_t i = 0; i < len; i++) {
                sum += (uint32_t)bytes[i] << (i % 2 ? 0 : 8);
                sum = (sum & 0xffff) + (sum >> 16);
        }
        return sum;
}

static void assert_transport_checksum(const uint8_t *packet, size_t len)
{
        bool six = packet[0] >> 4 == 6;
        size_t head = six ? 40 : 20;
        uint8_t protocol = six ? packet[6] : packet[9];
        uint32_t sum = 0;

        if (protocol != IPPROTO_ICMP) {
                sum = six ? add_bytes(0, packet + 8, 32) : add_bytes(0, packet + 12, 8);
                sum += protocol + (uint32_t)(len - head);
        }
        assert_int_equal(add_bytes(sum, packet + head, len - head), 0xffff);
}

static void assert_checksums(const uint8_t *packet, size_t len)
{
        if (packet[0] >> 4 == 4) {
                assert_int_equal(add_bytes(0, packet, 20), 0xffff);
                assert_int_equal(packet[2] << 8 | packet[3], len);
        } else {
                assert_int_equal(packet[4] << 8 | packet[5], len - 40);
        }
        assert_transport_checksum(packet, len);
}

static void test_syn(void **state)
{
        static const uint8_t options[] = {2, 4, 5, 0xb4, 4, 2, 8, 10, 1, 2, 3, 4, 0, 0, 0, 0, 1, 3, 3, 7};

        (void)state;
        for (int six = 0; six < 2; six++) {
                struct packet_ends e = ends(six, 61002, 443);
                uint8_t bytes[PACKET_MAX];
                size_t head = six ? 40 : 20, len = packet_build_syn(bytes, &e, 0xdeadbeef, 1460, 0x01020304);
                struct packet p;

                assert_int_equal(len, head + 40);
                assert_checksums(bytes, len);
                assert_memory_equal(bytes + head + 20, options, sizeof(options));
                assert_true(packet_parse(six ? IP6 : IP4, bytes, len, &p));
                assert_int_equal(p.kind, PACKET_TCP);
                assert_int_equal(address_compare(&p.from, e.from), 0);
                assert_int_equal(address_compare(&p.to, e.to), 0);
                assert_int_equal(p.from_port, 61002);
                assert_int_equal(p.to_port, 443);
                assert_int_equal(p.seq, 0xdeadbeef);
                assert_int_equal(p.tcp_flags, PACKET_TCP_SYN);
                assert_int_equal(p.ttl, 64);
                assert_true(p.has_timestamp);
        }
}

/* Sums that carry more than once, and all values of one field. */
static void test_checksums_of_many(void **state)
{
        (void)state;
        for (uint32_t i = 0; i < 20000; i++) {
                struct packet_ends e = ends(i & 1, (uint16_t)(i * 7919), (uint16_t)~i);
                uint8_t bytes[PACKET_MAX];
                uint32_t seq = i * 2654435761u;
                size_t len = i & 2 ? packet_build_syn(bytes, &e, seq, (uint16_t)i, ~seq)
                                   : packet_build_ack(bytes, &e, ~seq, seq);

                assert_checksums(bytes, len);
        }
}

static void test_udp(void **state)
{
        bool zero_seen = false;

        (void)state;
        for (uint32_t i = 0; i < 200000; i++) {
                struct packet_ends e = ends(i & 1, (uint16_t)(61000 + i % 16), 40125);
                uint8_t bytes[PACKET_MAX], payload[4] = {(uint8_t)(i >> 24), (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i};
                size_t len = packet_build_udp(bytes, &e, payload, sizeof(payload)), at = len - 12 + 6;

                assert_int_equal(packet_udp_checksum(&e, payload, sizeof(payload)), bytes[at] << 8 | bytes[at + 1]);
                assert_true(bytes[at] || bytes[at + 1]); /* 0 would say that there is none */
                zero_seen |= bytes[at] == 0xff && bytes[at + 1] == 0xff;
                if (i % 100 == 0)
                        assert_checksums(bytes, len);
        }
        assert_true(zero_seen);
}

static void test_echo(void **state)
{
        /* RFC 792 by hand: type 8, all else 0, so the checksum is ~0x0800 */
        static const uint8_t plain[] = {8, 0, 0xf7, 0xff, 0, 0, 0, 0};
        struct packet_ends e = ends(false, 0, 0), e6 = ends(true, 0, 0);
        uint8_t bytes[PACKET_MAX];
        struct packet p;
        size_t len;

        (void)state;
        len = packet_build_echo(bytes, &e, 0, 0);
        assert_memory_equal(bytes + 20, plain, sizeof(plain));
        len = packet_build_timestamp(bytes, &e, 0x1234, 0xabcd);
        assert_int_equal(len, 40);
        assert_checksums(bytes, len);
        bytes[20] = 14;
        assert_true(packet_parse(IP4, bytes, len, &p));
        assert_int_equal(p.kind, PACKET_ECHO_REPLY);
        assert_int_equal(p.echo_id, 0x1234);
        assert_int_equal(p.echo_seq, 0xabcd);
        len = packet_build_echo(bytes, &e6, 0x1234, 0xabcd);
        assert_checksums(bytes, len);
        assert_false(packet_parse(IP6, bytes, len, &p)); /* a request */
        bytes[40] = 129;
        assert_true(packet_parse(IP6, bytes, len, &p));
        assert_int_equal(p.echo_seq, 0xabcd);
        bytes[40] = 0; /* what would be an echo reply in IPv4 */
        assert_false(packet_parse(IP6, bytes, len, &p));
}

static void test_arp(void **state)
{
        static const uint8_t mac[6] = {2, 0, 0, 0, 0, 9};
        static const uint8_t expect[28] = {0, 1, 8,   0, 6, 4, 0, 1, 2, 0, 0,   0,  0,   9,
                                           192, 0, 2, 1, 0, 0, 0, 0, 0, 0, 198, 51, 100, 77};
        struct packet_ends e = ends(false, 0, 0);
        uint8_t bytes[PACKET_MAX];
        struct packet p;

        (void)state;
        assert_int_equal(packet_build_arp(bytes, &e, mac), 28);
        assert_memory_equal(bytes, expect, 28);
        assert_false(packet_parse(ARP, bytes, 28, &p)); /* a request */
        bytes[7] = 2;
        assert_true(packet_parse(ARP, bytes, 28, &p));
        assert_int_equal(p.kind, PACKET_NEIGHBOUR);
        assert_memory_equal(p.mac, mac, 6);
        assert_int_equal(address_compare(&p.from, &here4), 0);
        assert_int_equal(address_compare(&p.to, &there4), 0);
        assert_false(packet_parse(ARP, bytes, 27, &p));
        bytes[4] = 8; /* hardware addresses of another length */
        assert_false(packet_parse(ARP, bytes, 28, &p));
}

static void test_solicitation(void **state)
{
        static const uint8_t own[6] = {2, 0, 0, 0, 0, 9}, group_mac[6] = {0x33, 0x33, 0xff, 0xab, 0xcd, 0xef};
        struct packet_ends e = ends(true, 0, 0);
        uint8_t bytes[PACKET_MAX], mac[6];
        struct address group, asked;
        struct packet p;
        size_t len = packet_build_solicitation(bytes, &e, own);

        (void)state;
        assert_int_equal(len, 72);
        assert_checksums(bytes, len);
        assert_int_equal(bytes[7], 255);
        group = address_v6(bytes + 24);
        assert_int_equal(address_parse("ff02::1:ffab:cdef", &asked), 0);
        assert_int_equal(address_compare(&group, &asked), 0);
        packet_solicited_mac(&there6, mac);
        assert_memory_equal(mac, group_mac, 6);

        bytes[40] = 136; /* its advertisement has the same form */
        bytes[64] = 2;
        assert_true(packet_parse(IP6, bytes, len, &p));
        assert_int_equal(p.kind, PACKET_NEIGHBOUR);
        assert_int_equal(address_compare(&p.from, &there6), 0);
        assert_true(p.has_mac);
        assert_memory_equal(p.mac, own, 6);
        bytes[5] = 24; /* without the option */
        assert_true(packet_parse(IP6, bytes, 64, &p));
        assert_false(p.has_mac);
        bytes[7] = 254; /* came through a router */
        assert_false(packet_parse(IP6, bytes, 64, &p));
}

/* An ICMP error from `from` that quotes the first `quoted` bytes of a packet. */
static size_t build_error(uint8_t *to, bool six, const struct address *from, uint8_t type, uint8_t code,
                          const uint8_t *packet, size_t quoted)
{
        size_t head = six ? 40 : 20, len = head + 8 + quoted;

        memset(to, 0, head + 8);
        to[0] = six ? 0x60 : 0x45;
        to[six ? 4 : 2] = (uint8_t)((six ? len - 40 : len) >> 8);
        to[six ? 5 : 3] = (uint8_t)(six ? len - 40 : len);
        to[six ? 6 : 9] = six ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
        to[six ? 7 : 8] = 60;
        memcpy(to + (six ? 8 : 12), from->bytes, six ? 16 : 4);
        memcpy(to + (six ? 24 : 16), six ? here6.bytes : here4.bytes, six ? 16 : 4);
        to[head] = type;
        to[head + 1] = code;
        memcpy(to + head + 8, packet, quoted);
        return len;
}

static void test_quotes(void **state)
{
        (void)state;
        for (int six = 0; six < 2; six++) {
                struct packet_ends e = ends(six, 61003, 25);
                uint8_t syn[PACKET_MAX], bytes[256];
                size_t head = six ? 40 : 20;
                struct packet p;

                packet_build_syn(syn, &e, 0xcafe0001, 1460, 1);
                for (size_t quoted = 0; quoted <= head + 40; quoted++) {
                        size_t len = build_error(bytes, six, e.to, six ? 1 : 3, 3, syn, quoted);
                        uint8_t *exact = malloc(len); /* so that a sanitizer sees a byte read too many */
                        bool whole = quoted >= head + 8;

                        assert_non_null(exact);
                        memcpy(exact, bytes, len);
                        assert_int_equal(packet_parse(six ? IP6 : IP4, exact, len, &p), whole);
                        free(exact);
                        if (!whole)
                                continue;
                        assert_int_equal(p.kind, PACKET_ICMP_ERROR);
                        assert_int_equal(p.quote.protocol, IPPROTO_TCP);
                        assert_int_equal(p.quote.seq, 0xcafe0001);
                        assert_int_equal(p.quote.from_port, 61003);
                        assert_int_equal(p.quote.to_port, 25);
                        assert_int_equal(address_compare(&p.quote.to, e.to), 0);
                }
        }
}

static void test_fragments(void **state)
{
        struct packet_ends e = ends(false, 1, 2);
        uint8_t bytes[PACKET_MAX];
        size_t len = packet_build_syn(bytes, &e, 0, 1460, 0);
        struct packet p;

        (void)state;
        bytes[6] = 0x20; /* more fragments */
        assert_false(packet_parse(IP4, bytes, len, &p));
        bytes[6] = 0, bytes[7] = 1; /* not the first */
        assert_false(packet_parse(IP4, bytes, len, &p));
        bytes[7] = 0;
        assert_true(packet_parse(IP4, bytes, len, &p));
}

/* Hop-by-hop, destination options, and a fragment header that fragments nothing (RFC 6946) before TCP. */
static void test_extension_headers(void **state)
{
        static const uint8_t chain[] = {60, 0, 1, 4, 0, 0, 0, 0, 44, 0, 1, 4, 0, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 9};
        struct packet_ends e = ends(true, 61000, 80);
        uint8_t plain[PACKET_MAX], bytes[160];
        size_t len = packet_build_syn(plain, &e, 7, 1440, 0);
        struct packet p;

        (void)state;
        memcpy(bytes, plain, 40);
        memcpy(bytes + 40, chain, sizeof(chain));
        memcpy(bytes + 40 + sizeof(chain), plain + 40, len - 40);
        bytes[5] = (uint8_t)(len - 40 + sizeof(chain));
        bytes[6] = 0;
        len += sizeof(chain);
        assert_true(packet_parse(IP6, bytes, len, &p));
        assert_int_equal(p.to_port, 80);
        assert_int_equal(p.seq, 7);
        bytes[40 + 16 + 3] = 8; /* an offset: a real fragment */
        assert_false(packet_parse(IP6, bytes, len, &p));
        bytes[40 + 16 + 3] = 1; /* more are to come */
        assert_false(packet_parse(IP6, bytes, len, &p));
        bytes[40 + 16 + 3] = 0;
        bytes[40 + 8] = 0; /* a chain without end: hop-by-hop header after header */
        memset(bytes + 40 + 16, 0, len - 56);
        assert_false(packet_parse(IP6, bytes, len, &p));
}

static void test_malformed(void **state)
{
        (void)state;
        for (int six = 0; six < 2; six++) {
                struct packet_ends e = ends(six, 61000, 80);
                uint8_t bytes[PACKET_MAX + 20];
                size_t head = six ? 40 : 20, len = packet_build_syn(bytes, &e, 7, 1440, 0);
                uint16_t type = six ? IP6 : IP4;
                struct packet p;

                for (size_t cut = 0; cut < len; cut++)
                        assert_false(packet_parse(type, bytes, cut, &p));
                memset(bytes + len, 0xff, 20); /* padding of the link is no part of it */
                assert_true(packet_parse(type, bytes, len + 20, &p));
                assert_false(packet_parse(six ? IP4 : IP6, bytes, len, &p));
                assert_false(packet_parse(0x8847, bytes, len, &p));
                bytes[head + 12] = 0x40; /* TCP header shorter than it can be */
                assert_false(packet_parse(type, bytes, len, &p));
                bytes[head + 12] = 0xf0; /* longer than the packet */
                assert_false(packet_parse(type, bytes, len, &p));
                bytes[head + 12] = 0xa0;
                bytes[head + 25] = 0; /* an option of length 0 must end the walk */
                assert_true(packet_parse(type, bytes, len, &p));
                assert_false(p.has_timestamp);
        }
}

/* A reply as the target would build it: addresses and ports turned round. */
static struct packet reply(bool six, uint16_t own_port, uint16_t port, uint8_t flags, uint32_t ack)
{
        return (struct packet){.kind = PACKET_TCP,
                               .from = six ? there6 : there4,
                               .to = six ? here6 : here4,
                               .ttl = 60,
                               .tcp_flags = flags,
                               .from_port = port,
                               .to_port = own_port,
                               .ack = ack};
}

static const struct reply_expect expect = {&key, 61008 & ~15u, REPLY_PROBE, REPLY_CANARY};

static void test_tcp_verdicts(void **state)
{
        const uint8_t open = PACKET_TCP_SYN | PACKET_TCP_ACK, closed = PACKET_TCP_RST | PACKET_TCP_ACK;

        (void)state;
        for (int i = 0; i < 4; i++) {
                bool six = i & 1, canary = i & 2;
                uint16_t own = (uint16_t)(expect.base_port + 5);
                uint32_t cookie = cookie_make(&key, six ? &there6 : &there4, 443, own, canary);
                struct packet p = reply(six, own, 443, open, cookie + 1);
                uint32_t seen = 0;
                struct heard h;

                assert_int_equal(reply_to_syn(&expect, &p, &h, &seen), REPLY_TRUE);
                assert_int_equal(h.kind, HEARD_OPEN);
                assert_int_equal(h.reason, REASON_SYN_ACK);
                assert_int_equal(h.port, 443);
                assert_int_equal(h.attempt, 5);
                assert_int_equal(h.canary, canary);
                assert_int_equal(h.ttl, 60);
                assert_int_equal(seen, cookie);
                p = reply(six, own, 443, closed, cookie + 1);
                assert_int_equal(reply_to_syn(&expect, &p, &h, &seen), REPLY_TRUE);
                assert_int_equal(h.kind, HEARD_CLOSED);

                p = reply(six, own, 443, open, cookie); /* not ours to the last bit */
                assert_int_equal(reply_to_syn(&expect, &p, &h, &seen), REPLY_FORGED);
                p = reply(six, own, 444, open, cookie + 1); /* another port */
                assert_int_equal(reply_to_syn(&expect, &p, &h, &seen), REPLY_FORGED);
                p = reply(six, (uint16_t)(own + 1), 443, closed, cookie + 1); /* another try */
                assert_int_equal(reply_to_syn(&expect, &p, &h, &seen), REPLY_FORGED);
                p = reply(six, own, 443, open, cookie + 1); /* another host */
                p.from.bytes[3] ^= 1;
                assert_int_equal(reply_to_syn(&expect, &p, &h, &seen), REPLY_FORGED);
                p = reply(six, own, 443, PACKET_TCP_ACK, cookie + 1); /* no answer to a SYN */
                assert_int_equal(reply_to_syn(&expect, &p, &h, &seen), REPLY_FORGED);
                p = reply(six, own, 443, PACKET_TCP_RST, cookie + 1); /* acknowledges nothing */
                assert_int_equal(reply_to_syn(&expect, &p, &h, &seen), REPLY_FORGED);
                p = reply(six, own, 443, PACKET_TCP_SYN, cookie + 1); /* our own, seen on loopback */
                assert_int_equal(reply_to_syn(&expect, &p, &h, &seen), REPLY_STRAY);
                p = reply(six, (uint16_t)(expect.base_port + 16), 443, open, cookie + 1); /* not for us */
                assert_int_equal(reply_to_syn(&expect, &p, &h, &seen), REPLY_STRAY);
        }
}

static const struct {
        bool six;
        uint8_t type, code;
        int kind; /* -1 = means nothing */
        enum endpoint_reason reason;
} meanings[] = {
        {false, 3, 0, HEARD_UNREACHABLE, REASON_HOST_UNREACHABLE},
        {false, 3, 1, HEARD_UNREACHABLE, REASON_HOST_UNREACHABLE},
        {false, 3, 3, HEARD_PROHIBITED, REASON_PORT_UNREACHABLE},
        {false, 3, 4, -1, REASON_NONE},
        {false, 3, 9, HEARD_PROHIBITED, REASON_PROHIBITED},
        {false, 3, 10, HEARD_PROHIBITED, REASON_PROHIBITED},
        {false, 3, 13, HEARD_PROHIBITED, REASON_PROHIBITED},
        {false, 11, 0, HEARD_UNREACHABLE, REASON_HOST_UNREACHABLE},
        {false, 11, 1, -1, REASON_NONE},
        {true, 1, 0, HEARD_UNREACHABLE, REASON_HOST_UNREACHABLE},
        {true, 1, 1, HEARD_PROHIBITED, REASON_PROHIBITED},
        {true, 1, 3, HEARD_UNREACHABLE, REASON_HOST_UNREACHABLE},
        {true, 1, 4, HEARD_PROHIBITED, REASON_PORT_UNREACHABLE},
        {true, 1, 5, HEARD_PROHIBITED, REASON_PROHIBITED},
        {true, 1, 6, HEARD_PROHIBITED, REASON_PROHIBITED},
        {true, 3, 0, HEARD_UNREACHABLE, REASON_HOST_UNREACHABLE},
};

static void test_icmp_verdicts(void **state)
{
        (void)state;
        for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++) {
                bool six = meanings[i].six;
                uint16_t own = (uint16_t)(expect.base_port + 2);
                struct packet_ends e = ends(six, own, 25);
                uint32_t cookie = cookie_make(&key, e.to, 25, own, REPLY_PROBE), seen;
                struct address router = six ? here6 : here4;
                uint8_t syn[PACKET_MAX], bytes[256];
                size_t len = packet_build_syn(syn, &e, cookie, 1440, 0);
                struct packet p;
                struct heard h;

                router.bytes[3] ^= 0x40;
                len = build_error(bytes, six, &router, meanings[i].type, meanings[i].code, syn, len);
                assert_true(packet_parse(six ? IP6 : IP4, bytes, len, &p));
                if (meanings[i].kind < 0) {
                        assert_int_equal(reply_to_syn(&expect, &p, &h, &seen), REPLY_STRAY);
                        continue;
                }
                assert_int_equal(reply_to_syn(&expect, &p, &h, &seen), REPLY_TRUE);
                assert_int_equal(h.kind, meanings[i].kind);
                assert_int_equal(h.reason, meanings[i].reason);
                assert_int_equal(address_compare(&h.from, e.to), 0); /* where it went, not who told */
                assert_int_equal(h.port, 25);
                assert_int_equal(h.attempt, 2);
                p.quote.seq++;
                assert_int_equal(reply_to_syn(&expect, &p, &h, &seen), REPLY_FORGED);
                p.quote.seq--, p.quote.to_port++;
                assert_int_equal(reply_to_syn(&expect, &p, &h, &seen), REPLY_FORGED);
                p.quote.to_port--, p.quote.from.bytes[3]++; /* quotes what another machine sent */
                assert_int_equal(reply_to_syn(&expect, &p, &h, &seen), REPLY_FORGED);
        }
}

static void test_sent_times(void **state)
{
        static struct sent_times times;

        (void)state;
        sent_note(&times, 77, 1000);
        assert_int_equal(sent_rtt(&times, 77, 1250), 250);
        assert_int_equal(sent_rtt(&times, 78, 1250), 0);
        assert_int_equal(sent_rtt(&times, 77 + SENT_TIMES, 1250), 0);
        sent_note(&times, 77 + SENT_TIMES, 1100); /* the same place */
        assert_int_equal(sent_rtt(&times, 77, 1250), 0);
        assert_int_equal(sent_between(0xffffff00, 0x100), 0x200); /* over the wrap */
        assert_int_equal(sent_between(100, 100), 1);
        assert_int_equal(sent_between(100, 90), 1);
        assert_int_equal(sent_between(0, 61000000), 0);
        assert_int_equal(sent_between(5000, 0), 0);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_syn),
                cmocka_unit_test(test_checksums_of_many),
                cmocka_unit_test(test_udp),
                cmocka_unit_test(test_echo),
                cmocka_unit_test(test_arp),
                cmocka_unit_test(test_solicitation),
                cmocka_unit_test(test_quotes),
                cmocka_unit_test(test_fragments),
                cmocka_unit_test(test_extension_headers),
                cmocka_unit_test(test_malformed),
                cmocka_unit_test(test_tcp_verdicts),
                cmocka_unit_test(test_icmp_verdicts),
                cmocka_unit_test(test_sent_times),
        };

        return cmocka_run_group_tests(tests, setup, NULL);
}
