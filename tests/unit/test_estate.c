/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lookups in an estate: zones, assets, device classes and their limits, scan windows. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/fd.h"
#include "policy/estate_parse.h"

static void setup(struct pool *pool, struct estate *e, const char *text)
{
        struct err err = {0};

        if (estate_parse(text, strlen(text), "t.yaml", pool, e, &err) < 0)
                fail_msg("%s", err.text);
}

static struct address addr(const char *text)
{
        struct address a;

        assert_int_equal(address_parse(text, &a), 0);
        return a;
}

static const char *zone(const struct estate *e, const char *address)
{
        struct address a = addr(address);

        return estate_zone(e, &a);
}

static void test_zone(void **state)
{
        _cleanup_(pool_freep) struct pool *pool = pool_new();
        struct estate e;

        setup(pool, &e,
              "networks:\n"
              "  - {cidr: 10.20.5.0/24, zone: printers}\n"
              "  - {cidr: 10.20.0.0/16, zone: office}\n"
              "  - {cidr: 10.20.5.128/25, zone: lab}\n"
              "  - {cidr: 10.20.6.0/24}\n"
              "  - {cidr: 2001:db8::/32, zone: six}\n"
              "  - {cidr: 10.20.5.7, zone: one}\n");
        assert_string_equal(zone(&e, "10.20.4.255"), "office");
        assert_string_equal(zone(&e, "10.20.5.0"), "printers");
        assert_string_equal(zone(&e, "10.20.5.127"), "printers");
        assert_string_equal(zone(&e, "10.20.5.128"), "lab");
        assert_string_equal(zone(&e, "10.20.5.255"), "lab");
        assert_string_equal(zone(&e, "10.20.5.7"), "one");
        assert_string_equal(zone(&e, "::ffff:10.20.5.7"), "one");
        assert_string_equal(zone(&e, "2001:db8::1"), "six");
        assert_null(zone(&e, "10.20.6.1")); /* the narrowest has none */
        assert_null(zone(&e, "10.21.0.0"));
        assert_null(zone(&e, "2001:db9::1"));
}

static const char *const site = "networks: [{cidr: 10.0.0.0/8}]\n"
                                "devices:\n"
                                "  - {match: {cidr: [10.5.0.0/16, 'fd00::/16']}, class: printer, rate: 12,\n"
                                "     forbid: identify, forbid_ports: [7, 161/udp]}\n"
                                "  - {match: {cidr: 10.0.0.0/8}, class: workstation, rate: 100}\n"
                                "  - {match: {tags: [plc, old]}, class: plc, rate: 1, why: it stops}\n"
                                "  - {match: {tags: plc}, class: plc}\n"
                                "  - {match: {tags: [lab], cidr: 10.9.0.0/16}, class: medical}\n"
                                "assets:\n"
                                "  - {name: oldest, addresses: 10.1.0.1, tags: [old, plc, x]}\n"
                                "  - {name: newer, addresses: [10.1.0.2, '::ffff:10.1.0.3'], tags: plc}\n"
                                "  - {name: web, addresses: [10.5.0.9, 'fd00::9'], class: server}\n"
                                "  - {name: bench, addresses: [10.9.0.1, 10.8.0.1], tags: lab}\n"
                                "  - {name: fax, addresses: 10.1.0.9, class: printer}\n"
                                "  - {name: nowhere}\n";

static void expect_asset(const struct estate *e, const char *address, const char *name)
{
        struct address a = addr(address);
        const struct estate_asset *asset = estate_asset_by_address(e, &a);

        assert_string_equal(asset ? asset->name : "", name ? name : "");
}

static void test_assets(void **state)
{
        _cleanup_(pool_freep) struct pool *pool = pool_new();
        struct estate e;

        setup(pool, &e, site);
        for (int walk = 0; walk < 2; walk++) {
                expect_asset(&e, "10.1.0.1", "oldest");
                expect_asset(&e, "10.1.0.2", "newer");
                expect_asset(&e, "10.1.0.3", "newer");
                expect_asset(&e, "::ffff:10.1.0.2", "newer");
                expect_asset(&e, "fd00::9", "web");
                expect_asset(&e, "10.1.0.4", NULL);
                expect_asset(&e, "::", NULL);
                e.places = NULL;
        }
        assert_string_equal(estate_asset_by_name(&e, "web")->name, "web");
        assert_int_equal(estate_asset_by_name(&e, "nowhere")->n_addresses, 0);
        assert_null(estate_asset_by_name(&e, "WEB"));
        assert_null(estate_asset_by_name(&e, ""));
}

