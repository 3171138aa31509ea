/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test.h"

#include <errno.h>

#include "model/port_set.h"
#include "model/range.h"

static struct address_range range_of(const char *text)
{
        struct address_range range;
        struct err err = {0};

        if (address_range_parse(text, true, &range, NULL, &err) < 0)
                fail_msg("%s", err.text);
        return range;
}

static struct address address_of(const char *text)
{
        struct address a;

        assert_int_equal(address_parse(text, &a), 0);
        return a;
}

static struct range_set set_of(const char *const *texts)
{
        struct range_set set = {0};

        for (; *texts; texts++) {
                struct address_range range = range_of(*texts);

                range_set_add(&set, &range);
        }
        range_set_normalize(&set);
        return set;
}
#define SET(...) set_of((const char *const[]){__VA_ARGS__, NULL})

static void assert_set(const struct range_set *set, const char *expected)
{
        _cleanup_str_ struct str text = {0};
        char buf[RANGE_TEXT_SIZE];

        for (size_t i = 0; i < set->n; i++)
                str_addf(&text, "%s%s", i ? " " : "", address_range_format(&set->at[i], buf));
        assert_string_equal(str_text(&text), expected);
}

static void test_parse_and_format(void **state)
{
        static const struct {
                const char *given, *shown;
                bool single;
        } cases[] = {
                {"10.0.0.0/24", "10.0.0.0/24"},
                {"10.0.0.77/24", "10.0.0.0/24"},
                {"0.0.0.0/0", "0.0.0.0/0"},
                {"255.255.255.255/32", "255.255.255.255", .single = true},
                {"10.0.0.4/31", "10.0.0.4/31"},
                {"10.0.0.5", "10.0.0.5", .single = true},
                {"10.0.0.5-10.0.0.9", "10.0.0.5-10.0.0.9"},
                {"10.0.0.5-9", "10.0.0.5-10.0.0.9"},
                {"10.0.0.4-7", "10.0.0.4/30"},
                {"10.0.0.0-255", "10.0.0.0/24"},
                {"10.0.0.5-5", "10.0.0.5", .single = true},
                {"2001:db8::/64", "2001:db8::/64"},
                {"2001:db8::5/127", "2001:db8::4/127"},
                {"::/0", "::/0"},
                {"::1/128", "::1", .single = true},
                {"2001:db8::1-2001:db8::3", "2001:db8::1-2001:db8::3"},
                {"::ffff:10.0.0.0/120", "10.0.0.0/24"},
                {"::ffff:10.0.0.1", "10.0.0.1", .single = true},
        };

        for (size_t i = 0; i < array_len(cases); i++) {
                struct address_range range;
                struct err err = {0};
                char buf[RANGE_TEXT_SIZE];
                bool single;

                if (address_range_parse(cases[i].given, false, &range, &single, &err) < 0)
                        fail_msg("%s", err.text);
                assert_string_equal(address_range_format(&range, buf), cases[i].shown);
                assert_int_equal(single, cases[i].single);
        }
}

static void test_refused(void **state)
{
        static const struct {
                const char *given, *says;
        } cases[] = {
                {"", "no IP address"},
                {"/", "no network"},
                {"/24", "no network"},
                {"10.0.0.0/", "0 to 32"},
                {"10.0.0.0/33", "0 to 32"},
                {"10.0.0.0/-1", "0 to 32"},
                {"10.0.0.0/24/24", "0 to 32"},
                {"2001:db8::/129", "0 to 128"},
                {"10.0.0/24", "no network"},
                {"10.0.0.5/24", "did you mean 10.0.0.0/24?"},
                {"2001:db8::1/64", "did you mean 2001:db8::/64?"},
                {"10.0.0.9-10.0.0.5", "ends before it begins"},
                {"10.0.0.9-5", "ends before it begins"},
                {"10.0.0.5-256", "no range"},
                {"10.0.0.5-05", "no range"},
                {"10.0.0.5-", "no range"},
                {"-10.0.0.5", "no range"},
                {"2001:db8::1-3", "no range"},
                {"10.0.0.1-2001:db8::1", "one end is IPv4"},
                {"010.0.0.1", "no IP address"},
                {"10.0.0.0-1/24", "no network"},
                {"fe80::1%lo", "no IP address"},
        };

        for (size_t i = 0; i < array_len(cases); i++) {
                struct address_range range = {0};
                struct err err = {0};

                assert_int_equal(address_range_parse(cases[i].given, true, &range, NULL, &err), -EINVAL);
                if (!strstr(err.text, cases[i].says))
                        fail_msg("'%s': %s", cases[i].given, err.text);
                assert_non_null(strstr(err.text, cases[i].given));
                assert_int_equal(range.first.family, 0);
        }
}

