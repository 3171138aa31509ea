/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test.h"

#include <time.h>

#include <linux/errqueue.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/wire.h"
#include "scan/method/udp_errors.h"
#include "scan/payload.h"

#define COOKIE 0x9abcdef1u

static const struct udp_payload *named(const char *id)
{
        for (unsigned i = 0; i < udp_n_payloads; i++)
                if (streq(udp_payloads[i].id, id))
                        return &udp_payloads[i];
        fail_msg("no payload '%s'", id);
        return NULL;
}

static struct wire built(const char *id, uint8_t bytes[UDP_PAYLOAD_MAX])
{
        return wire_over(bytes, udp_payload_build(named(id), COOKIE, bytes));
}

/* One element of BER (X.690) of that tag; what it holds. */
static struct wire element(struct wire *w, uint8_t tag)
{
        uint8_t len;

        assert_int_equal(wire_u8(w), tag);
        len = wire_u8(w);
        if (len == 0x81)
                len = wire_u8(w);
        assert_false(w->bad);
        return wire_sub(w, len);
}

static uint32_t integer(struct wire *w)
{
        struct wire value = element(w, 2);
        uint32_t n = 0;

        assert_true(wire_left(&value) >= 1 && wire_left(&value) <= 4);
        while (wire_left(&value))
                n = n << 8 | wire_u8(&value);
        return n;
}

static void ended(const struct wire *w)
{
        assert_false(w->bad);
        assert_int_equal(wire_left(w), 0);
}

static unsigned skip_name(struct wire *w)
{
        unsigned labels = 0;

        for (uint8_t len; (len = wire_u8(w)); labels++) {
                assert_true(len < 64);
                wire_skip(w, len);
        }
        return labels;
}

static void test_dns_family(void **state)
{
        static const struct {
                const char *id;
                unsigned labels, type;
        } cases[] = {{"dns", 0, 2}, {"mdns", 4, 12}, {"llmnr", 1, 1}, {"netbios-ns", 1, 0x21}};

        for (size_t i = 0; i < array_len(cases); i++) {
                uint8_t bytes[UDP_PAYLOAD_MAX];
                struct wire w = built(cases[i].id, bytes);

                assert_int_equal(wire_be16(&w), COOKIE & 0xffff);
                assert_int_equal(wire_be16(&w), 0); /* a query, no recursion */
                assert_int_equal(wire_be16(&w), 1);
                wire_skip(&w, 6);
                assert_int_equal(skip_name(&w), cases[i].labels);
                assert_int_equal(wire_be16(&w), cases[i].type);
                assert_int_equal(wire_be16(&w), 1);
                ended(&w);
        }
}

static void test_snmp_has_no_community(void **state)
{
        uint8_t bytes[UDP_PAYLOAD_MAX];
        struct wire w = built("snmp", bytes), message = element(&w, 0x30), header, security, scoped, pdu;

        ended(&w);
        assert_int_equal(integer(&message), 3);
        header = element(&message, 0x30);
        assert_int_equal(integer(&header), (COOKIE & 0x3fffffff) | 0x40000000);
        assert_int_equal(integer(&header), 65507);
        security = element(&header, 4);
        assert_int_equal(wire_u8(&security), 4); /* reportable, neither authenticated nor encrypted */
        assert_int_equal(integer(&header), 3);   /* the user-based model */
        ended(&header);
        security = element(&message, 4);
        assert_int_equal(wire_left(&security), 16);
        scoped = element(&message, 0x30);
        ended(&message);
        (void)element(&scoped, 4);
        (void)element(&scoped, 4);
        pdu = element(&scoped, 0xa0);
        ended(&scoped);
        (void)integer(&pdu);
        (void)integer(&pdu);
        (void)integer(&pdu);
        (void)element(&pdu, 0x30);
        ended(&pdu);
}

static void test_ber_of_directories(void **state)
{
        uint8_t bytes[UDP_PAYLOAD_MAX];
        struct wire w = built("cldap", bytes), message = element(&w, 0x30), request;

        ended(&w);
        assert_int_equal(integer(&message), (COOKIE & 0x3fffffff) | 0x40000000);
        request = element(&message, 0x63);
        ended(&message);
        (void)element(&request, 4);
        (void)element(&request, 10);
        (void)element(&request, 10);
        (void)integer(&request);
        (void)integer(&request);
        (void)element(&request, 1);
        (void)element(&request, 0x87);
        (void)element(&request, 0x30);
        ended(&request);

        w = built("kerberos", bytes);
        message = element(&w, 0x6a);
        ended(&w);
        message = element(&message, 0x30);
        w = element(&message, 0xa1);
        assert_int_equal(integer(&w), 5);
        w = element(&message, 0xa2);
        assert_int_equal(integer(&w), 10);
        w = element(&message, 0xa4);
        ended(&message);
        request = element(&w, 0x30);
        ended(&w);
        for (unsigned tag = 0; tag <= 8; tag++)
                if (tag != 4 && tag != 6)
                        (void)element(&request, (uint8_t)(0xa0 + tag));
        ended(&request);
}