struct expected {
        const char *address;
        enum device_class class;
        uint32_t rate;
        bool no_syn, no_udp, no_identify, industrial;
        const char *why; /* NULL: there are no limits, else the beginning */
};

static void test_limits(void **state)
{
        static const struct expected table[] = {
                {"10.5.0.1", DEVICE_PRINTER, 12, false, false, true, false, "printers print"},
                {"fd00::1", DEVICE_PRINTER, 12, false, false, true, false, "printers print"},
                {"::ffff:10.5.0.1", DEVICE_PRINTER, 12, false, false, true, false, "printers print"},
                {"10.200.0.1", DEVICE_WORKSTATION, 100, false, false, false, false,
                 "t.yaml limits it (line 5)"},
                /* tags name assets: they come first, though they stand behind 10.0.0.0/8 */
                {"10.1.0.1", DEVICE_PLC, 1, true, true, true, true, "it stops"},
                {"10.1.0.2", DEVICE_PLC, 5, true, true, true, true, "controllers"},
                {"10.9.0.1", DEVICE_MEDICAL, 5, true, true, true, false, "patients"},
                {"10.8.0.1", DEVICE_WORKSTATION, 100, false, false, false, false, "t.yaml"},
                {"10.9.0.2", DEVICE_WORKSTATION, 100, false, false, false, false, "t.yaml"},
                /* an asset's own class beats the entries for its network */
                {"10.5.0.9", DEVICE_SERVER, 0, false, false, false, false, NULL},
                {"10.1.0.9", DEVICE_PRINTER, 20, false, false, false, false, "printers print"},
                {"192.0.2.1", DEVICE_NONE, 0, false, false, false, false, NULL},
                {"fd01::1", DEVICE_NONE, 0, false, false, false, false, NULL},
        };
        _cleanup_(pool_freep) struct pool *pool = pool_new();
        struct estate e;

        setup(pool, &e, site);
        for (size_t i = 0; i < array_len(table); i++) {
                const struct expected *x = &table[i];
                struct address a = addr(x->address);
                struct device_limits limits = estate_limits(&e, &a);

                print_message("%s\n", x->address);
                assert_int_equal(estate_class(&e, &a), x->class);
                assert_int_equal(limits.host_rate, x->rate);
                assert_int_equal(limits.no_syn, x->no_syn);
                assert_int_equal(limits.no_udp, x->no_udp);
                assert_int_equal(limits.no_identify, x->no_identify);
                assert_int_equal(limits.industrial, x->industrial);
                assert_int_equal(!limits.why, !x->why);
                if (x->why)
                        assert_memory_equal(limits.why, x->why, strlen(x->why));
        }
}

static void expect_ports(const struct port_set *set, const char *text)
{
        _cleanup_str_ struct str s = {0};

        if (set)
                port_set_format(set, &s);
        assert_string_equal(str_text(&s), text);
}

static void test_forbidden_ports(void **state)
{
        _cleanup_(pool_freep) struct pool *pool = pool_new();
        struct address of_entry = addr("10.5.0.1"), of_class = addr("10.1.0.9"), of_none = addr("10.8.0.1");
        struct device_limits limits;
        struct estate e;

        setup(pool, &e, site);
        limits = estate_limits(&e, &of_entry);
        expect_ports(limits.forbidden[TRANSPORT_TCP], "7,515,9100-9107");
        expect_ports(limits.forbidden[TRANSPORT_UDP], "7,161");
        limits = estate_limits(&e, &of_class);
        expect_ports(limits.forbidden[TRANSPORT_TCP], "515,9100-9107");
        assert_null(limits.forbidden[TRANSPORT_UDP]);
        limits = estate_limits(&e, &of_none);
        assert_null(limits.forbidden[TRANSPORT_TCP]);
        expect_ports(device_class_limits(DEVICE_VOIP)->forbidden[TRANSPORT_UDP], "5060-5061");
}

static void add_ports(struct str *to, const struct port_set *set, const char *transport)
{
        _cleanup_str_ struct str s = {0};
        char *rest, *word;

        if (!set)
                return;
        port_set_format(set, &s);
        for (rest = s.text; (word = strsep(&rest, ","));)
                str_addf(to, "%s%s/%s", to->len ? ", " : "", word, transport);
}

