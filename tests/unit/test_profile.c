/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The built-in profiles, and what the reader of their files refuses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/str.h"
#include "knowledge/profile.h"
#include "knowledge/profile_parse.h"

static void test_builtin(void **state)
{
        static const char *const names[] = {"container-host", "database",       "dns",        "jump-host",
                                            "mail",           "minimal-server", "web-server", "workstation"};
        size_t n;
        const struct profile *const *all = profiles_all(&n);

        assert_int_equal(n, array_len(names));
        for (size_t i = 0; i < n; i++) {
                assert_string_equal(all[i]->name, names[i]);
                assert_ptr_equal(profile_find(names[i]), all[i]);
                assert_non_null(profile_group_of(all[i], "ssh.service"));
                assert_non_null(profile_group_of(all[i], "systemd-journald.service"));
                assert_non_null(profile_group_of(all[i], "getty@tty1.service"));
                assert_null(profile_group_of(all[i], "telnet.socket"));
                assert_null(profile_group_of(all[i], "systemd-journal-gatewayd.socket"));
                assert_null(profile_group_of(all[i], "rpcbind.service"));
                assert_null(profile_group_of(all[i], "vsftpd.service"));
        }
        assert_null(profile_find("toaster"));
}

static void test_groups(void **state)
{
        const struct profile *web = profile_find("web-server"), *database = profile_find("database");
        const struct profile_group *g = profile_group_of(web, "nginx.service");

        assert_non_null(g);
        assert_int_equal(g->n_ports, 3);
        assert_int_equal(g->ports[1].first, 443);
        assert_int_equal(g->ports[2].transport, TRANSPORT_UDP);
        assert_null(profile_group_of(database, "nginx.service"));
        assert_null(profile_group_of(web, "postgresql.service"));
        assert_non_null(profile_group_of(database, "postgresql@15-main.service"));
        assert_null(profile_group_of(profile_find("minimal-server"), "nginx.service"));
        assert_null(profile_group_of(profile_find("jump-host"), "cups.service"));
        assert_non_null(profile_group_of(profile_find("workstation"), "cups.service"));
}

/* "" and the profile, or what is wrong with it. */
static const char *fault_of(const char *text)
{
        static struct err err;
        struct pool *pool = pool_new();
        struct parsed_profiles parsed = {0};
        int r = profile_parse(text, strlen(text), "x.yaml", pool, &parsed, &err);

        if (r == 0)
                r = profiles_check(&parsed, &err);
        parsed_profiles_release(&parsed);
        pool_free(pool);
        return r == 0 ? "" : err.text;
}

#define HEAD "name: some\ntitle: Some\nwhat: Something that is told at length\n"
#define WHY  "    why: It is needed by somebody here.\n"

static void test_faults(void **state)
{
        static const struct {
                const char *text, *fault;
        } cases[] = {
                {HEAD "services:\n  - units: [a.service]\n" WHY, ""},
                {HEAD "services:\n  - units: [a.service]\n    ports: [80/tcp, 90-95/udp]\n" WHY, ""},
                {HEAD "services:\n  - units: []\n" WHY, "is empty"},
                {HEAD "services:\n  - units: [../x]\n" WHY, "must be a unit"},
                {HEAD "services:\n  - units: ['*']\n" WHY, "at least 3"},
                {HEAD "services:\n  - units: ['*.service']\n" WHY, "must be a unit"},
                {HEAD "services:\n  - units: [a.service]\n    ports: [80/xyz]\n" WHY, "is no port"},
                {HEAD "services:\n  - units: [a.service]\n", "is missing"},
                {HEAD "toast: 1\n", "unknown"},
                {HEAD "includes: [other]\nservices:\n  - units: [a.service]\n" WHY, "not there"},
                {HEAD "includes: [some]\nservices:\n  - units: [a.service]\n" WHY, "includes others"},
                {"name: Some\n", "lower-case"},
                {"", "x.yaml"},
        };

        for (size_t i = 0; i < array_len(cases); i++) {
                const char *fault = fault_of(cases[i].text);

                if (*cases[i].fault ? !strstr(fault, cases[i].fault) : *fault)
                        fail_msg("case %zu: '%s', and not '%s'", i, fault, cases[i].fault);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_builtin),
                cmocka_unit_test(test_groups),
                cmocka_unit_test(test_faults),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
