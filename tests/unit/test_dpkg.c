/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test.h"

#include <errno.h>
#include <stdio.h>

#include "small_tree.h"

#include "collect/dpkg.h"
#include "collect/dpkg_text.h"
#include "collect/lines.h"
#include "collect/path_set.h"

#define INFO   "var/lib/dpkg/info/"
#define STATUS "var/lib/dpkg/status"

#define BUDGET (64ull << 20)

struct ask {
        const char *path, *name, *version; /* name NULL: nobody owns it */
};

static void check_owners(const struct tree *tree, const struct ask *asks, size_t n, int expect)
{
        _cleanup_(pool_freep) struct pool *pool = pool_new();
        _cleanup_(dpkg_freep) struct dpkg *dpkg = NULL;
        struct package_query queries[16] = {0};
        uint64_t budget = BUDGET;
        struct err err = {0};

        assert_true(n <= array_len(queries));
        assert_int_equal(dpkg_read(tree->fd, &budget, &dpkg, &err), 0);
        for (size_t i = 0; i < n; i++)
                queries[i].path = asks[i].path;
        assert_int_equal(dpkg_owners(dpkg, queries, n, pool, &budget, &err), expect);
        for (size_t i = 0; i < n; i++) {
                const struct package *owner = &queries[i].owner;

                if (!streq_ptr(owner->name, asks[i].name) || !streq_ptr(owner->version, asks[i].version))
                        fail_msg("'%s': %s %s", asks[i].path, owner->name, owner->version);
                if (owner->name)
                        assert_string_equal(owner->manager, "dpkg");
        }
}
#define check(tree, ...)                                        \
        do {                                                    \
                static const struct ask asks[] = {__VA_ARGS__}; \
                check_owners(tree, asks, array_len(asks), 0);   \
        } while (0)

static void stanza(struct str *status, const char *name, const char *architecture, const char *version,
                   const char *state)
{
        str_addf(status,
                 "Package: %s\nStatus: %s\nArchitecture: %s\nVersion: %s\nDescription: x\n Version: 9\n\n",
                 name, state, architecture, version);
}

static void test_plain(void **state)
{
        _cleanup_tree_ struct tree tree = tree_new();
        _cleanup_str_ struct str status = {0};

        stanza(&status, "ssh", "amd64", "1:9.2", "install ok installed");
        stanza(&status, "libc6", "i386", "2.0-i386", "install ok installed");
        stanza(&status, "libc6", "amd64", "2.36", "install ok installed");
        stanza(&status, "telnetd", "amd64", "0.17", "deinstall ok config-files");
        tree_file(&tree, STATUS, status.text);
        tree_file(&tree, INFO "ssh.list",
                  "/.\n/usr\n/usr/sbin\n/usr/sbin/sshd\n/etc/ssh\n/etc/ssh/sshd_config.d\n");
        tree_file(&tree, INFO "libc6:amd64.list", "/lib\n/lib/x86_64/libc.so.6\n/usr/share/doc/libc6\n");
        tree_file(&tree, INFO "libc6:i386.list", "/lib\n/lib/i386/libc.so.6\n/usr/share/doc/libc6");
        tree_file(&tree, INFO "telnetd.list", "/etc/telnetd.conf\n");
        tree_file(&tree, INFO "unknown.list", "/usr/bin/unknown\n");
        tree_file(&tree, INFO "ssh.md5sums", "/usr/bin/not-a-list\n");
        check(&tree, {"/usr/sbin/sshd", "ssh", "1:9.2"}, {"/lib/x86_64/libc.so.6", "libc6", "2.36"},
              {"/lib/i386/libc.so.6", "libc6", "2.0-i386"}, {"/usr/share/doc/libc6", "libc6", "2.36"},
              {"/etc/telnetd.conf", "telnetd", "0.17"}, {"/usr/bin/unknown", "unknown", NULL},
              {"/usr/sbin/ssh", NULL, NULL}, {"/usr/sbin/sshd2", NULL, NULL},
              {"/usr/bin/not-a-list", NULL, NULL},
              /* no directory has an owner */
              {"/usr/sbin", NULL, NULL}, {"/etc/ssh", NULL, NULL}, {"/usr", NULL, NULL},
              /* two directories where /usr is not merged */
              {"/usr/lib/i386/libc.so.6", NULL, NULL}, {"/sbin/sshd", NULL, NULL});
}

