/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Small texts of /proc and passwd, as a kernel 6.18 wrote them, and as none should. */
#include "test.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/mem.h"
#include "collect/mountinfo.h"
#include "collect/netns.h"
#include "collect/owners.h"
#include "collect/proc.h"
#include "collect/process_parse.h"
#include "collect/sock_diag.h"

/* A copy with nothing behind it: a parser that reads on is caught by the sanitizer. */
static char *exact(const char *text)
{
        size_t len = strlen(text);
        char *copy = xmalloc(len);

        memcpy(copy, text, len);
        return copy;
}

#define QUEUES "00000000:00000000 00:00000000 00000000"

static void test_raw(void **state)
{
        static const char raw4[] =
                "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref "
                "pointer drops\n"
                "   2: 010200C0:0059 00000000:0000 07 " QUEUES "     0        0 540089 2 000000005f199067 0\n"
                "  55: 0100007F:002F 0100007F:0000 01 " QUEUES "     0        0 540091 2 00000000342e3a4d 0\n"
                " 158: 00000000:0001 00000000:0000 07 " QUEUES "  1000        0 540087 2 00000000589821a5 0\n";
        static const char raw6[] =
                "  sl  local_address                         remote_address                        st tx_queue rx_queue "
                "tr tm->when retrnsmt   uid  timeout inode ref pointer drops\n"
                "  245: 00000000000000000000000001000000:003A 00000000000000000000000000000000:0000 07 " QUEUES
                "     0        0 540090 2 00000000647a0414 0\n"
                "  245: 00000000000000000000000000000000:003A 00000000000000000000000000000000:0000 07 " QUEUES
                "     0        0 540088 2 000000004d151bf3 0\n";
        static const struct {
                const char *text;
                int family;
                size_t n, i;
                const char *address;
                uint16_t protocol;
                uint32_t uid;
                uint64_t inode;
        } cases[] = {
                {raw4, AF_INET, 2, 0, "192.0.2.1", 89, 0, 540089}, /* the connected one is no listener */
                {raw4, AF_INET, 2, 1, "0.0.0.0", 1, 1000, 540087},
                {raw6, AF_INET6, 2, 0, "::1", 58, 0, 540090},
                {raw6, AF_INET6, 2, 1, "::", 58, 0, 540088},
                {raw4, AF_INET6, 0, 0, NULL, 0, 0, 0},
                {raw6, AF_INET, 0, 0, NULL, 0, 0, 0},
                {"   2: 010200C0:0100 00000000:0000 07 " QUEUES "     0        0 5\n", AF_INET, 0, 0, NULL, 0, 0, 0},
                {"   2: 010200C0:0001 00000000:0000 07 " QUEUES "     0        0 5", AF_INET, 1, 0, "192.0.2.1", 1, 0, 5},
                {"   2: 010200C0:0001 00000000:0000 07 " QUEUES "     0\n", AF_INET, 0, 0, NULL, 0, 0, 0},
                {"   2: 010200C:0001 00000000:0000 07 " QUEUES "     0        0 5\n", AF_INET, 0, 0, NULL, 0, 0, 0},
                {"\n\n:\n", AF_INET, 0, 0, NULL, 0, 0, 0},
                {"", AF_INET, 0, 0, NULL, 0, 0, 0},
        };

        for (size_t i = 0; i < array_len(cases); i++) {
                _cleanup_free_ char *text = exact(cases[i].text);
                struct socket_list list = {0};
                char address[ADDRESS_TEXT_SIZE];

                raw_table_parse(text, strlen(cases[i].text), cases[i].family, 3, &list);
                assert_int_equal(list.n, cases[i].n);
                if (list.n) {
                        const struct socket_seen *s = &list.at[cases[i].i];

                        assert_string_equal(address_format(&s->address, address), cases[i].address);
                        assert_int_equal(s->port, cases[i].protocol);
                        assert_int_equal(s->uid, cases[i].uid);
                        assert_int_equal(s->inode, cases[i].inode);
                        assert_true(s->transport == TRANSPORT_RAW && s->netns == 3 && s->unit == NONE);
                }
                vec_clear(&list);
        }
}