/* Where a length stands that counts everything from `counts_from` on. */
static void test_lengths(void **state)
{
        static const struct {
                const char *id;
                unsigned at, width, counts_from;
        } cases[] = {
                {"ikev2", 24, 4, 0},       {"ikev1", 24, 4, 0}, {"ikev2-nat", 28, 4, 4},
                {"ikev1-nat", 28, 4, 4},   {"l2tp", 2, 2, 0},   {"slp", 2, 3, 0},
                {"dtls", 11, 2, 13},       {"dtls", 14, 3, 25}, {"dtls", 22, 3, 25},
                {"gtp1", 2, 2, 8},         {"gtp2", 2, 2, 4},   {"radius", 2, 2, 0},
                {"bacnet", 2, 2, 0},       {"stun", 2, 2, 20},  {"ipmi-channel", 13, 1, 14},
                {"ethernet-ip", 2, 2, 24},
        };

        for (size_t i = 0; i < array_len(cases); i++) {
                uint8_t bytes[UDP_PAYLOAD_MAX];
                struct wire w = built(cases[i].id, bytes);
                size_t len = wire_left(&w), told = 0;

                wire_skip(&w, cases[i].at);
                for (unsigned n = 0; n < cases[i].width; n++)
                        told = told << 8 | wire_u8(&w);
                if (told != len - cases[i].counts_from)
                        fail_msg("%s: says %zu of %zu", cases[i].id, told, len - cases[i].counts_from);
        }
        assert_int_equal(named("quic")->len, 1200); /* RFC 9000, 14.1 */
        assert_int_equal(named("ntp")->len, 48);
}

static void test_text_cookies(void **state)
{
        uint8_t bytes[UDP_PAYLOAD_MAX + 1] = {0};

        (void)built("sip", bytes);
        assert_non_null(strstr((char *)bytes, ";branch=z9hG4bK9abcdef1;rport\r\n"));
        assert_non_null(strstr((char *)bytes, "\r\nCall-ID: 9abcdef1@"));
        assert_non_null(strstr((char *)bytes, "\r\nContent-Length: 0\r\n\r\n"));
}

static void test_every_payload(void **state)
{
        for (unsigned i = 0; i < udp_n_payloads; i++) {
                const struct udp_payload *p = &udp_payloads[i];
                uint8_t one[UDP_PAYLOAD_MAX], other[UDP_PAYLOAD_MAX];
                size_t n = udp_payload_build(p, COOKIE, one);

                assert_int_equal(n, p->len);
                assert_int_equal(n == 0, i == 0);
                assert_int_equal(udp_payload_build(p, ~COOKIE, other), n);
                assert_int_equal(memcmp(one, other, n) != 0, p->n_places > 0);
                for (unsigned k = 0; k < p->n_places; k++)
                        assert_true(p->places[k].at + p->places[k].width <= p->len);
                for (unsigned k = 0; k < p->n_answers; k++) {
                        const struct payload_pattern *a = &p->answers[k];

                        assert_true(!a->has_cookie || p->n_places);
                        assert_true(!a->has_cookie || a->cookie.at + a->cookie.width <= a->len);
                        for (unsigned b = 0; b < a->n_bytes; b++)
                                assert_true(a->bytes[b].at < a->len);
                }
        }
}