static void test_merged_usr(void **state)
{
        _cleanup_tree_ struct tree tree = tree_new();

        tree_link(&tree, "bin", "usr/bin");
        tree_link(&tree, "sbin", "/usr/sbin");
        tree_link(&tree, "lib", "elsewhere");
        tree_file(&tree, STATUS, "");
        tree_file(&tree, INFO "coreutils.list", "/bin\n/bin/ls\n/usr\n/usr/bin\n/usr/bin/env\n");
        tree_file(&tree, INFO "a-older.list", "/bin/moved\n");
        tree_file(&tree, INFO "newer.list", "/usr/bin/moved\n");
        tree_file(&tree, INFO "init.list", "/lib/init\n/usr/share/bin/ls\n/sbin/halt\n");
        check(&tree, {"/usr/bin/ls", "coreutils", NULL}, {"/bin/ls", "coreutils", NULL},
              {"/bin/env", "coreutils", NULL}, {"/usr/bin", NULL, NULL}, {"/usr/sbin/halt", "init", NULL},
              {"/usr/lib/init", NULL, NULL}, {"/lib/init", "init", NULL},
              {"/usr/share/bin/ls", "init", NULL},
              /* both name it: the one that spells it so */
              {"/usr/bin/moved", "newer", NULL});
}

static void test_diversions(void **state)
{
        _cleanup_tree_ struct tree tree = tree_new();

        tree_link(&tree, "bin", "usr/bin");
        tree_file(&tree, STATUS, "");
        tree_file(&tree, "var/lib/dpkg/diversions",
                  "/bin/sh\n/bin/sh.distrib\ndash\n"
                  "/usr/sbin/httpd\n/usr/sbin/httpd.real\n:\n"
                  "relative\n/x\nbad\n"
                  "/usr/bin/cut\n");
        tree_file(&tree, INFO "bash.list", "/bin/sh\n/bin/bash\n");
        tree_file(&tree, INFO "dash.list", "/bin/dash\n/bin/sh\n");
        tree_file(&tree, INFO "apache.list", "/usr/sbin/httpd\n");
        check(&tree, {"/usr/bin/sh", "dash", NULL}, {"/usr/bin/sh.distrib", "bash", NULL},
              {"/bin/bash", "bash", NULL},
              /* the administrator put a file of their own there */
              {"/usr/sbin/httpd", NULL, NULL}, {"/usr/sbin/httpd.real", "apache", NULL});
}

static void test_two_claims(void **state)
{
        _cleanup_tree_ struct tree tree = tree_new();
        _cleanup_str_ struct str status = {0};

        stanza(&status, "old", "all", "1", "deinstall ok config-files");
        stanza(&status, "new", "all", "2", "install ok installed");
        stanza(&status, "other", "all", "3", "install ok installed");
        tree_file(&tree, STATUS, status.text);
        tree_file(&tree, INFO "old.list", "/etc/init.d/daemon\n");
        tree_file(&tree, INFO "new.list", "/etc/init.d/daemon\n/etc/empty.d\n");
        tree_file(&tree, INFO "other.list", "/etc/empty.d\n");
        check(&tree, {"/etc/init.d/daemon", "new", "2"}, {"/etc/empty.d", NULL, NULL});
}

