/* SPDX-License-Identifier: GPL-2.0-or-later */
/* estate.yaml: what is taken, and the words for what is not. */
#include "test.h"

#include <errno.h>

#include "base/clock.h"
#include "base/fd.h"
#include "policy/estate_parse.h"
#include "yaml_cases.h"

static int parse(const char *text, size_t len, struct pool *pool, struct estate *e, struct err *err)
{
        return estate_parse(text, len, "t.yaml", pool, e, err);
}

static void expect_error(const char *text, const char *error)
{
        _cleanup_(pool_freep) struct pool *pool = pool_new();
        struct estate e = {.n_windows = 77};
        struct err err = {0};

        assert_int_equal(parse(text, strlen(text), pool, &e, &err), -EINVAL);
        assert_string_equal(err.text, error);
        assert_int_equal(err.code, -EINVAL);
        assert_int_equal(e.n_windows, 77);
        yaml_case("estate", text, err.text);
}

/* Begins so: the rest is the word of another parser. */
static void expect_error_start(const char *text, const char *start, const char *within)
{
        _cleanup_(pool_freep) struct pool *pool = pool_new();
        struct estate e = {0};
        struct err err = {0};

        assert_int_equal(parse(text, strlen(text), pool, &e, &err), -EINVAL);
        print_message("%s\n", err.text);
        assert_memory_equal(err.text, start, strlen(start));
        assert_non_null(strstr(err.text, within));
        yaml_case("estate", text, err.text);
}

static void test_example(void **state)
{
        _cleanup_(pool_freep) struct pool *pool = pool_new();
        _cleanup_str_ struct str text = {0};
        struct address plc = {0};
        struct err err = {0};
        struct estate e;

        assert_int_equal(fd_read_file(-1, SOURCE_DIR "/docs/estate.example.yaml", 1 << 20, &text), 0);
        if (parse(text.text, text.len, pool, &e, &err) < 0)
                fail_msg("%s", err.text);
        yaml_case("estate", text.text, "");
        assert_string_equal(e.file, "t.yaml");
        assert_int_equal(e.n_networks, 4);
        assert_string_equal(e.networks[1].zone, "printers");
        assert_int_equal(range_set_count(&e.exclude), 256 + 5 + 1);
        assert_int_equal(e.n_devices, 3);
        assert_int_equal(e.n_assets, 2);
        assert_int_equal(e.n_places, 3);
        assert_int_equal(e.assets[0].n_addresses, 2);
        assert_string_equal(e.assets[0].names[0], "www.example.net");
        assert_string_equal(e.assets[0].owner, "web-team");
        assert_string_equal(e.assets[0].tags[1], "pci");
        assert_int_equal(e.assets[0].class, DEVICE_SERVER);
        assert_int_equal(e.assets[1].class, DEVICE_NONE);
        assert_string_equal(e.assets[1].tags[0], "ups");
        assert_int_equal(e.n_windows, 3);
        assert_int_equal(e.windows[0].days, 0x1f);
        assert_int_equal(e.windows[0].from, 22 * 60);
        assert_int_equal(e.windows[0].to, 5 * 60);
        assert_int_equal(e.windows[1].days, 0x60);
        assert_int_equal(e.windows[1].to, 1440);
        assert_int_equal(range_set_count(&e.windows[2].only), 4096);
        assert_int_equal(address_parse("10.30.2.9", &plc), 0);
        assert_int_equal(estate_limits(&e, &plc).host_rate, 2);
}

static void test_nothing(void **state)
{
        static const char *const texts[] = {
                "", "# only a comment\n", "{}", "--- {}\n...\n",
                "networks: []\nexclude: []\ndevices: []\nassets: []\nwindows: []\n"};
        _cleanup_(pool_freep) struct pool *pool = pool_new();
        struct estate e;

        for (size_t i = 0; i < array_len(texts); i++) {
                assert_int_equal(parse(texts[i], strlen(texts[i]), pool, &e, NULL), 0);
                yaml_case("estate", texts[i], "");
                assert_int_equal(e.n_networks + e.exclude.n + e.n_devices + e.n_assets + e.n_windows, 0);
        }
}

