/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test.h"

#include <errno.h>
#include <stdio.h>

#include "base/fd.h"
#include "firewall/spec.h"

static struct firewall_spec spec_of(struct pool *pool, const char *const *lines)
{
        struct firewall_spec spec = {.pool = pool, .log = true};

        for (; *lines; lines++) {
                struct err err = {0};

                if (firewall_spec_add(&spec, *lines, &err) < 0)
                        fail_msg("%s: %s", *lines, err.text);
        }
        return spec;
}
#define SPEC(pool, ...) spec_of(pool, (const char *const[]){__VA_ARGS__, NULL})

static void test_read_and_write(void **state)
{
        static const char *const lines[] = {
                "zone office 10.20.0.0/16 10.30.0.5-10.30.0.9 2001:db8:1::/48",
                "zone a_b-2 192.0.2.1",
                "allow tcp 443",
                "allow udp 53 from office device eth1",
                "allow tcp 8000-8010 from office internet 10.9.0.1 to 10.20.1.10 device br-0.1 # shop (web team)",
                "allow sctp 36412",
                "allow protocol 112 from 10.9.0.0/24",
                "deny tcp 8080 from internet",
        };
        _cleanup_(pool_freep) struct pool *pool = pool_new();
        _cleanup_(firewall_spec_release) struct firewall_spec spec = {.pool = pool};

        for (size_t i = 0; i < array_len(lines); i++) {
                _cleanup_str_ struct str text = {0};
                struct err err = {0};

                if (firewall_spec_add(&spec, lines[i], &err) < 0)
                        fail_msg("%s: %s", lines[i], err.text);
                if (i < 2)
                        firewall_zone_write(&spec.zones.at[i], &text);
                else
                        firewall_rule_write(&spec.rules.at[i - 2], &text);
                assert_string_equal(str_text(&text), lines[i]);
        }
}

static void test_refused(void **state)
{
        static const char *const lines[] = {
                "",
                "open tcp 22",
                "zone",
                "zone x",
                "zone office 10.0.0.0/8", /* twice */
                "zone to 10.0.0.0/8",
                "zone a;b 10.0.0.0/8",
                "zone abcdefghijklmnopqrstuvwxyz012345 10.0.0.0/8",
                "zone y 10.0.0.0/33",
                "zone y 10.0.0.1/8",
                "zone y nowhere",
                "allow",
                "allow tcp",
                "allow tcp 0",
                "allow tcp 65536",
                "allow tcp 10-9",
                "allow tcp 9-",
                "allow raw 1",
                "allow protocol 256",
                "allow tcp 22 from",
                "allow tcp 22 from mars",
                "allow tcp 22 from office from office",
                "allow tcp 22 to",
                "allow tcp 22 to 10.0.0.0/8",
                "allow tcp 22 device",
                "allow tcp 22 device eth0\"",
                "allow tcp 22 device *",
                "allow tcp 22 device abcdefghijklmnop",
                "allow tcp 22 accept",
                "allow tcp 22 #",
                "allow tcp 22 # a\"b",
                "allow tcp 22 # a;b",
        };
        _cleanup_(pool_freep) struct pool *pool = pool_new();
        _cleanup_(firewall_spec_release) struct firewall_spec spec = SPEC(pool, "zone office 10.20.0.0/16");

        for (size_t i = 0; i < array_len(lines); i++) {
                struct err err = {0};

                if (firewall_spec_add(&spec, lines[i], &err) != -EINVAL || !err.text[0])
                        fail_msg("taken: %s", lines[i]);
        }
        assert_int_equal(spec.zones.n, 1);
        assert_int_equal(spec.rules.n, 0);
}

static void test_comment(void **state)
{
        _cleanup_(pool_freep) struct pool *pool = pool_new();

        assert_string_equal(firewall_comment(pool, "  \"shop\";  {the web}\n"), "shop the web");
        assert_null(firewall_comment(pool, "\"\n\""));
}

static void assert_golden(const struct str *text, const char *name)
{
        _cleanup_str_ struct str path = {0}, golden = {0};

        str_addf(&path, GOLDEN_DIR "/firewall/%s", name);
        if (getenv("UPDATE_GOLDEN")) {
                FILE *f = fopen(str_text(&path), "we");

                assert_non_null(f);
                assert_int_equal(fwrite(text->text, 1, text->len, f), text->len);
                assert_int_equal(fclose(f), 0);
        }
        assert_int_equal(fd_read_file(-1, str_text(&path), 1 << 20, &golden), 0);
        assert_string_equal(str_text(text), str_text(&golden));
}

static struct address address_of(const char *text)
{
        struct address a;

        assert_int_equal(address_parse(text, &a), 0);
        return a;
}

static void test_table(void **state)
{
        _cleanup_(pool_freep) struct pool *pool = pool_new();
        _cleanup_(firewall_spec_release) struct firewall_spec spec =
                SPEC(pool, "zone office 10.20.0.0/16 10.20.9.0/24 2001:db8:1::/48", "zone lab 10.21.0.0/16",
                     "allow tcp 443 # shop", "allow tcp 22", "allow tcp 8000-8010",
                     "allow tcp 8005-8020 # overlaps", "allow udp 53 from office device eth1",
                     "allow tcp 5432 from office internet 10.9.0.1 to 10.20.1.10",
                     "allow protocol 112 from 10.9.0.0/24 # vrrp", "allow sctp 36412", "deny tcp 23");
        _cleanup_str_ struct str text = {0};
        const struct firewall_living living[] = {
                {TRANSPORT_TCP, address_of("10.20.1.10"), address_of("10.20.0.7"), 22, 40000},
                {TRANSPORT_TCP, address_of("::ffff:10.20.1.10"), address_of("::ffff:10.20.0.8"), 22, 40001},
                {TRANSPORT_UDP, address_of("2001:db8:1::1"), address_of("2001:db8::53"), 50000, 53},
        };

        firewall_table_write(&spec, living, array_len(living), &text);
        assert_golden(&text, "table.nft");
}

static void test_empty_table(void **state)
{
        _cleanup_(pool_freep) struct pool *pool = pool_new();
        struct firewall_spec spec = {.pool = pool};
        _cleanup_str_ struct str text = {0};

        firewall_table_write(&spec, NULL, 0, &text);
        assert_golden(&text, "empty.nft");
}

static void test_published(void **state)
{
        _cleanup_(pool_freep) struct pool *pool = pool_new();
        _cleanup_(firewall_spec_release) struct firewall_spec spec =
                SPEC(pool, "zone office 10.20.0.0/16", "allow tcp 8080 from office", "deny tcp 8080",
                     "deny udp 5000-5010 from internet to 192.0.2.1");
        _cleanup_str_ struct str text = {0};

        firewall_published_write(&spec, &text);
        assert_golden(&text, "published.nft");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_read_and_write), cmocka_unit_test(test_refused),
                cmocka_unit_test(test_comment),        cmocka_unit_test(test_table),
                cmocka_unit_test(test_empty_table),    cmocka_unit_test(test_published),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