/* Each class has its row in the manual, its word in the schema, and a reason where it limits anything. */
static void test_classes(void **state)
{
        _cleanup_str_ struct str manual = {0}, schema = {0};

        assert_int_equal(fd_read_file(-1, SOURCE_DIR "/man/quaymaster-estate.5", 1 << 20, &manual), 0);
        assert_int_equal(fd_read_file(-1, SOURCE_DIR "/data/schema/estate.schema.json", 1 << 20, &schema),
                         0);
        for (enum device_class c = DEVICE_NONE + 1; c < DEVICE_CLASS_MAX; c++) {
                const struct device_limits *l = device_class_limits(c);
                _cleanup_free_ char *quoted = xasprintf("\"%s\"", device_class_name(c));
                _cleanup_str_ struct str row = {0}, ports = {0};
                bool limited = l->host_rate || l->no_syn || l->no_udp || l->no_identify;

                assert_int_equal(device_class_parse(device_class_name(c)), c);
                assert_non_null(strstr(schema.text, quoted));
                add_ports(&ports, l->forbidden[TRANSPORT_TCP], "tcp");
                add_ports(&ports, l->forbidden[TRANSPORT_UDP], "udp");
                assert_int_equal(limited || ports.len, l->why != NULL);
                str_addf(&row, "\n.It Cm %s Ta", device_class_name(c));
                if (l->host_rate)
                        str_addf(&row, " %u", l->host_rate);
                str_addf(&row, " Ta%s%s%s%s", l->no_syn ? " syn" : "", l->no_udp ? ", udp" : "",
                         l->no_identify ? ", identify" : "", ports.len ? " " : "");
                str_addf(&row, "%s\n", str_text(&ports));
                print_message("%s", row.text);
                assert_non_null(strstr(manual.text, row.text));
        }
        assert_int_equal(device_class_parse("none"), DEVICE_CLASS_MAX);
        assert_int_equal(device_class_parse("toaster"), DEVICE_CLASS_MAX);
        assert_int_equal(device_class_parse(""), DEVICE_CLASS_MAX);
        assert_null(device_class_limits(DEVICE_NONE)->why);
}

/* --- windows --------------------------------------------------------------------------------- */

static void local_time_is(const char *rules)
{
        assert_int_equal(setenv("TZ", rules, 1), 0);
        tzset();
}

/* Day and time in UTC of 2026, as "11-20 23:00:00". */
static int64_t utc(const char *text)
{
        struct tm tm = {.tm_year = 126};

        assert_int_equal(
                sscanf(text, "%d-%d %d:%d:%d", &tm.tm_mon, &tm.tm_mday, &tm.tm_hour, &tm.tm_min, &tm.tm_sec),
                5);
        tm.tm_mon--;
        return timegm(&tm);
}

struct moment {
        const char *at;
        bool open;
        const char *until; /* NULL: no end */
};

static void expect_windows(const char *windows, const char *address, const struct moment *moments, size_t n)
{
        _cleanup_(pool_freep) struct pool *pool = pool_new();
        struct address a = addr(address);
        struct estate e;

        setup(pool, &e, windows);
        for (size_t i = 0; i < n; i++) {
                int64_t until = 0;

                print_message("%s %s\n", address, moments[i].at);
                assert_int_equal(estate_window_open(&e, &a, utc(moments[i].at), &until), moments[i].open);
                assert_int_equal(until, moments[i].until ? utc(moments[i].until) : INT64_MAX);
                assert_int_equal(estate_window_open(&e, &a, utc(moments[i].at), NULL), moments[i].open);
        }
}

#define EXPECT_WINDOWS(windows, address, ...)                                    \
        do {                                                                     \
                static const struct moment moments_[] = {__VA_ARGS__};           \
                expect_windows(windows, address, moments_, array_len(moments_)); \
        } while (0)

/* 2026-11-20 is a Friday. */
static void test_across_midnight(void **state)
{
        static const char windows[] = "windows: [{days: mon-fri, from: '22:00', to: '05:00'}]";

        local_time_is("UTC0");
        EXPECT_WINDOWS(
                windows, "10.0.0.1", {"11-20 21:59:59", false, "11-20 22:00:00"},
                {"11-20 22:00:00", true, "11-21 05:00:00"}, {"11-20 23:59:59", true, "11-21 05:00:00"},
                {"11-21 00:00:00", true, "11-21 05:00:00"}, {"11-21 04:59:59", true, "11-21 05:00:00"},
                {"11-21 05:00:00", false, "11-23 22:00:00"}, /* Saturday: until Monday */
                {"11-21 22:00:00", false, "11-23 22:00:00"}, {"11-22 23:00:00", false, "11-23 22:00:00"},
                {"11-23 04:00:00", false, "11-23 22:00:00"}, /* Sunday's night is none */
                {"11-24 04:00:00", true, "11-24 05:00:00"});
        local_time_is("IST-5:30"); /* 5 h 30 min east of UTC */
        EXPECT_WINDOWS(windows, "10.0.0.1", {"11-20 16:29:59", false, "11-20 16:30:00"},
                       {"11-20 16:30:00", true, "11-20 23:30:00"},
                       {"11-20 23:30:00", false, "11-23 16:30:00"});
}