/* Where a list may not be empty one value will do; numbers with and without quotes. */
static void test_forms(void **state)
{
        static const char text[] =
                "devices:\n"
                "  - match: {cidr: 10.0.0.1}\n"
                "    class: camera\n"
                "    rate: '7'\n"
                "    forbid_ports: ['22', 23, 1-3/udp]\n"
                "windows:\n"
                "  - {days: [fri-mon, mon], from: 08:00, to: 09:00, for: ['fd00::/64', 10.0.0.0]}\n"
                "exclude: [10.0.0.9, 10.0.0.4-7, 10.0.0.8/32, 10.0.0.0/30]\n";
        _cleanup_(pool_freep) struct pool *pool = pool_new();
        struct err err = {0};
        struct estate e;
        char range[RANGE_TEXT_SIZE];

        if (parse(text, strlen(text), pool, &e, &err) < 0)
                fail_msg("%s", err.text);
        yaml_case("estate", text, "");
        assert_int_equal(e.devices[0].limits.host_rate, 7);
        assert_int_equal(port_set_count(e.devices[0].limits.forbidden[TRANSPORT_TCP]), 2);
        assert_int_equal(port_set_count(e.devices[0].limits.forbidden[TRANSPORT_UDP]), 5);
        assert_int_equal(e.windows[0].days, 0x71);
        assert_int_equal(e.windows[0].only.n, 2);
        assert_int_equal(e.exclude.n, 1);
        assert_string_equal(address_range_format(&e.exclude.at[0], range), "10.0.0.0-10.0.0.9");
}

static void test_yaml(void **state)
{
        expect_error("networks:\n\t- cidr: 10.0.0.0/8\n",
                     "t.yaml:2: not valid YAML: begins with a tab; indent with blanks");
        expect_error("networks: []\nassets: []\nnetworks: []\n",
                     "t.yaml:3: field 'networks': is given twice");
        expect_error("networks:\n  - cidr: 10.0.0.0/8\n    cidr: 10.0.0.0/8\n",
                     "t.yaml:3: field 'networks[0].cidr': is given twice");
        expect_error("network: []\n",
                     "t.yaml:1: field 'network': unknown; known are networks, exclude, devices, "
                     "assets, windows");
        expect_error("- cidr: 10.0.0.0/8\n", "t.yaml:1: expected a mapping (lines of 'key: value')");
        expect_error("networks: 10.0.0.0/8\n",
                     "t.yaml:1: field 'networks': expected a list ('[a, b]', or lines of '- a')");
        expect_error("networks:\n",
                     "t.yaml:1: field 'networks': expected a list ('[a, b]', or lines of '- a')");
        expect_error("networks: []\n---\nassets: []\n",
                     "t.yaml:2: a second document; one file is one document");
        expect_error("exclude: &a [10.0.0.1]\nassets: *a\n",
                     "t.yaml:1: field 'exclude': anchors ('&name') are not supported; remove it");
        expect_error("networks: !x []\n",
                     "t.yaml:1: field 'networks': tags ('!type') are not supported; remove it");
        expect_error("assets: [{name: \"a\\u0007\"}]\n",
                     "t.yaml:1: field 'assets[0].name': holds a control character; remove it");
        expect_error("assets: [{name: 007}]\n",
                     "t.yaml:1: field 'assets[0].name': '007' is not text to YAML; put it in quotes");
}