static void test_vanished_list(void **state)
{
        _cleanup_tree_ struct tree tree = tree_new();
        _cleanup_(pool_freep) struct pool *pool = pool_new();
        _cleanup_(dpkg_freep) struct dpkg *dpkg = NULL;
        struct package_query queries[] = {{.path = "/usr/bin/a"}, {.path = "/usr/bin/b"}};
        uint64_t budget = BUDGET;
        struct err err = {0};

        tree_file(&tree, STATUS, "Package: b\nVersion: 1\n");
        tree_file(&tree, INFO "a.list", "/usr/bin/a\n");
        tree_file(&tree, INFO "b.list", "/usr/bin/b\n");
        assert_int_equal(dpkg_read(tree.fd, &budget, &dpkg, &err), 0);
        assert_int_equal(unlinkat(tree.fd, INFO "a.list", 0), 0);
        assert_int_equal(dpkg_owners(dpkg, queries, 2, pool, &budget, &err), 0);
        assert_null(queries[0].owner.name);
        assert_string_equal(queries[1].owner.name, "b");
        assert_string_equal(queries[1].owner.version, "1");
}

static void test_hostile_lists(void **state)
{
        _cleanup_tree_ struct tree tree = tree_new();
        _cleanup_free_ char *line = xmalloc(1 << 20), *garbage = xmalloc(4096);

        for (unsigned i = 0; i < 4096; i++)
                garbage[i] = (char)(i * 7 + i / 3);
        memset(line, 'a', 1 << 20);
        line[0] = '/';
        memcpy(line + (1 << 20) - 12, "\n/usr/bin/x\n", 12);
        tree_file(&tree, STATUS, "");
        tree_bytes(&tree, INFO "long.list", line, 1 << 20);
        tree_bytes(&tree, INFO "garbage.list", garbage, 4096);
        tree_file(&tree, INFO "empty.list", "");
        tree_link(&tree, INFO "link.list", "/etc/passwd");
        assert_int_equal(mkfifoat(tree.fd, INFO "pipe.list", 0600), 0);
        assert_int_equal(mkdirat(tree.fd, INFO "dir.list", 0700), 0);
        check(&tree, {"/usr/bin/x", "long", NULL}, {"/", NULL, NULL}, {"", NULL, NULL});
}

/* Lines of one byte: each costs four to keep. */
static void test_endless_lists(void **state)
{
        _cleanup_tree_ struct tree tree = tree_new();
        _cleanup_(dpkg_freep) struct dpkg *dpkg = NULL;
        const size_t n = 5000000;
        _cleanup_free_ char *lines = xmalloc(n);
        uint64_t budget = BUDGET;

        memset(lines, '\n', n);
        tree_bytes(&tree, INFO "a.list", lines, n);
        assert_int_equal(dpkg_read(tree.fd, &budget, &dpkg, NULL), -EFBIG);
}

static int read_code(const struct tree *tree, uint64_t budget)
{
        _cleanup_(dpkg_freep) struct dpkg *dpkg = NULL;

        return dpkg_read(tree->fd, &budget, &dpkg, NULL);
}

static void test_no_database(void **state)
{
        _cleanup_tree_ struct tree tree = tree_new();

        assert_int_equal(read_code(&tree, BUDGET), -ENOENT);
        tree_file(&tree, "var/lib/dpkg/status.d/base", "Package: base\n");
        assert_int_equal(read_code(&tree, BUDGET), -ENODATA);
        tree_file(&tree, INFO "format", "1\n");
        assert_int_equal(read_code(&tree, BUDGET), -ENODATA);
        tree_file(&tree, INFO "a.list", "/a\n");
        assert_int_equal(read_code(&tree, BUDGET), 0);
        assert_int_equal(read_code(&tree, 1000), -EFBIG);
        assert_int_equal(read_code(&tree, 1050), -EFBIG);
        tree_file(&tree, "var/lib/dpkg/diversions/x", "a directory");
        assert_int_equal(read_code(&tree, BUDGET), -EINVAL);
}

static void test_no_status(void **state)
{
        _cleanup_tree_ struct tree tree = tree_new();
        static const struct ask asks[] = {{"/a", "a", NULL}};

        tree_file(&tree, INFO "a.list", "/a\n");
        check_owners(&tree, asks, 1, -ENOENT);
}

static void take_line(void *arg, const char *text, size_t len)
{
        str_addf(arg, "[%zu %.*s]", len, (int)(len < 3 ? len : 3), text);
}