#define STATUS "\nUmask:\t0022\nState:\tS (sleeping)\nTgid:\t11289\nPid:\t11289\nPPid:\t11263\nTracerPid:\t0\n"

static void test_status(void **state)
{
        static const struct {
                const char *text, *name; /* name NULL: refused */
                uint32_t uid;
        } cases[] = {
                {"Name:\tsshd" STATUS "Uid:\t0\t0\t0\t0\nGid:\t0\t0\t0\t0\n", "sshd", 0},
                {"Name:\ta) (b c" STATUS "Uid:\t1000\t33\t1000\t1000\n", "a) (b c", 33}, /* the effective one */
                {"Name:\ta\\nb\\\\ \t" STATUS "Uid:\t1\t1\t1\t1\n", "a\\nb\\\\ \t", 1},
                {"Name:\t" STATUS "Uid:\t5\t6\t5\t5\n", "", 6}, /* prctl(PR_SET_NAME, "") */
                {"Name:\tUid:\t7" STATUS "Uid:\t5\t6\t5\t5\n", "Uid:\t7", 6},
                {"Name:\tx" STATUS "Uid:\t4294967294\t4294967295\t0\t0", "x", 4294967295},
                {"Name:\tkworker/u16:3-events_unbound" STATUS "Uid:\t0\t0\t0\t0\n", "kworker/u16:3-e", 0}, /* cut */
                {"Name:\tx" STATUS "Uid:\t0\t4294967296\t0\t0\n", NULL, 0},
                {"Name:\tx" STATUS "Uid:\t0\t99999999999999999999999\t0\t0\n", NULL, 0},
                {"Name:\tx" STATUS "Uid:\t0", NULL, 0},
                {"Name:\tx" STATUS "Uid:\t", NULL, 0},
                {"Name:\tx" STATUS, NULL, 0},
                {"Uid:\t0\t0\t0\t0\n", NULL, 0},
                {"Name", NULL, 0},
                {"", NULL, 0},
        };

        for (size_t i = 0; i < array_len(cases); i++) {
                _cleanup_free_ char *text = exact(cases[i].text);
                char name[16];
                uint32_t uid = 12345;
                bool ok = process_parse_status(text, strlen(cases[i].text), name, sizeof(name), &uid);

                assert_int_equal(ok, cases[i].name != NULL);
                assert_int_equal(uid, ok ? cases[i].uid : 12345);
                if (ok)
                        assert_string_equal(name, cases[i].name);
        }
}

#define STAT " S 11263 11263 19362 0 -1 4194304 141 0 0 0 0 0 0 0 20 0 1 0 "

static void test_start(void **state)
{
        static const struct {
                const char *text;
                uint64_t ticks; /* 0: refused */
        } cases[] = {
                {"11289 (sleep)" STAT "437194 2990080 414 18446744073709551615 1 2\n", 437194},
                {"11289 (a) (b c)" STAT "437194 2990080\n", 437194},
                {"11289 ()" STAT "435405 0\n", 435405},
                {"11289 (a\nb\\ \t)" STAT "435405", 435405},
                {"11289 (x) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19)" STAT "437194 1\n", 437194},
                {"11289 (x)" STAT "18446744073709551616 0\n", 0},
                {"11289 (x)" STAT "-1 0\n", 0},
                {"11289 (x)" STAT, 0},
                {"11289 (x) S 1 2 3", 0},
                {"11289 (x)", 0},
                {"11289 x", 0},
                {"", 0},
        };

        for (size_t i = 0; i < array_len(cases); i++) {
                _cleanup_free_ char *text = exact(cases[i].text);
                uint64_t ticks = 0;

                assert_int_equal(process_parse_start(text, strlen(cases[i].text), &ticks), cases[i].ticks != 0);
                assert_int_equal(ticks, cases[i].ticks);
        }
}

