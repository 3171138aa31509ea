/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What all probes promise: the registry, and the tools they are made with. */
#include "base/wire.h"
#include "identify/ber.h"
#include "identify/evidence.h"
#include "identify/line.h"
#include "identify/registry.h"
#include "test.h"

static bool ports_right(const char *list)
{
        return !list ||
               (*list && strspn(list, "0123456789,-") == strlen(list) && list[strlen(list) - 1] != ',');
}

static void test_registry(void **state)
{
        for (size_t i = 0; i < n_probes; i++) {
                const struct probe *p = probes[i];
                struct heard nothing_known = {.data = (const uint8_t *)"\x01\x02",
                                              .len = 2,
                                              .transport = TRANSPORT_TCP,
                                              .port = 1};

                if (i)
                        assert_true(strcmp(probes[i - 1]->name, p->name) < 0);
                assert_ptr_equal(probe_find(p->name), p);
                assert_non_null(p->protocol);
                assert_non_null(p->log);
                assert_non_null(p->reference);
                assert_true(p->transports & (1u << TRANSPORT_TCP | 1u << TRANSPORT_UDP));
                assert_true(!p->talk == !!p->mute);
                assert_true(ports_right(p->tcp_ports) && ports_right(p->udp_ports));
                assert_true(!p->tcp_ports || p->transports & 1u << TRANSPORT_TCP);
                assert_true(!p->udp_ports || p->transports & 1u << TRANSPORT_UDP);
                assert_true(p->safety != SAFETY_INDUSTRIAL || (!p->sweep_tcp && !p->sweep_udp));
                if (p->recognise && p->recognise(&nothing_known) == RECOGNISE_SURE)
                        fail_msg("%s is sure of two bytes that mean nothing", p->name);
        }
        assert_null(probe_find("none"));
}

static void test_ports(void **state)
{
        struct probe p = {.tcp_ports = "22,8000-8010,2222"};

        assert_true(probe_has_port(&p, TRANSPORT_TCP, 22) && probe_has_port(&p, TRANSPORT_TCP, 8005) &&
                    probe_has_port(&p, TRANSPORT_TCP, 8010) && probe_has_port(&p, TRANSPORT_TCP, 2222));
        assert_false(probe_has_port(&p, TRANSPORT_TCP, 8011) || probe_has_port(&p, TRANSPORT_TCP, 2) ||
                     probe_has_port(&p, TRANSPORT_TCP, 222) || probe_has_port(&p, TRANSPORT_UDP, 22));
}

static void test_replies(void **state)
{
        static const struct {
                const char *text;
                enum reply_state state;
                unsigned code;
                size_t end;
        } all[] = {
                {"220 host ESMTP\r\n", REPLY_WHOLE, 220, 16},
                {"250-a\r\n250 b\r\nmore", REPLY_WHOLE, 250, 14},
                {"250-a\r\n250", REPLY_PART, 0, 0},
                {"220-hello\n some words\nab\n220 end\n", REPLY_WHOLE, 220, 33},
                {"22", REPLY_PART, 0, 0},
                {"2x0 a\r\n", REPLY_NONE, 0, 0},
                {"HTTP/1.1 200 OK\r\n", REPLY_NONE, 0, 0},
                {"220\r\n", REPLY_WHOLE, 220, 5},
                {"2200 a\r\n", REPLY_NONE, 0, 0},
        };

        for (size_t i = 0; i < array_len(all); i++) {
                struct reply reply = {0};

                assert_int_equal(reply_read((const uint8_t *)all[i].text, strlen(all[i].text), &reply),
                                 all[i].state);
                if (all[i].state == REPLY_WHOLE) {
                        assert_int_equal(reply.code, all[i].code);
                        assert_int_equal(reply.end, all[i].end);
                }
        }
}

static void test_ber(void **state)
{
        static const int64_t numbers[] = {0, 1, 127, 128, 255, 256, -1, -128, -129, INT64_MAX, INT64_MIN};

        for (size_t i = 0; i < array_len(numbers); i++) {
                struct str s = {0};
                struct ber element;
                struct wire w;
                int64_t back;

                ber_add_integer(&s, BER_INTEGER, numbers[i]);
                w = wire_over(s.text, s.len);
                assert_int_equal(ber_whole((const uint8_t *)s.text, s.len), s.len);
                assert_true(ber_next(&w, &element) && ber_integer(&element, &back));
                assert_true(back == numbers[i]);
                str_release(&s);
        }
        assert_int_equal(ber_whole((const uint8_t *)"\x30\x82\x01\x00", 4), 260);
        assert_int_equal(ber_whole((const uint8_t *)"\x30\x82\x01", 3), 0);
        assert_int_equal(ber_whole((const uint8_t *)"\x30\x80", 2), SIZE_MAX);
        assert_int_equal(ber_whole((const uint8_t *)"\x30\x85\x01", 3), SIZE_MAX);
}

static void test_evidence(void **state)
{
        struct str s = {0};
        static const char bytes[] = "HTTP/1.1 200\r\nSet-Cookie: id=abc; Path=/\r\nServer: x\\y\x1b[0m";

        evidence_add(&s, bytes, sizeof(bytes) - 1);
        assert_string_equal(s.text,
                            "HTTP/1.1 200\\r\\nSet-Cookie: ****; Path=/\\r\\nServer: x\\\\y\\x1b[0m");
        str_release(&s);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_registry), cmocka_unit_test(test_ports),
                cmocka_unit_test(test_replies),  cmocka_unit_test(test_ber),
                cmocka_unit_test(test_evidence),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