static void test_lines(void **state)
{
        _cleanup_free_ struct lines *lines = xmalloc(sizeof(*lines));
        _cleanup_str_ struct str seen = {0};
        size_t room;

        /* A byte at a time must give what one piece gives. */
        lines_init(lines, take_line, &seen);
        for (const char *s = "one\n\ntwo\nthr"; *s; s++) {
                *lines_room(lines, &room) = *s;
                lines_added(lines, 1);
        }
        lines_end(lines);
        assert_string_equal(seen.text, "[3 one][0 ][3 two][3 thr]");

        str_reset(&seen);
        for (unsigned i = 0; i < 3; i++) {
                memset(lines_room(lines, &room), 'x', LINES_BUFFER);
                assert_int_equal(room, LINES_BUFFER);
                lines_added(lines, room);
        }
        memcpy(lines_room(lines, &room), "end\nnext\n", 9);
        lines_added(lines, 9);
        lines_end(lines);
        assert_string_equal(seen.text, "[4 nex]");
}

static void test_text(void **state)
{
        struct dpkg_stanza stanza = {0};
        struct dpkg_diversion diversion = {0};
        char long_line[5000];

        assert_false(dpkg_stanza_line(&stanza, "Package: a", 10));
        assert_string_equal(stanza.name, "a");
        assert_false(dpkg_stanza_line(&stanza, "Version:2", 9));
        assert_string_equal(stanza.version, "2");
        assert_false(dpkg_stanza_line(&stanza, "Status: install ok half-configured", 34));
        assert_true(stanza.installed);
        assert_false(dpkg_stanza_line(&stanza, "Status: purge ok not-installed", 30));
        assert_false(stanza.installed);
        assert_false(dpkg_stanza_line(&stanza, "Package: a\0b", 12));
        assert_string_equal(stanza.name, "");
        assert_true(dpkg_stanza_line(&stanza, "", 0));
        memset(long_line, '/', sizeof(long_line));
        assert_false(dpkg_diversion_line(&diversion, long_line, sizeof(long_line)));
        assert_false(dpkg_diversion_line(&diversion, "/b", 2));
        assert_false(dpkg_diversion_line(&diversion, "c", 1));
        assert_false(dpkg_diversion_line(&diversion, "/a", 2));
        assert_false(dpkg_diversion_line(&diversion, "/b", 2));
        assert_true(dpkg_diversion_line(&diversion, "c", 1));
        assert_int_equal(dpkg_list_name("libc6:amd64.list"), 11);
        assert_int_equal(dpkg_list_name(".list"), 0);
        assert_int_equal(dpkg_list_name("a.lis"), 0);
}

static void test_path_set(void **state)
{
        _cleanup_path_set_ struct path_set set = {0};
        _cleanup_tree_ struct tree tree = tree_new();

        assert_null(path_set_find(&set, "/bin/x", 6));
        tree_link(&tree, "bin", "usr/bin");
        tree_link(&tree, "sbin", "usr/bin");
        tree_link(&tree, "usr/sbin", "bin");
        usr_merge_read(&set.merge, tree.fd);
        for (uint32_t i = 0; i < 200; i++)
                assert_int_equal(path_set_add(&set, "/x", i), 0);
        assert_int_equal(path_set_add(&set, "/usr/sbin/cron", 1), 1);
        assert_int_equal(path_set_find(&set, "/bin/cron", 9)->value, 1);
        assert_int_equal(path_set_find(&set, "/usr/bin/cron", 13)->value, 1);
        assert_null(path_set_find(&set, "/usr/lib/cron", 13));
        assert_null(path_set_find(&set, "/usr/bin/cro", 12));
        assert_null(path_set_find(&set, "", 0));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_plain),         cmocka_unit_test(test_merged_usr),
                cmocka_unit_test(test_diversions),    cmocka_unit_test(test_two_claims),
                cmocka_unit_test(test_vanished_list), cmocka_unit_test(test_hostile_lists),
                cmocka_unit_test(test_no_database),   cmocka_unit_test(test_no_status),
                cmocka_unit_test(test_lines),         cmocka_unit_test(test_text),
                cmocka_unit_test(test_path_set),      cmocka_unit_test(test_endless_lists),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