static void test_networks(void **state)
{
        expect_error("networks: [{zone: a}]\n", "t.yaml:1: field 'networks[0].cidr': is missing; add it");
        expect_error_start("networks:\n  - cidr: 10.20.0.1/16\n",
                           "t.yaml:2: field 'networks[0].cidr': ", "10.20.0.0/16");
        expect_error_start("exclude: [10.0.0.0/33]\n", "t.yaml:1: field 'exclude[0]': ", "10.0.0.0/33");
        expect_error_start("exclude: [10.0.0.9-10.0.0.1]\n", "t.yaml:1: field 'exclude[0]': ", "10.0.0.9");
        expect_error_start("exclude: [web1]\n", "t.yaml:1: field 'exclude[0]': ", "web1");
        expect_error(
                "networks: [{cidr: 10.0.0.1-10.0.0.9}]\n",
                "t.yaml:1: field 'networks[0].cidr': '10.0.0.1-10.0.0.9' is not a network as 10.20.0.0/16 or "
                "2001:db8::/64");
        expect_error(
                "networks: [{cidr: 0.0.0.0/0}]\n",
                "t.yaml:1: field 'networks[0].cidr': is wider than /8; name the networks that are yours");
        expect_error(
                "networks: [{cidr: 10.0.0.0/7}]\n",
                "t.yaml:1: field 'networks[0].cidr': is wider than /8; name the networks that are yours");
        expect_error(
                "networks: [{cidr: '::/0'}]\n",
                "t.yaml:1: field 'networks[0].cidr': is wider than /7; name the networks that are yours");
        expect_error(
                "networks:\n  - cidr: 10.0.0.0/8\n  - cidr: fd00::/8\n  - cidr: '::ffff:10.0.0.0/104'\n",
                "t.yaml:4: field 'networks[2]': 10.0.0.0/8 is already the network of line 2");
        expect_error(
                "networks: [{cidr: 10.0.0.0/8, zone: internet}]\n",
                "t.yaml:1: field 'networks[0].zone': 'internet' has a meaning of its own; choose another name");
        expect_error(
                "networks: [{cidr: 10.0.0.0/8, zone: a b}]\n",
                "t.yaml:1: field 'networks[0].zone': 'a b' must be letters, digits and '._-', with no '._-' at "
                "the start");
}

static void test_devices(void **state)
{
#define DEVICE(rest) "devices:\n  - match: {cidr: 10.0.0.0/24}\n" rest
        expect_error(
                DEVICE("    class: toaster\n"),
                "t.yaml:3: field 'devices[0].class': 'toaster' is none of server, workstation, network, "
                "printer, plc, ups, bmc, voip, camera, medical");
        expect_error(DEVICE("    class: none\n"),
                     "t.yaml:3: field 'devices[0].class': 'none' is none of server, workstation, network, "
                     "printer, plc, ups, bmc, voip, camera, medical");
        expect_error(DEVICE(""), "t.yaml:2: field 'devices[0].class': is missing; add it");
        expect_error("devices: [{class: plc}]\n", "t.yaml:1: field 'devices[0].match': is missing; add it");
        expect_error("devices:\n  - class: plc\n    match: {}\n",
                     "t.yaml:3: field 'devices[0].match': needs cidr or tags");
        expect_error(
                "devices: [{class: plc, match: {cidr: []}}]\n",
                "t.yaml:1: field 'devices[0].match.cidr': is an empty list; name something or remove the line");
        expect_error(
                DEVICE("    class: plc\n    rate: 6\n"),
                "t.yaml:4: field 'devices[0].rate': 6 is more than the 5 packets/s that the class plc may get; "
                "an entry can only lower it");
        expect_error(
                DEVICE("    rate: 21\n    class: printer\n"),
                "t.yaml:3: field 'devices[0].rate': 21 is more than the 20 packets/s that the class printer may "
                "get; an entry can only lower it");
        expect_error(DEVICE("    class: plc\n    rate: 0\n"),
                     "t.yaml:4: field 'devices[0].rate': '0' is not a number from 1 to 1000000");
        expect_error(DEVICE("    class: plc\n    rate: fast\n"),
                     "t.yaml:4: field 'devices[0].rate': 'fast' is not a number from 1 to 1000000");
        expect_error(DEVICE("    class: plc\n    rate: 1.5\n"),
                     "t.yaml:4: field 'devices[0].rate': '1.5' is not text to YAML; put it in quotes");
        expect_error(DEVICE("    class: plc\n    forbid: [tcp]\n"),
                     "t.yaml:4: field 'devices[0].forbid[0]': 'tcp' is none of syn, udp, identify");
#define NO_PORT(word)                                       \
        "t.yaml:4: field 'devices[0].forbid_ports': '" word \
        "' is not a port or range of 1 to 65535, as 23, 161/udp or 9100-9107/tcp"
        expect_error(DEVICE("    class: plc\n    forbid_ports: 0\n"), NO_PORT("0"));
        expect_error(DEVICE("    class: plc\n    forbid_ports: 65536\n"), NO_PORT("65536"));
        expect_error(DEVICE("    class: plc\n    forbid_ports: 65535-65536\n"), NO_PORT("65535-65536"));
        expect_error(DEVICE("    class: plc\n    forbid_ports: 10-5\n"), NO_PORT("10-5"));
        expect_error(DEVICE("    class: plc\n    forbid_ports: 10/sctp\n"), NO_PORT("10/sctp"));
        expect_error(DEVICE("    class: plc\n    forbid_ports: 9100-9107,U:161\n"),
                     NO_PORT("9100-9107,U:161"));
        expect_error(DEVICE("    class: plc\n    forbid_ports: ssh\n"), NO_PORT("ssh"));
        expect_error("devices:\n  - {match: {tags: plcc}, class: plc}\nassets: [{name: a, tags: plc}]\n",
                     "t.yaml:2: field 'devices[0].match': no asset has these tags; are they spelt right?");
        expect_error("devices:\n  - {match: {tags: [a, b]}, class: plc}\n"
                     "assets: [{name: a, tags: a}, {name: b, tags: [b, c]}]\n",
                     "t.yaml:2: field 'devices[0].match': no asset has these tags; are they spelt right?");
        expect_error(
                "devices:\n"
                "  - {match: {cidr: 10.0.0.0/25}, class: server}\n"
                "  - {match: {cidr: 10.0.0.128/25}, class: server}\n"
                "  - {match: {cidr: 10.0.0.64/26}, class: plc}\n",
                "t.yaml:4: field 'devices[2].match': entries before it match all of this, and the first that "
                "matches decides; move this one up");
}