static void test_passwd(void **state)
{
        static const char text[] = "root:x:0:0:root:/root:/bin/bash\n"
                                   "toor:x:0:0::/root:/bin/sh\n" /* the first name of a uid counts */
                                   "# a comment: with colons: 7:\n"
                                   "+::::::\n"
                                   ":x:8:8::/:\n"
                                   "\n"
                                   "big:x:4294967296:0::/:\n"
                                   "nobody:*:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n"
                                   "short:x\n"
                                   "last:x:1000";
        static const struct {
                uint64_t uid;
                const char *name;
        } cases[] = {{0, "root"}, {65534, "nobody"}, {1000, "last"}, {7, NULL}, {8, NULL}, {4294967296, NULL}};
        _cleanup_(pool_freep) struct pool *pool = pool_new();
        _cleanup_free_ char *copy = exact(text);
        struct map users = {0};

        process_parse_passwd(copy, sizeof(text) - 1, pool, &users);
        assert_int_equal(users.n, 3);
        for (size_t i = 0; i < array_len(cases); i++) {
                uint64_t name = 0;

                assert_int_equal(map_get(&users, cases[i].uid, &name), cases[i].name != NULL);
                if (cases[i].name)
                        assert_string_equal((const char *)(uintptr_t)name, cases[i].name);
        }
        map_release(&users);
}

static void test_mount(void **state)
{
        static const struct {
                const char *line;
                uint64_t inode;
                const char *path; /* NULL: no namespace */
        } cases[] = {
                {"361 42 0:4 net:[4026532326] /run/netns/t1 rw shared:128 - nsfs nsfs rw", 4026532326, "/run/netns/t1"},
                {"361 42 0:4 net:[4026532326] /run/netns/t1 rw - nsfs nsfs rw", 4026532326, "/run/netns/t1"},
                {"365 27 0:4 net:[4026532326] /srv/a\\040b/ns\\134x rw shared:128 - nsfs nsfs rw", 4026532326,
                 "/srv/a b/ns\\x"},
                {"1 2 0:4 net:[5] /tab\\011nl\\012 rw - nsfs nsfs rw", 5, "/tab\tnl\n"},
                /* no escapes of the kernel: they stay */
                {"1 2 0:4 net:[5] /a\\04 rw - nsfs nsfs rw", 5, "/a\\04"},
                {"1 2 0:4 net:[5] /a\\-12\\x41\\400\\189 rw - nsfs nsfs rw", 5, "/a\\-12\\x41\\400\\189"},
                {"1 2 0:4 net:[5] /a\\000b rw - nsfs nsfs rw", 0, NULL},
                {"1 2 0:4 net:[5] /0123456789012345678901234567890 rw - nsfs nsfs rw", 5,
                 "/0123456789012345678901234567890"},
                {"1 2 0:4 net:[5] /01234567890123456789012345678901 rw - nsfs nsfs rw", 0, NULL}, /* too long for us */
                {"1 2 0:4 mnt:[4026532326] /run/x rw - nsfs nsfs rw", 0, NULL},
                {"1 2 0:4 /net:[5] /run/x rw - ext4 /dev/vda rw", 0, NULL},
                {"1 2 0:4 net:[] /run/x rw - nsfs nsfs rw", 0, NULL},
                {"1 2 0:4 net:[18446744073709551616] /run/x rw - nsfs nsfs rw", 0, NULL},
                {"1 2 0:4 net:[5 /run/x rw - nsfs nsfs rw", 0, NULL},
                {"1 2 0:4 net:[5]", 0, NULL},
                {"1 2 0:4 ", 0, NULL},
                {"1", 0, NULL},
                {"", 0, NULL},
        };

        for (size_t i = 0; i < array_len(cases); i++) {
                _cleanup_free_ char *line = exact(cases[i].line);
                char path[33];
                uint64_t inode = 0;
                bool found = netns_parse_mount(line, strlen(cases[i].line), &inode, path, sizeof(path));

                assert_int_equal(found, cases[i].path != NULL);
                assert_int_equal(inode, cases[i].inode);
                if (found)
                        assert_string_equal(path, cases[i].path);
        }
}