/* Answers as the specifications show them; C stands for the cookie's lowest byte, right or wrong. */
static void test_answers(void **state)
{
        static const struct {
                const char *id, *text;
                size_t len;
                enum payload_answer right, wrong;
        } cases[] = {
#define ANSWER(id, text, right, wrong) {id, text, sizeof(text) - 1, PAYLOAD_##right, PAYLOAD_##wrong}
                ANSWER("dns", "\xde\xf1\x81\x05\0\1\0\0\0\0\0\0\0\0\2\0\1", RIGHT, FORGED),
                ANSWER("dns", "\xde\xf1\x81\x01\0\0\0\0\0\0\0\0", RIGHT, FORGED),
                ANSWER("dns", "\xde\xf1\0\0\0\1\0\0\0\0\0\0\0\0\2\0\1", OTHER, OTHER), /* an echo */
                ANSWER("dns", "220 some text service ready", OTHER, OTHER),
                ANSWER("dns", "", OTHER, OTHER),
                ANSWER("rpcbind", "\x9a\xbc\xde\xf1\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", RIGHT, FORGED),
                ANSWER("rpcbind", "\x9a\xbc\xde\xf1\0\0\0\1\0\0\0\1\0\0\0\0\0\0\0\2\0\0\0\2", RIGHT, FORGED),
                ANSWER("snmp",
                       "\x30\x6c\2\1\3\x30\x11\2\4\x5a\xbc\xde\xf1\2\3\0\xff\xe3\4\1\0\2\1\3\4\x21 and so on",
                       RIGHT, FORGED),
                ANSWER("snmp",
                       "\x30\x81\x8c\2\1\3\x30\x11\2\4\x5a\xbc\xde\xf1\2\3\0\xff\xe3\4\1\0\2\1\3\4\x21 and so on",
                       RIGHT, FORGED),
                ANSWER("sip", "SIP/2.0 483 Too Many Hops\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK9abcdef1\r\n",
                       RIGHT, FORGED),
                ANSWER("stun", "\1\1\0\0\x21\x12\xa4\x42\x9a\xbc\xde\xf1QuaySTuv", RIGHT, FORGED),
                ANSWER("memcached", "\xde\xf1\0\0\0\1\0\0VERSION 1.6.18\r\n", RIGHT, FORGED),
                ANSWER("coap", "\x64\x45\xde\xf1\x9a\xbc\xde\xf1\xc1\x28\xff</a>", RIGHT, FORGED),
                ANSWER("openvpn",
                       "\x40"
                       "abcdefgh\1\0\0\0\0\x9a\xbc\xde\xf1QMVP\0\0\0\0",
                       RIGHT, FORGED),
                ANSWER("quic", "\xaa\0\0\0\0\x08\x9a\xbc\xde\xf1QMQD\x08\x9a\xbc\xde\xf1QMQC\0\0\0\1", RIGHT,
                       FORGED),
                ANSWER("tftp", "\0\5\0\1File not found", LIKE, LIKE),
                ANSWER("tftp", "\0\4\0\1", OTHER, OTHER),
                ANSWER("rmcp-ping", "\6\0\xff\6\0\0\x11\xbe\x40\x71\0\x10 and so on", RIGHT, FORGED),
                ANSWER("netbios-ns",
                       "\xde\xf1\x84\0\0\0\0\1\0\0\0\0\x20"
                       "CKAA",
                       RIGHT, FORGED),
                ANSWER("dtls", "\x16\xfe\xff\0\0\0\0\0\0\0\0\0\x2f\3\0\0\x23", LIKE, LIKE),
                ANSWER("empty", "anything", OTHER, OTHER),
#undef ANSWER
        };

        for (size_t i = 0; i < array_len(cases); i++) {
                const uint8_t *answer = (const uint8_t *)cases[i].text;
                enum payload_answer right =
                        udp_payload_check(named(cases[i].id), COOKIE, answer, cases[i].len);
                enum payload_answer wrong =
                        udp_payload_check(named(cases[i].id), COOKIE ^ 1, answer, cases[i].len);

                if (right != cases[i].right || wrong != cases[i].wrong)
                        fail_msg("case %zu, %s: %d and %d", i, cases[i].id, right, wrong);
        }
}

static bool sends(uint16_t port, const char *id)
{
        for (unsigned i = 0; i < udp_payload_count(port); i++)
                if (streq(udp_payload_at(port, i)->id, id))
                        return true;
        return false;
}

static void test_ports(void **state)
{
        assert_string_equal(udp_payload_at(53, 0)->id, "dns");
        assert_string_equal(udp_payload_at(161, 0)->id, "snmp");
        assert_string_equal(udp_payload_at(5353, 0)->id, "mdns");
        assert_string_equal(udp_payload_at(500, 0)->id, "ikev2");
        assert_string_equal(udp_payload_at(500, 1)->id, "ikev1");
        /* port numbers lie: what else real servers speak comes behind, once each */
        assert_true(sends(53, "snmp") && sends(161, "dns") && sends(1900, "sip") && sends(40000, "tftp"));
        assert_int_equal(udp_payload_count(53), udp_payload_count(40000));
        assert_ptr_equal(udp_payload_at(53, udp_payload_count(53)), udp_payload_at(53, 0));
        for (unsigned port = 1; port <= UINT16_MAX; port++)
                assert_in_range(udp_payload_count((uint16_t)port), 1, UDP_PAYLOADS_A_PORT);
}