static void test_assets(void **state)
{
        expect_error("assets: [{addresses: 10.0.0.1}]\n",
                     "t.yaml:1: field 'assets[0].name': is missing; add it");
        expect_error("assets:\n  - name: a\n  - name: b\n  - name: a\n",
                     "t.yaml:4: field 'assets[2].name': 'a' is already the asset of line 2");
        expect_error(
                "assets:\n  - {name: a, addresses: 10.0.0.1}\n  - {name: b, addresses: ['::ffff:10.0.0.1']}\n",
                "t.yaml:3: field 'assets[1].addresses[0]': '::ffff:10.0.0.1' is already that of asset 'a' "
                "(line 2)");
        expect_error("assets: [{name: a, addresses: [10.0.0.1, 10.0.0.1]}]\n",
                     "t.yaml:1: field 'assets[0].addresses[1]': '10.0.0.1' is given twice");
        expect_error("assets: [{name: a, addresses: 10.0.0.0/24}]\n",
                     "t.yaml:1: field 'assets[0].addresses': '10.0.0.0/24' is no IP address");
        expect_error("assets: [{name: a, addresses: 224.0.0.1}]\n",
                     "t.yaml:1: field 'assets[0].addresses': '224.0.0.1' is not the address of one machine");
        expect_error("assets: [{name: a, addresses: '::'}]\n",
                     "t.yaml:1: field 'assets[0].addresses': '::' is not the address of one machine");
        expect_error("assets: [{name: a, tags: [x, x]}]\n",
                     "t.yaml:1: field 'assets[0].tags[1]': 'x' is given twice");
        expect_error(
                "assets: [{name: '@a'}]\n",
                "t.yaml:1: field 'assets[0].name': '@a' must be letters, digits and '._-', with no '._-' at the "
                "start");
        expect_error(
                "assets: [{name: a, address: 10.0.0.1}]\n",
                "t.yaml:1: field 'assets[0].address': unknown; known are name, addresses, names, owner, tags, "
                "class");
}