static void test_mountinfo(void **state)
{
        static const struct {
                const char *line, *point, *type; /* NULL: refused */
        } cases[] = {
                {"41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw", "/sys/fs/cgroup/unified",
                 "cgroup2"},
                {"36 35 98:0 /m1 /m2 rw master:1 propagate_from:2 - ext3 /dev/root rw", "/m2", "ext3"},
                {"36 35 98:0 / /- rw - ext3 /dev/root rw", "/-", "ext3"}, /* "-" ends the optional fields only */
                {"36 35 98:0 / /m2 rw - ext3", "/m2", "ext3"},
                {"36 35 98:0 / /m2 rw master:1 ext3 /dev/root rw", NULL, NULL},
                {"36 35 98:0 / /m2 rw - ", NULL, NULL},
                {"x - cgroup2 cgroup2 rw", NULL, NULL},
                {" - cgroup2 ", NULL, NULL},
                {"", NULL, NULL},
        };

        for (size_t i = 0; i < array_len(cases); i++) {
                _cleanup_free_ char *line = exact(cases[i].line);
                struct mountinfo mount = {0};
                bool ok = mountinfo_parse(line, strlen(cases[i].line), &mount);

                assert_int_equal(ok, cases[i].type != NULL);
                if (ok) {
                        assert_true(mount_word_is(mount.point, cases[i].point));
                        assert_true(mount_word_is(mount.type, cases[i].type));
                }
        }
}

struct inodes {
        uint64_t at[8];
        size_t n;
};

static void add_inode(uint64_t inode, void *arg)
{
        struct inodes *inodes = arg;

        assert_true(inodes->n < array_len(inodes->at));
        inodes->at[inodes->n++] = inode;
}

static void test_fdinfo(void **state)
{
        static const char text[] = "pos:\t0\nflags:\t02000002\nino:\t539408\nSqMask:\t0x7\nSqThread:\t-1\nUserFiles:\t6\n"
                                   "    0: socket:[539407]\n"
                                   "    1: /tmp/socket:[1]\n" /* a file that is called so */
                                   "    2: <none>\n"
                                   "    3: /tmp/x:\\040socket:[2]\n"
                                   "    4: socket:[18446744073709551616]\n"
                                   "    5: socket:[]\n"
                                   "    6: socket:[12x]\n"
                                   "   10: socket:[539499]\n"
                                   "UserBufs:\t0\nPollList:\nCqOverflowList:\nNAPI:\tdisabled\n"
                                   "   11: socket:[7";
        _cleanup_free_ char *copy = exact(text);
        struct inodes inodes = {0};

        owners_parse_fdinfo(copy, sizeof(text) - 1, add_inode, &inodes);
        assert_int_equal(inodes.n, 2);
        assert_int_equal(inodes.at[0], 539407);
        assert_int_equal(inodes.at[1], 539499);
        owners_parse_fdinfo(": socket:[7]", 12, add_inode, &inodes);
        owners_parse_fdinfo("", 0, add_inode, &inodes);
        assert_int_equal(inodes.n, 2);
}

static void test_links(void **state)
{
        static const struct {
                const char *text, *prefix;
                uint64_t inode;
        } cases[] = {
                {"socket:[539407]", "socket:[", 539407}, {"net:[4026531840]", "net:[", 4026531840},
                {"socket:[539407", "socket:[", 0},       {"socket:[5] (deleted)", "socket:[", 0},
                {"socket:[5]]", "socket:[", 0},          {"socket:[]", "socket:[", 0},
                {"socket:[-1]", "socket:[", 0},          {"socket:[99999999999999999999999]", "socket:[", 0},
                {"/tmp/socket:[5]", "socket:[", 0},      {"pipe:[5]", "socket:[", 0},
                {"", "socket:[", 0},
        };

        for (size_t i = 0; i < array_len(cases); i++)
                assert_int_equal(proc_link_inode(cases[i].text, cases[i].prefix), cases[i].inode);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_raw),       cmocka_unit_test(test_status), cmocka_unit_test(test_start),
                cmocka_unit_test(test_passwd),    cmocka_unit_test(test_mount),  cmocka_unit_test(test_mountinfo),
                cmocka_unit_test(test_fdinfo),    cmocka_unit_test(test_links),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