static void test_whole_days(void **state)
{
        local_time_is("UTC0");
        EXPECT_WINDOWS("{}", "10.0.0.1", {"11-20 12:00:00", true, NULL});
        EXPECT_WINDOWS("windows: [{from: '00:00', to: '24:00'}]", "10.0.0.1",
                       {"11-20 12:00:00", true, NULL});
        EXPECT_WINDOWS(
                "windows: [{days: [sat, sun], from: '00:00', to: '24:00'}]", "10.0.0.1",
                {"11-20 23:59:59", false, "11-21 00:00:00"}, {"11-21 00:00:00", true, "11-23 00:00:00"},
                {"11-22 23:59:59", true, "11-23 00:00:00"}, {"11-23 00:00:00", false, "11-28 00:00:00"});
        EXPECT_WINDOWS("windows: [{days: sun, from: '20:00', to: '00:00'}]", "10.0.0.1",
                       {"11-22 20:00:00", true, "11-23 00:00:00"},
                       {"11-23 00:00:00", false, "11-29 20:00:00"});
        /* two that overlap are one */
        EXPECT_WINDOWS(
                "windows: [{days: fri, from: '10:00', to: '12:00'}, {days: fri, from: '11:30', to: '13:00'}]",
                "10.0.0.1", {"11-20 10:00:00", true, "11-20 13:00:00"});
        EXPECT_WINDOWS("windows: [{days: sat-mon, from: '10:00', to: '11:00'}]", "10.0.0.1",
                       {"11-20 10:00:00", false, "11-21 10:00:00"},
                       {"11-23 10:30:00", true, "11-23 11:00:00"},
                       {"11-23 11:00:00", false, "11-28 10:00:00"});
}

static void test_for(void **state)
{
        static const char windows[] = "windows:\n"
                                      "  - {from: '22:00', to: '23:00'}\n"
                                      "  - {from: '08:00', to: '09:00', for: [10.1.0.0/16, 10.3.0.5-9]}\n"
                                      "  - {from: '10:00', to: '11:00', for: 10.1.2.0/24}\n";
        static const char only_for[] = "windows: [{from: '08:00', to: '09:00', for: 10.1.0.0/16}]";

        local_time_is("UTC0");
        EXPECT_WINDOWS(windows, "10.2.0.1", {"11-20 08:30:00", false, "11-20 22:00:00"},
                       {"11-20 22:30:00", true, "11-20 23:00:00"});
        EXPECT_WINDOWS(windows, "10.1.0.1", {"11-20 08:30:00", true, "11-20 09:00:00"},
                       {"11-20 22:30:00", false, "11-21 08:00:00"});
        EXPECT_WINDOWS(windows, "::ffff:10.1.2.1", {"11-20 08:30:00", true, "11-20 09:00:00"},
                       {"11-20 09:30:00", false, "11-20 10:00:00"},
                       {"11-20 10:30:00", true, "11-20 11:00:00"});
        EXPECT_WINDOWS(windows, "10.3.0.9", {"11-20 22:30:00", false, "11-21 08:00:00"});
        EXPECT_WINDOWS(windows, "10.3.0.10", {"11-20 22:30:00", true, "11-20 23:00:00"});
        EXPECT_WINDOWS(only_for, "10.2.0.1", {"11-20 22:30:00", true, NULL});
        EXPECT_WINDOWS(only_for, "10.1.0.1", {"11-20 22:30:00", false, "11-21 08:00:00"});
}