static void test_ports_that_are_spared(void **state)
{
        static const uint16_t silent[] = {9, 67, 68, 162, 502, 514, 546, 547, 9100, 9107, 51820};
        static const struct device_limits plc = {.no_identify = true, .industrial = true},
                                          frail = {.no_identify = true};

        for (size_t i = 0; i < array_len(silent); i++) {
                assert_int_equal(udp_payload_count(silent[i]), 1);
                assert_int_equal(udp_payload_at(silent[i], 0)->len, 0);
                assert_non_null(udp_silent_why(silent[i]));
        }
        assert_null(udp_silent_why(53));
        assert_int_equal(udp_payload_usual(40000), UDP_PAYLOADS_USUAL);
        assert_true(udp_payload_usual(40000) < udp_payload_count(40000));
        for (unsigned port = 1; port <= UINT16_MAX; port++)
                assert_in_range(udp_payload_usual((uint16_t)port), 1, udp_payload_count((uint16_t)port));
        assert_int_equal(udp_payload_count(47808), 1);
        assert_string_equal(udp_payload_for(47808, 0, &plc)->id, "bacnet");
        assert_string_equal(udp_payload_for(47808, 0, &frail)->id, "empty");
        assert_string_equal(udp_payload_for(47808, 0, NULL)->id, "empty");
        assert_string_equal(udp_payload_for(500, 0, NULL)->id, "ikev2");
        assert_string_equal(udp_payload_for(500, 0, &frail)->id, "empty");
        assert_string_equal(udp_payload_for(161, 0, &frail)->id, "snmp");
}

static void test_icmp(void **state)
{
        static const uint8_t host_bytes[] = {10, 0, 0, 2}, router_bytes[] = {10, 0, 0, 1};
        struct address host = address_v4(host_bytes), router = address_v4(router_bytes);
        const struct {
                struct udp_error error;
                bool told;
                enum heard_kind kind;
        } cases[] = {
                {{.origin = SO_EE_ORIGIN_ICMP, .type = 3, .code = 3, .from = host}, true, HEARD_CLOSED},
                {{.origin = SO_EE_ORIGIN_ICMP, .type = 3, .code = 3, .from = router},
                 true,
                 HEARD_PROHIBITED},
                {{.origin = SO_EE_ORIGIN_ICMP, .type = 3, .code = 9, .from = router},
                 true,
                 HEARD_PROHIBITED},
                {{.origin = SO_EE_ORIGIN_ICMP, .type = 3, .code = 10, .from = host}, true, HEARD_PROHIBITED},
                {{.origin = SO_EE_ORIGIN_ICMP, .type = 3, .code = 13, .from = host}, true, HEARD_PROHIBITED},
                {{.origin = SO_EE_ORIGIN_ICMP, .type = 3, .code = 0, .from = router},
                 true,
                 HEARD_UNREACHABLE},
                {{.origin = SO_EE_ORIGIN_ICMP, .type = 3, .code = 1, .from = router},
                 true,
                 HEARD_UNREACHABLE},
                {{.origin = SO_EE_ORIGIN_ICMP, .type = 11, .code = 0, .from = router},
                 true,
                 HEARD_UNREACHABLE},
                {{.origin = SO_EE_ORIGIN_ICMP, .type = 3, .code = 4, .from = router}, false, 0},
                {{.origin = SO_EE_ORIGIN_ICMP, .type = 4, .code = 0, .from = router}, false, 0},
                {{.origin = SO_EE_ORIGIN_ICMP6, .type = 1, .code = 4, .from = host}, true, HEARD_CLOSED},
                {{.origin = SO_EE_ORIGIN_ICMP6, .type = 1, .code = 1, .from = host}, true, HEARD_PROHIBITED},
                {{.origin = SO_EE_ORIGIN_ICMP6, .type = 1, .code = 3, .from = host},
                 true,
                 HEARD_UNREACHABLE},
                {{.origin = SO_EE_ORIGIN_ICMP6, .type = 2, .code = 0, .from = host}, false, 0},
                {{.origin = SO_EE_ORIGIN_LOCAL, .type = 0, .code = 0}, true, HEARD_NOT_SENT},
        };

        for (size_t i = 0; i < array_len(cases); i++) {
                enum endpoint_reason reason = REASON_NONE;
                enum heard_kind kind = HEARD_ALIVE;
                bool told = udp_error_verdict(&cases[i].error, &host, &kind, &reason);

                if (told != cases[i].told || (told && (kind != cases[i].kind || reason == REASON_NONE)))
                        fail_msg("case %zu: %d, kind %d, reason %d", i, told, (int)kind, (int)reason);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_dns_family),
                cmocka_unit_test(test_snmp_has_no_community),
                cmocka_unit_test(test_ber_of_directories),
                cmocka_unit_test(test_lengths),
                cmocka_unit_test(test_text_cookies),
                cmocka_unit_test(test_every_payload),
                cmocka_unit_test(test_answers),
                cmocka_unit_test(test_ports),
                cmocka_unit_test(test_ports_that_are_spared),
                cmocka_unit_test(test_icmp),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
