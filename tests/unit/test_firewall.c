/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The firewall collector with small scripts in the place of quaymaster-nft. */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/str.h"
#include "collect/collector.h"
#include "collect/netns.h"
#include "collect/nft_tables.h"

#define N_NETNS 3

/* In the place of netns.c: three namespaces, of which the last is gone. */
static int handle_fds[N_NETNS] = {-1, -1, -1};

int netns_open(const struct collection *c, uint32_t index)
{
        return handle_fds[index] < 0 ? -ENOENT : fcntl(handle_fds[index], F_DUPFD_CLOEXEC, 0);
}

struct fixture {
        char dir[64];
        char program[96];
        struct collect_options options;
        struct collection c;
};

static int set_up(void **state)
{
        static const char *const roles[N_NETNS] = {"host", "docker:web", "gone"};
        struct fixture *f = xcalloc(1, sizeof(*f));

        (void)snprintf(f->dir, sizeof(f->dir), "/tmp/quaymaster-test-XXXXXX");
        assert_non_null(mkdtemp(f->dir));
        (void)snprintf(f->program, sizeof(f->program), "%s/helper", f->dir);
        f->options.nft_program = f->program;
        f->c = (struct collection){.options = &f->options, .view = inside_new()};
        f->c.proc_fd = open(f->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        for (size_t i = 0; i < N_NETNS; i++)
                vec_push(&f->c.view->netns)->role = roles[i];
        handle_fds[0] = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
        handle_fds[1] = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
        *state = f;
        return 0;
}

static void remove_at(const struct fixture *f, const char *name, int flags)
{
        (void)unlinkat(f->c.proc_fd, name, flags);
}

static int tear_down(void **state)
{
        struct fixture *f = *state;

        collector_firewall.end(&f->c);
        remove_at(f, "helper", 0);
        remove_at(f, "net/ip_tables_names", 0);
        remove_at(f, "net", AT_REMOVEDIR);
        (void)rmdir(f->dir);
        fd_close(&f->c.proc_fd);
        for (size_t i = 0; i < N_NETNS; i++)
                fd_close(&handle_fds[i]);
        inside_free(f->c.view);
        free(f);
        return 0;
}

static void write_file(const struct fixture *f, const char *name, const char *text, mode_t mode)
{
        _cleanup_close_ int fd = openat(f->c.proc_fd, name, O_WRONLY | O_CREAT | O_CLOEXEC, mode);

        assert_true(fd >= 0);
        assert_int_equal(fd_write_all(fd, text, strlen(text)), 0);
}

static void run(struct fixture *f, const char *script)
{
        struct err err = {0};

        if (script)
                write_file(f, "helper", script, 0700);
        assert_int_equal(collector_firewall_start.collect(&f->c, &err), 0);
        assert_int_equal(collector_firewall.collect(&f->c, &err), 0);
}

static const struct gap *gap_with(const struct fixture *f, const char *words)
{
        vec_foreach (gap, &f->c.view->gaps)
                if (strstr(gap->reason, words))
                        return gap;
        return NULL;
}

#define CHAIN                                                                            \
        "{\"chain\":{\"family\":\"ip\",\"table\":\"t\",\"name\":\"c\",\"type\":\"nat\"," \
        "\"hook\":\"prerouting\"}}"
#define RULE(body)                                                                                      \
        "{\"rule\":{\"family\":\"ip\",\"table\":\"t\",\"chain\":\"c\",\"handle\":4,\"expr\":"           \
        "[{\"match\":{\"op\":\"==\",\"left\":{\"payload\":{\"protocol\":\"tcp\",\"field\":\"dport\"}}," \
        "\"right\":5}}," body "]}}"
#define LINE(fd, rule) "echo '{\"netns_fd\":" #fd ",\"nftables\":[" CHAIN "," rule "]}'\n"
#define GOOD           RULE("{\"redirect\":{\"port\":6}}")

static void test_each_line_belongs_to_its_namespace(void **state)
{
        struct fixture *f = *state;

        run(f, "#!/bin/sh\n" LINE(3, RULE("{\"redirect\":{\"port\":\"?\"}}")) LINE(4, GOOD));
        assert_int_equal(f->c.view->forwards.n, 1);
        assert_int_equal(f->c.view->forwards.at[0].netns, 1);
        assert_string_equal(f->c.view->forwards.at[0].rule, "ip t c handle 4");
        assert_int_equal(f->c.view->gaps.n, 1);
        assert_non_null(gap_with(f, "1 rules that forward ports in namespace 'host' were not understood"));
        assert_false(f->c.view->gaps.at[0].incomplete);
}

/* Descriptors in the order of the arguments, nothing else open, nothing in the environment. */
static void test_what_the_helper_gets(void **state)
{
        struct fixture *f = *state;
        /* as a shell that starts us may leave it to us */
        _cleanup_close_ int inherited = fcntl(STDERR_FILENO, F_DUPFD, 200);

        assert_int_equal(inherited, 200);
        run(f, "#!/bin/sh\n"
               "[ \"$*\" = 'list --netns-fd 3 --netns-fd 4' ] || exit 1\n"
               "case $(readlink /proc/$$/fd/3) in net:*) ;; *) exit 1;; esac\n"
               "case $(readlink /proc/$$/fd/4) in mnt:*) ;; *) exit 1;; esac\n"
               "[ ! -e /proc/$$/fd/5 ] && [ ! -e /proc/$$/fd/200 ] && [ -z \"$HOME\" ] || exit 1\n" LINE(3, GOOD) LINE(4, GOOD));
        assert_int_equal(f->c.view->forwards.n, 2);
        assert_int_equal(f->c.view->gaps.n, 0);
}

static void test_refused(void **state)
{
        struct fixture *f = *state;

        run(f, "#!/bin/sh\n"
               "echo '{\"netns_fd\":3,\"error\":\"no\",\"errno\":1}'\n"
               "echo '{\"netns_fd\":4,\"error\":\"no\",\"errno\":1}'\n");
        assert_int_equal(f->c.view->gaps.n, 1);
        assert_int_equal(f->c.view->gaps.at[0].count, 2);
        assert_string_equal(f->c.view->gaps.at[0].capability, "CAP_NET_ADMIN");
        assert_true(f->c.view->gaps.at[0].incomplete);
}

static void test_missing_program(void **state)
{
        struct fixture *f = *state;

        run(f, NULL);
        assert_int_equal(f->c.view->gaps.n, 1);
        assert_non_null(gap_with(f, "no quaymaster-nft"));
        assert_false(f->c.view->gaps.at[0].incomplete);
}

static void test_no_program(void **state)
{
        struct fixture *f = *state;

        f->options.nft_program = NULL;
        run(f, NULL);
        assert_non_null(gap_with(f, "no quaymaster-nft"));
}

static void test_not_executable(void **state)
{
        struct fixture *f = *state;

        write_file(f, "helper", "no program", 0700);
        run(f, NULL);
        assert_int_equal(f->c.view->gaps.n, 1);
        assert_non_null(gap_with(f, "starting quaymaster-nft failed"));
        assert_true(f->c.view->gaps.at[0].incomplete);
}

static void test_ends_early(void **state)
{
        struct fixture *f = *state;

        run(f, "#!/bin/sh\n" LINE(3, GOOD) "printf '{\"netns_fd\":4,'; exit 2\n");
        assert_int_equal(f->c.view->forwards.n, 1);
        assert_non_null(gap_with(f, "told nothing of 1 of 2 namespaces: it ended with status 2"));
        assert_true(f->c.view->gaps.at[0].incomplete);
}

static void test_is_killed(void **state)
{
        struct fixture *f = *state;

        run(f, "#!/bin/sh\nkill -KILL $$\n");
        assert_non_null(gap_with(f, "told nothing of 2 of 2 namespaces: it was ended by signal 9 (Killed)"));
}

static void test_another_order_is_not_believed(void **state)
{
        struct fixture *f = *state;

        run(f, "#!/bin/sh\n" LINE(4, GOOD) LINE(3, GOOD));
        assert_int_equal(f->c.view->forwards.n, 0);
        assert_non_null(gap_with(f, "told nothing of 2 of 2 namespaces: its answer is not understood"));
}

static void test_too_much(void **state)
{
        struct fixture *f = *state;

        run(f, "#!/bin/sh\n" LINE(3, GOOD) "exec head -c 20000000 /dev/zero\n");
        assert_int_equal(f->c.view->forwards.n, 1);
        assert_non_null(gap_with(f, "too large"));
}

/* With a child that holds the pipe too: both must be gone. */
static void test_too_slow(void **state)
{
        struct fixture *f = *state;
        uint64_t start = clock_monotonic_ns();

        run(f, "#!/bin/sh\n" LINE(3, GOOD) "sleep 60 & wait\n");
        assert_int_equal(f->c.view->forwards.n, 1);
        assert_non_null(gap_with(f, "took too long"));
        assert_true(clock_monotonic_ns() - start < 10 * UINT64_C(1000000000));
}

static void test_legacy_tables(void **state)
{
        struct fixture *f = *state;

        assert_int_equal(mkdirat(f->c.proc_fd, "net", 0700), 0);
        write_file(f, "net/ip_tables_names", "filter\nnat\n", 0600);
        run(f, "#!/bin/sh\n" LINE(3, GOOD) LINE(4, GOOD));
        assert_int_equal(f->c.view->gaps.n, 1);
        assert_non_null(gap_with(f, "legacy iptables"));
        assert_true(f->c.view->gaps.at[0].incomplete);
}

static void test_legacy_without_nat(void **state)
{
        struct fixture *f = *state;

        assert_int_equal(mkdirat(f->c.proc_fd, "net", 0700), 0);
        write_file(f, "net/ip_tables_names", "filter\nmynat\n", 0600);
        run(f, "#!/bin/sh\n" LINE(3, GOOD) LINE(4, GOOD));
        assert_int_equal(f->c.view->gaps.n, 0);
}

/* Ending without having read leaves no process behind. */
static void test_given_up(void **state)
{
        struct fixture *f = *state;
        struct err err = {0};

        write_file(f, "helper", "#!/bin/sh\nsleep 60\n", 0700);
        assert_int_equal(collector_firewall_start.collect(&f->c, &err), 0);
        collector_firewall.end(&f->c);
        assert_null(f->c.firewall);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static void test_kernel_without_tables(void **state)
{
        static const struct {
                const char *modules, *builtin;
                bool loaded;
        } cases[] = {
                {"nf_tables 385024 0 - Live 0x0\n", "", true},
                {"nft_ct 1 0 - Live 0x0\nnf_tables 385024 1 nft_ct, Live 0x0\n", "", true},
                {"nf_tables_set 1 0 - Live 0x0\nx_tables 1 1 nf_tables, Live 0x0\n", "", false},
                {"", "kernel/net/netfilter/nf_tables.ko\n", true},
                {"", "kernel/net/netfilter/nf_log_syslog.ko\n", false},
        };

        for (size_t i = 0; i < array_len(cases); i++)
                assert_int_equal(nft_tables_loaded(cases[i].modules, cases[i].builtin), cases[i].loaded);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(test_each_line_belongs_to_its_namespace),
                TEST(test_what_the_helper_gets),
                TEST(test_refused),
                TEST(test_missing_program),
                TEST(test_no_program),
                TEST(test_not_executable),
                TEST(test_ends_early),
                TEST(test_is_killed),
                TEST(test_another_order_is_not_believed),
                TEST(test_too_much),
                TEST(test_too_slow),
                TEST(test_legacy_tables),
                TEST(test_legacy_without_nat),
                TEST(test_given_up),
                cmocka_unit_test(test_kernel_without_tables),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
