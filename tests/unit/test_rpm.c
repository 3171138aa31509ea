/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test.h"

#include <errno.h>

#include "small_tree.h"

#include "base/clock.h"
#include "collect/rpm.h"

/* A program that stands in for rpm: the arguments it was given go to a file, the text is what it says. */
static struct rpm_command fake_rpm(const struct tree *tree, struct str *program, const char *script)
{
        _cleanup_str_ struct str text = {0};

        str_addf(&text, "#!/bin/sh\nfor a; do echo \"$a\"; done > %s/arguments\nenv > %s/environment\n%s\n",
                 tree->path, tree->path, script);
        tree_file(tree, "rpm", text.text);
        str_addf(program, "%s/rpm", tree->path);
        return (struct rpm_command){.program = program->text, .timeout_ms = 3000, .max_output = 1 << 20};
}

static void test_owners(void **state)
{
        _cleanup_(pool_freep) struct pool *pool = pool_new();
        _cleanup_tree_ struct tree tree = tree_new();
        _cleanup_str_ struct str program = {0}, said = {0};
        struct rpm_command command =
                fake_rpm(&tree, &program,
                         "printf 'Popenssh-server\\t8.0p1-19\\nF/etc/ssh\\nF/usr/sbin/sshd\\n'\n"
                         "echo 'file /opt/x is not owned by any package'\n"
                         "printf 'Pbash\\t4.4-2\\nF/bin/bash\\nF/usr/sbin/sshd\\nF/opt/other'");
        struct package_query queries[] = {
                {.path = "/usr/sbin/sshd"},
                {.path = "/opt/x"},
                {.path = "/usr/bin/bash"},
                {.path = "/tmp/%(touch x)"},
                {.path = "/usr/bin/known", .owner = {.name = "known"}},
        };
        struct err err = {0};

        tree_link(&tree, "bin", "usr/bin");
        assert_int_equal(rpm_owners(&command, tree.fd, queries, array_len(queries), pool, &err), 0);
        assert_string_equal(queries[0].owner.name, "openssh-server");
        assert_string_equal(queries[0].owner.version, "8.0p1-19");
        assert_string_equal(queries[0].owner.manager, "rpm");
        assert_null(queries[1].owner.name);
        assert_string_equal(queries[2].owner.name, "bash");
        assert_null(queries[3].owner.name);
        assert_string_equal(queries[4].owner.name, "known");

        tree_read(&tree, "arguments", &said);
        assert_true(str_ends(said.text, "\n--\n/usr/sbin/sshd\n/opt/x\n/usr/bin/bash\n"));
}

static void test_nothing_to_ask(void **state)
{
        struct rpm_command command = {.program = "/nonexistent/rpm", .timeout_ms = 10};
        struct package_query queries[] = {
                {.path = "/a b"}, {.path = "/b", .owner = {.name = "b"}}, {.path = "/c"}};
        _cleanup_(pool_freep) struct pool *pool = pool_new();
        _cleanup_tree_ struct tree tree = tree_new();

        assert_int_equal(rpm_owners(&command, tree.fd, queries, 2, pool, NULL), 0);
        assert_int_equal(rpm_owners(&command, tree.fd, queries, 3, pool, NULL), -ENOENT);
}

static void test_limits(void **state)
{
        static const struct {
                const char *script;
                int code;
        } rows[] = {
                {"printf 'Pa\\t1\\nF/a\\n'; exec sleep 100", -ETIMEDOUT},
                {"printf 'Pa\\t1\\nF/a\\n'; exec yes F/b", -EFBIG},
                /* Says all, then does not end. */
                {"printf 'Pa\\t1\\nF/a\\n'; exec >/dev/null; exec sleep 100", 0},
                {"printf 'Pa\\t1\\nF/a\\n'; exit 1", 0},
                {"printf 'Pa\\t1\\nF/a\\n'; kill -9 $$", 0},
        };
        _cleanup_(pool_freep) struct pool *pool = pool_new();

        for (unsigned i = 0; i < array_len(rows); i++) {
                _cleanup_tree_ struct tree tree = tree_new();
                _cleanup_str_ struct str program = {0};
                struct rpm_command command = fake_rpm(&tree, &program, rows[i].script);
                struct package_query query = {.path = "/a"};
                uint64_t start = clock_monotonic_ns();

                command.timeout_ms = 500;
                assert_int_equal(rpm_owners(&command, tree.fd, &query, 1, pool, NULL), rows[i].code);
                assert_true(clock_monotonic_ns() - start < 10000000000ull);
                if (rows[i].code != -EFBIG)
                        assert_string_equal(query.owner.name, "a");
        }
}

static void test_environment(void **state)
{
        _cleanup_(pool_freep) struct pool *pool = pool_new();
        _cleanup_tree_ struct tree tree = tree_new();
        _cleanup_str_ struct str program = {0}, said = {0};
        struct rpm_command command = fake_rpm(&tree, &program, "exit 0");
        struct package_query query = {.path = "/a"};

        assert_int_equal(setenv("QM_SECRET", "x", 1), 0);
        assert_int_equal(rpm_owners(&command, tree.fd, &query, 1, pool, NULL), 0);
        tree_read(&tree, "environment", &said);
        assert_null(strstr(said.text, "QM_SECRET"));
        assert_non_null(strstr(said.text, "HOME=/nonexistent\n"));
}

static void test_database(void **state)
{
        _cleanup_tree_ struct tree tree = tree_new();

        assert_false(rpm_database_exists(tree.fd));
        tree_file(&tree, "var/lib/rpm/rpmdb.sqlite", "");
        assert_true(rpm_database_exists(tree.fd));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_owners),   cmocka_unit_test(test_nothing_to_ask),
                cmocka_unit_test(test_limits),   cmocka_unit_test(test_environment),
                cmocka_unit_test(test_database),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