static void test_normalize(void **state)
{
        _cleanup_(range_set_release) struct range_set set = SET("2001:db8::/65", "10.0.1.0/24",
                                                                "10.0.0.0/24", "10.0.0.7",
                                                                "2001:db8::8000:0:0:0/65", "10.0.3.0/24",
                                                                "255.255.255.255",
                                                                "::", "10.0.0.200-10.0.1.3"),
                                                      whole = SET("0.0.0.0/0", "10.0.0.0/8", "::/0",
                                                                  "ffff::/16"),
                                                      empty = {0};

        assert_set(&set, "10.0.0.0/23 10.0.3.0/24 255.255.255.255 :: 2001:db8::/64");
        assert_set(&whole, "0.0.0.0/0 ::/0");
        range_set_normalize(&empty);
        assert_int_equal(empty.n, 0);
        assert_int_equal(range_set_count(&empty), 0);
}

static void test_subtract(void **state)
{
        static const struct {
                const char *set[4], *taken[4], *left;
        } cases[] = {
                {{"10.0.0.0/24"}, {"10.0.0.255"}, "10.0.0.0-10.0.0.254"},
                {{"10.0.0.0/24"}, {"10.0.0.0"}, "10.0.0.1-10.0.0.255"},
                {{"10.0.0.0/24"}, {"10.0.0.0/24"}, ""},
                {{"10.0.0.0/24"}, {"10.0.0.0/8"}, ""},
                {{"10.0.0.0/24"}, {"10.0.1.0/24", "::/0"}, "10.0.0.0/24"},
                {{"10.0.0.0/30"}, {"10.0.0.1", "10.0.0.3"}, "10.0.0.0 10.0.0.2"},
                {{"10.0.0.0/24", "10.0.2.0/24", "10.0.4.0/24"},
                 {"10.0.0.128-10.0.4.127"},
                 "10.0.0.0/25 10.0.4.128/25"},
                {{"0.0.0.0/0", "::/0"},
                 {"0.0.0.0", "255.255.255.255", "::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
                 "0.0.0.1-255.255.255.254 ::1-ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe"},
                {{"10.0.0.0/24"}, {NULL}, "10.0.0.0/24"},
        };

        for (size_t i = 0; i < array_len(cases); i++) {
                _cleanup_(range_set_release) struct range_set set = {0}, taken = {0};

                for (size_t j = 0; j < 4 && cases[i].set[j]; j++)
                        range_set_add(&set, (struct address_range[]){range_of(cases[i].set[j])});
                for (size_t j = 0; j < 4 && cases[i].taken[j]; j++)
                        range_set_add(&taken, (struct address_range[]){range_of(cases[i].taken[j])});
                range_set_normalize(&set);
                range_set_normalize(&taken);
                range_set_subtract(&set, &taken);
                assert_set(&set, cases[i].left);
        }
}

static void test_index(void **state)
{
        _cleanup_(range_set_release) struct range_set set =
                SET("10.0.0.250-10.0.1.5", "10.0.3.0", "2001:db8::ffff-2001:db8::1:1");
        uint64_t n = range_set_count(&set), index = 0;
        struct address a,
                out[] = {address_of("10.0.0.249"),     address_of("10.0.1.6"),      address_of("9.9.9.9"),
                         address_of("2001:db8::fffe"), address_of("2001:db8::1:2"), address_of("::")};

        assert_int_equal(n, 12 + 1 + 3);
        for (uint64_t i = 0; i < n; i++) {
                a = range_set_get(&set, i);
                assert_true(range_set_has(&set, &a));
                assert_true(range_set_index(&set, &a, &index));
                assert_int_equal(index, i);
        }
        a = address_of("10.0.1.0");
        assert_true(range_set_index(&set, &a, &index));
        assert_int_equal(index, 6);
        a = range_set_get(&set, n - 1);
        assert_int_equal(address_compare(&a, (struct address[]){address_of("2001:db8::1:1")}), 0);
        for (size_t i = 0; i < array_len(out); i++) {
                assert_false(range_set_has(&set, &out[i]));
                assert_false(range_set_index(&set, &out[i], &index));
        }
}

static void test_huge(void **state)
{
        _cleanup_(range_set_release) struct range_set all4 = SET("0.0.0.0/0"), half = SET("2001:db8::/64"),
                                                      most = SET("10.0.0.0/8", "2001:db8::/64",
                                                                 "2001:db9::1");
        struct address a = address_of("2001:db9::1"), last = address_of("2001:db8::ffff:ffff:ffff:ffff");
        uint64_t index = 0;

        assert_int_equal(range_set_count(&all4), 1ull << 32);
        assert_true(range_set_count(&half) == UINT64_MAX);
        assert_true(range_set_count(&most) == UINT64_MAX);
        assert_true(range_set_has(&most, &a));
        assert_false(range_set_index(&most, &a, &index)); /* its number does not fit */
        assert_false(range_set_index(&half, &last, &index));
        a = range_set_get(&most, (1u << 24) + 0x1234);
        assert_int_equal(address_compare(&a, (struct address[]){address_of("2001:db8::1234")}), 0);
}

static void test_next(void **state)
{
        struct address a = address_of("10.0.0.255"), b = address_of("255.255.255.255"),
                       c = address_of("2001:db8::ffff:ffff");

        a = address_next(&a);
        b = address_next(&b);
        c = address_next(&c);
        assert_int_equal(address_compare(&a, (struct address[]){address_of("10.0.1.0")}), 0);
        assert_int_equal(address_compare(&b, (struct address[]){address_of("0.0.0.0")}), 0);
        assert_int_equal(address_compare(&c, (struct address[]){address_of("2001:db8::1:0:0")}), 0);
}

static void test_port_set(void **state)
{
        struct port_set *set = xcalloc(1, sizeof(*set)), *taken = xcalloc(1, sizeof(*taken));
        _cleanup_free_ uint16_t *list = xcalloc(65536, sizeof(*list));
        _cleanup_str_ struct str text = {0};

        port_set_format(set, &text);
        assert_string_equal(str_text(&text), "");
        assert_int_equal(port_set_count(set), 0);
        port_set_add(set, 22);
        port_set_add(set, 63);
        port_set_add_range(set, 8000, 8002);
        port_set_add_range(set, 8001, 8010);
        port_set_add_range(set, 65534, 65535);
        assert_int_equal(port_set_count(set), 15);
        port_set_format(set, &text);
        assert_string_equal(text.text, "22,63,8000-8010,65534-65535");
        assert_int_equal(port_set_list(set, list), 15);
        assert_int_equal(list[0], 22);
        assert_int_equal(list[2], 8000);
        assert_int_equal(list[14], 65535);
        port_set_add_range(taken, 8003, 65534);
        port_set_subtract(set, taken);
        str_reset(&text);
        port_set_format(set, &text);
        assert_string_equal(text.text, "22,63,8000-8002,65535");
        port_set_add_range(set, 0, 65535);
        assert_int_equal(port_set_count(set), 65536);
        str_reset(&text);
        port_set_format(set, &text);
        assert_string_equal(text.text, "0-65535");
        free(set);
        free(taken);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_parse_and_format),
                cmocka_unit_test(test_refused),
                cmocka_unit_test(test_normalize),
                cmocka_unit_test(test_subtract),
                cmocka_unit_test(test_index),
                cmocka_unit_test(test_huge),
                cmocka_unit_test(test_next),
                cmocka_unit_test(test_port_set),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