/* Central Europe: the clock goes from 2 to 3 on March 29 and from 3 to 2 on October 25, both at 01:00 UTC. */
static void test_daylight_saving(void **state)
{
        local_time_is("CET-1CEST,M3.5.0,M10.5.0/3");
        EXPECT_WINDOWS("windows: [{days: sat, from: '22:00', to: '05:00'}]", "10.0.0.1",
                       {"03-28 21:00:00", true, "03-29 03:00:00"},
                       {"10-24 20:00:00", true, "10-25 04:00:00"},
                       {"10-31 21:00:00", true, "11-01 04:00:00"});
        /* begins in the hour that is skipped: at its end */
        EXPECT_WINDOWS("windows: [{days: sun, from: '02:30', to: '04:00'}]", "10.0.0.1",
                       {"03-29 00:59:59", false, "03-29 01:00:00"},
                       {"03-29 01:00:00", true, "03-29 02:00:00"});
        /* lies in it: is not there, also seen from the week before */
        EXPECT_WINDOWS(
                "windows: [{days: sun, from: '02:10', to: '02:50'}]", "10.0.0.1",
                {"03-22 01:30:00", true, "03-22 01:50:00"}, {"03-22 01:50:00", false, "04-05 00:10:00"},
                {"03-29 00:59:59", false, "04-05 00:10:00"}, {"03-29 01:00:00", false, "04-05 00:10:00"});
        /* the hour that comes twice */
        EXPECT_WINDOWS("windows: [{days: sun, from: '02:00', to: '03:00'}]", "10.0.0.1",
                       {"10-24 23:59:59", false, "10-25 00:00:00"},
                       {"10-25 00:00:00", true, "10-25 02:00:00"},
                       {"10-25 01:00:00", true, "10-25 02:00:00"});
        EXPECT_WINDOWS(
                "windows: [{days: sun, from: '02:30', to: '02:45'}]", "10.0.0.1",
                {"10-25 00:30:00", true, "10-25 00:45:00"}, {"10-25 00:45:00", false, "10-25 01:30:00"},
                {"10-25 01:30:00", true, "10-25 01:45:00"}, {"10-25 01:45:00", false, "11-01 01:30:00"});
        EXPECT_WINDOWS("windows: [{days: sun, from: '00:00', to: '02:30'}]", "10.0.0.1",
                       {"10-25 00:00:00", true, "10-25 00:30:00"},
                       {"10-25 00:30:00", false, "10-25 01:00:00"},
                       {"10-25 01:00:00", true, "10-25 01:30:00"});
}

static uint32_t next_random(uint64_t *state)
{
        *state = *state * 6364136223846793005ull + 1442695040888963407ull; /* Knuth, MMIX */
        return (uint32_t)(*state >> 33);
}

static void random_windows(uint64_t *seed, struct str *text)
{
        unsigned n = 1 + next_random(seed) % 3;

        str_add(text, "windows:\n");
        for (unsigned i = 0; i < n; i++) {
                unsigned from = next_random(seed) % 96 * 15;
                unsigned to = (from + (1 + next_random(seed) % 95) * 15) % 1440;

                str_addf(text, "  - {days: [%s], from: '%02u:%02u', to: '%02u:%02u'}\n",
                         next_random(seed) % 2 ? "sun, wed" : "fri-sun", from / 60, from % 60, to / 60,
                         to % 60);
        }
}

/* What is told of the end is what asking at each quarter of an hour shows, over both changes of the clock. */
static void test_until_is_true(void **state)
{
        static const char *const starts[] = {"03-20 00:00:00", "10-16 00:00:00"};
        uint64_t seed = 1;

        local_time_is("CET-1CEST,M3.5.0,M10.5.0/3");
        for (unsigned round = 0; round < 40; round++) {
                _cleanup_(pool_freep) struct pool *pool = pool_new();
                _cleanup_str_ struct str text = {0};
                struct address a = addr("10.0.0.1");
                int64_t begin = utc(starts[round % 2]), until = begin;
                bool open = false;
                struct estate e;

                random_windows(&seed, &text);
                setup(pool, &e, text.text);
                for (int64_t at = begin; at < begin + 14 * 86400; at += 900) {
                        bool now = estate_window_open(&e, &a, at, NULL);

                        if (at >= until) {
                                assert_true(at == begin || (at == until && now != open));
                                open = estate_window_open(&e, &a, at, &until);
                                assert_true(until > at);
                        }
                        assert_int_equal(now, open);
                }
        }
}

static void test_impossible_time(void **state)
{
        _cleanup_(pool_freep) struct pool *pool = pool_new();
        struct address a = addr("10.0.0.1");
        struct estate e;
        int64_t until;

        local_time_is("UTC0");
        setup(pool, &e, "windows: [{from: '00:00', to: '24:00'}]");
        assert_false(estate_window_open(&e, &a, INT64_MAX, &until));
        assert_false(estate_window_open(&e, &a, INT64_MIN, &until));
        assert_true(estate_window_open(&e, &a, 0, &until));
        assert_true(estate_window_open(&e, &a, -1, &until));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_zone),
                cmocka_unit_test(test_assets),
                cmocka_unit_test(test_limits),
                cmocka_unit_test(test_forbidden_ports),
                cmocka_unit_test(test_classes),
                cmocka_unit_test(test_across_midnight),
                cmocka_unit_test(test_whole_days),
                cmocka_unit_test(test_for),
                cmocka_unit_test(test_daylight_saving),
                cmocka_unit_test(test_until_is_true),
                cmocka_unit_test(test_impossible_time),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
