/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test.h"

#include <errno.h>

#include "small_tree.h"

#include "collect/apk.h"

static const char installed[] = "C:Q1abc=\n"
                                "P:musl\nV:1.2.4-r2\nA:x86_64\nT:the libc\n"
                                "F:lib\nR:ld-musl-x86_64.so.1\na:0:0:755\nZ:Q1xyz=\nR:libc.so\n"
                                "\n"
                                "P:busybox\nV:1.36\nF:\nR:rootfile\nF:bin\nR:busybox\nF:usr/sbin\n"
                                "\n"
                                "F:usr/bin\nR:orphan\n"
                                "\n"
                                "P:nginx\nV:1.24\nF:usr/sbin\nR:nginx";

static int ask(const struct tree *tree, struct package_query *queries, size_t n, struct pool *pool,
               uint64_t budget)
{
        return apk_owners(tree->fd, queries, n, pool, &budget, NULL);
}

static void test_owners(void **state)
{
        static const struct {
                const char *path, *name, *version;
        } rows[] = {
                {"/lib/ld-musl-x86_64.so.1", "musl", "1.2.4-r2"},
                {"/lib/libc.so", "musl", "1.2.4-r2"},
                {"/bin/busybox", "busybox", "1.36"},
                {"/rootfile", "busybox", "1.36"},
                {"/usr/sbin/nginx", "nginx", "1.24"},
                {"/usr/bin/orphan", NULL, NULL},
                {"/usr/bin/busybox", NULL, NULL},
                {"/lib", NULL, NULL},
        };
        _cleanup_(pool_freep) struct pool *pool = pool_new();
        _cleanup_tree_ struct tree tree = tree_new();
        struct package_query queries[array_len(rows)] = {0};

        for (unsigned i = 0; i < array_len(rows); i++)
                queries[i].path = rows[i].path;
        assert_int_equal(ask(&tree, queries, array_len(rows), pool, 1 << 20), -ENOENT);
        tree_file(&tree, "lib/apk/db/installed", installed);
        assert_int_equal(ask(&tree, queries, array_len(rows), pool, 10), -EFBIG);
        assert_int_equal(ask(&tree, queries, array_len(rows), pool, 1 << 20), 0);
        for (unsigned i = 0; i < array_len(rows); i++) {
                assert_true(streq_ptr(queries[i].owner.name, rows[i].name));
                assert_true(streq_ptr(queries[i].owner.version, rows[i].version));
                assert_true(streq_ptr(queries[i].owner.manager, rows[i].name ? "apk" : NULL));
        }
}

static void test_merged_usr(void **state)
{
        _cleanup_(pool_freep) struct pool *pool = pool_new();
        _cleanup_tree_ struct tree tree = tree_new();
        struct package_query query = {.path = "/usr/bin/busybox"};

        tree_link(&tree, "bin", "usr/bin");
        tree_file(&tree, "usr/lib/apk/db/installed", installed);
        assert_int_equal(ask(&tree, &query, 1, pool, 1 << 20), 0);
        assert_string_equal(query.owner.name, "busybox");
}

static void test_bounds(void **state)
{
        _cleanup_(pool_freep) struct pool *pool = pool_new();
        _cleanup_tree_ struct tree tree = tree_new();
        struct package_query query = {.path = "/usr/sbin/nginx"};
        _cleanup_str_ struct str text = {0};

        /* A name too long to keep owns nothing; nor does a file in a directory too long to keep. */
        str_add(&text, "P:");
        for (unsigned i = 0; i < 300; i++)
                str_add_char(&text, 'n');
        str_add(&text, "\nF:usr/sbin\nR:nginx\n\nP:b\nF:");
        for (unsigned i = 0; i < 5000; i++)
                str_add_char(&text, 'd');
        str_add(&text, "\nR:nginx\nR:\n\n:\n\n\nP\nF:usr/sbin\nR:nginx\n");
        tree_file(&tree, "lib/apk/db/installed", text.text);
        assert_int_equal(ask(&tree, &query, 1, pool, 1 << 20), 0);
        assert_null(query.owner.name);
        assert_int_equal(unlinkat(tree.fd, "lib/apk/db/installed", 0), 0);
        assert_int_equal(mkfifoat(tree.fd, "lib/apk/db/installed", 0600), 0);
        assert_int_equal(ask(&tree, &query, 1, pool, 1 << 20), -EINVAL);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_owners),
                cmocka_unit_test(test_merged_usr),
                cmocka_unit_test(test_bounds),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