static void test_windows(void **state)
{
        static const char *const no_times[] = {"25:00",    "24:00", "22:60", "7:00",  "noon",
                                               "22:00:00", "22.00", "-1:00", "2200x", ""};

        expect_error("windows: [{from: '22:00'}]\n", "t.yaml:1: field 'windows[0].to': is missing; add it");
        for (size_t i = 0; i < array_len(no_times); i++) {
                _cleanup_free_ char *text = xasprintf("windows: [{from: '%s', to: '23:00'}]", no_times[i]);
                _cleanup_free_ char *error = xasprintf(
                        "t.yaml:1: field 'windows[0].from': '%s' is not a time of day from 00:00 to 23:59",
                        no_times[i]);

                expect_error(text, error);
        }
        expect_error("windows: [{from: '22:00', to: '24:01'}]\n",
                     "t.yaml:1: field 'windows[0].to': '24:01' is not a time of day from 00:00 to 24:00");
        expect_error(
                "windows: [{from: '22:00', to: '22:00'}]\n",
                "t.yaml:1: field 'windows[0]': begins and ends at the same time; the whole day is 00:00 to 24:00");
        expect_error(
                "windows: [{days: monday, from: '22:00', to: '23:00'}]\n",
                "t.yaml:1: field 'windows[0].days': 'monday' is not a day or range of days, as sun or mon-fri");
        expect_error(
                "windows: [{days: [mon, sun-], from: '22:00', to: '23:00'}]\n",
                "t.yaml:1: field 'windows[0].days[1]': 'sun-' is not a day or range of days, as sun or mon-fri");
        expect_error(
                "windows: [{from: '22:00', to: '23:00', for: []}]\n",
                "t.yaml:1: field 'windows[0].for': is an empty list; name something or remove the line");
}

/* Each ends at once. */
static void test_bombs(void **state)
{
        static const char *const units[] = {"[",  "{", "- ", "a: ",          "? ", "\xff",
                                            "\0", "x", "'",  "networks: [{", "!",  "[10.0.0.1],"};
        _cleanup_(pool_freep) struct pool *pool = pool_new();
        _cleanup_free_ char *large = xmalloc(ESTATE_FILE_MAX + 1);
        struct estate e;
        struct err err;

        for (size_t i = 0; i < array_len(units); i++) {
                size_t len = units[i][0] ? strlen(units[i]) : 1;
                uint64_t begin = clock_monotonic_ns();

                for (size_t at = 0; at < ESTATE_FILE_MAX; at++)
                        large[at] = units[i][at % len];
                err = (struct err){0};
                assert_int_equal(parse(large, ESTATE_FILE_MAX, pool, &e, &err), -EINVAL);
                assert_memory_equal(err.text, "t.yaml:", 7);
                assert_true(clock_monotonic_ns() - begin < 5000000000ull);
        }
        memset(large, '#', ESTATE_FILE_MAX + 1);
        assert_int_equal(parse(large, ESTATE_FILE_MAX, pool, &e, NULL), 0);
        assert_int_equal(parse(large, ESTATE_FILE_MAX + 1, pool, &e, NULL), -EFBIG);
        expect_error("a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n",
                     "t.yaml:1: field 'a': anchors ('&name') are not "
                     "supported; remove it");
}

/* As many assets as the file may hold: neither reading nor asking is quadratic. */
static void test_many_assets(void **state)
{
        _cleanup_(pool_freep) struct pool *pool = pool_new();
        _cleanup_str_ struct str text = {0};
        uint64_t begin = clock_monotonic_ns();
        struct err err = {0};
        struct estate e;
        unsigned n;

        str_add(&text, "assets:\n");
        for (n = 0; text.len < ESTATE_FILE_MAX - 64; n++)
                str_addf(&text, "- {name: h%u, addresses: 10.%u.%u.%u}\n", n, n >> 16, n >> 8 & 255,
                         n & 255);
        if (parse(text.text, text.len, pool, &e, &err) < 0)
                fail_msg("%s", err.text);
        assert_int_equal(e.n_assets, n);
        assert_true(n > 20000);
        for (unsigned i = 0; i < n; i++) {
                struct address a =
                        address_v4((uint8_t[]){10, (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i});

                assert_ptr_equal(estate_asset_by_address(&e, &a), &e.assets[i]);
        }
        assert_true(clock_monotonic_ns() - begin < 5000000000ull);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_example),  cmocka_unit_test(test_nothing),
                cmocka_unit_test(test_forms),    cmocka_unit_test(test_yaml),
                cmocka_unit_test(test_networks), cmocka_unit_test(test_devices),
                cmocka_unit_test(test_assets),   cmocka_unit_test(test_windows),
                cmocka_unit_test(test_bombs),    cmocka_unit_test(test_many_assets),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
