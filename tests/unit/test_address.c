/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test.h"

#include "base/mem.h"
#include "model/address.h"

static void test_classes(void **state)
{
        static const struct {
                const char *text;
                bool loopback, link_local, public, any, multicast;
        } cases[] = {
                {"0.0.0.0", .any = true},
                {"::", .any = true},
                {"127.3.2.1", .loopback = true},
                {"::1", .loopback = true},
                {"::ffff:127.0.0.1", .loopback = true},
                {"169.254.1.1", .link_local = true},
                {"fe80::1", .link_local = true},
                {"fec0::1"},
                {"10.1.2.3"},
                {"172.31.255.255"},
                {"172.32.0.0", .public = true},
                {"192.168.0.1"},
                {"100.64.0.1"},
                {"100.128.0.1", .public = true},
                {"203.0.113.5"},
                {"8.8.8.8", .public = true},
                {"::ffff:8.8.8.8", .public = true},
                {"2001:db8::1"},
                {"2606:4700::1", .public = true},
                {"fd00::1"},
                {"224.0.0.1", .multicast = true},
                {"ff02::1", .multicast = true},
        };

        for (size_t i = 0; i < array_len(cases); i++) {
                struct address a;
                char text[ADDRESS_TEXT_SIZE];

                assert_int_equal(address_parse(cases[i].text, &a), 0);
                assert_string_equal(address_format(&a, text), cases[i].text);
                assert_int_equal(address_is_any(&a), cases[i].any);
                assert_int_equal(address_is_loopback(&a), cases[i].loopback);
                assert_int_equal(address_is_link_local(&a), cases[i].link_local);
                assert_int_equal(address_is_public(&a), cases[i].public);
                assert_int_equal(address_is_multicast(&a), cases[i].multicast);
        }
}

static void test_order_and_refusals(void **state)
{
        struct address a, b;

        assert_int_equal(address_parse("10.0.0.1", &a), 0);
        assert_int_equal(address_parse("10.0.0.2", &b), 0);
        assert_true(address_compare(&a, &b) < 0);
        assert_int_equal(address_parse("::", &b), 0);
        assert_true(address_compare(&a, &b) < 0);
        assert_int_equal(address_compare(&a, &a), 0);
        assert_true(address_parse("10.0.0", &a) < 0);
        assert_true(address_parse("", &a) < 0);
        assert_true(address_parse("1.2.3.4/8", &a) < 0);
        assert_int_equal(transport_parse("udp"), TRANSPORT_UDP);
        assert_int_equal(transport_parse("icmp"), TRANSPORT_MAX);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_classes),
                cmocka_unit_test(test_order_and_refusals),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
