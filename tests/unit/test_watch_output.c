/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The file that `watch` appends to: full disks, torn lines, rotation. */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/watch_output.h"
#include "small_tree.h"

/* In place of libc's: a disk with so much room, for descriptors that are no terminal or pipe of the test's own. */
static size_t room = SIZE_MAX;

ssize_t write(int fd, const void *data, size_t len)
{
        ssize_t n;

        if (fd > STDERR_FILENO && !room && len) {
                errno = ENOSPC;
                return -1;
        }
        n = syscall(SYS_write, fd, data, fd > STDERR_FILENO && len > room ? room : len);
        if (fd > STDERR_FILENO && room != SIZE_MAX && n > 0)
                room -= (size_t)n;
        return n;
}

struct fixture {
        struct tree tree;
        char *path;
        struct watch_output o;
        int saved_stderr;
};

static int set_up(void **state)
{
        struct fixture *f = xcalloc(1, sizeof(*f));
        int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

        f->saved_stderr = dup(STDERR_FILENO);
        (void)dup2(null, STDERR_FILENO);
        (void)close(null);
        f->tree = tree_new();
        f->path = xasprintf("%s/out", f->tree.path);
        f->o = (struct watch_output){.path = f->path, .fd = -1};
        room = SIZE_MAX;
        *state = f;
        return 0;
}

static int tear_down(void **state)
{
        struct fixture *f = *state;

        (void)dup2(f->saved_stderr, STDERR_FILENO);
        (void)close(f->saved_stderr);
        watch_output_release(&f->o);
        tree_release(&f->tree);
        free(f->path);
        free(f);
        return 0;
}

static void add(struct fixture *f, const char *lines)
{
        str_add(&f->o.text, lines);
        assert_int_equal(watch_output_flush(&f->o, NULL), 0);
}

static void assert_file(const struct fixture *f, const char *name, const char *expected)
{
        _cleanup_str_ struct str text = {0};

        tree_read(&f->tree, name, &text);
        assert_string_equal(str_text(&text), expected);
}

static void test_goes_on_where_it_was_full(void **state)
{
        struct fixture *f = *state;

        assert_int_equal(watch_output_open(&f->o, NULL), 0);
        add(f, "one\n");
        room = 2;
        add(f, "two\nthree\n");
        assert_true(f->o.full && f->o.torn);
        assert_file(f, "out", "one\ntw");
        add(f, "four\n");
        assert_file(f, "out", "one\ntw");
        room = SIZE_MAX;
        add(f, "five\n");
        assert_file(f, "out", "one\ntwo\nthree\nfour\nfive\n");
        assert_false(f->o.full || f->o.torn);
        assert_int_equal(f->o.n_lost, 0);
}

static void test_keeps_so_much(void **state)
{
        struct fixture *f = *state;
        const unsigned n = WATCH_OUTPUT_KEPT / 8 + 5;
        _cleanup_str_ struct str text = {0};

        room = 0;
        for (unsigned i = 0; i < n; i++) {
                str_addf(&f->o.text, "%07u\n", i);
                if (i % 1000 == 0 || i + 1 == n)
                        add(f, "");
        }
        assert_int_equal(f->o.text.len, WATCH_OUTPUT_KEPT);
        assert_int_equal(f->o.n_lost, 5);
        room = SIZE_MAX;
        add(f, "last\n");
        assert_int_equal(fd_read_file(AT_FDCWD, f->path, 2 * WATCH_OUTPUT_KEPT, &text), 0);
        assert_memory_equal(text.text, "0000000\n0000001\n", 16);
        assert_true(str_ends(text.text, "\n0131071\nlast\n"));
}

/* What was begun in the old file is nothing in the new; and the old one goes without its end. */
static void test_rotated_in_a_line(void **state)
{
        struct fixture *f = *state;

        assert_int_equal(watch_output_open(&f->o, NULL), 0);
        room = 3;
        add(f, "first\nsecond\n");
        assert_int_equal(renameat(f->tree.fd, "out", f->tree.fd, "out.1"), 0);
        room = SIZE_MAX;
        add(f, "third\n");
        assert_file(f, "out.1", "fir");
        assert_file(f, "out", "second\nthird\n");
        assert_int_equal(f->o.n_lost, 1);
}

static void test_after_a_torn_line(void **state)
{
        struct fixture *f = *state;

        tree_file(&f->tree, "out", "{\"type\":\"ev");
        assert_int_equal(watch_output_open(&f->o, NULL), 0);
        add(f, "next\n");
        assert_file(f, "out", "{\"type\":\"ev\nnext\n");
        watch_output_release(&f->o);
        assert_int_equal(watch_output_open(&f->o, NULL), 0);
        add(f, "again\n");
        assert_file(f, "out", "{\"type\":\"ev\nnext\nagain\n");
}

static void test_other_faults(void **state)
{
        struct fixture *f = *state;
        struct err err = {0};
        int ends[2];

        assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
        (void)close(ends[0]);
        (void)signal(SIGPIPE, SIG_IGN);
        f->o.path = xasprintf("/proc/self/fd/%d", ends[1]);
        f->o.fd = dup(ends[1]);
        add(f, "x\n");
        (void)close(ends[1]);
        assert_true(f->o.ended);
        free((char *)f->o.path);
        watch_output_release(&f->o);
        f->o = (struct watch_output){.path = "/nonexistent/x", .fd = -1};
        assert_int_equal(watch_output_open(&f->o, &err), -ENOENT);
        str_add(&f->o.text, "x\n");
        assert_int_equal(watch_output_flush(&f->o, &err), -ENOENT);
        assert_string_equal(err.text, "cannot open '/nonexistent/x': No such file or directory");
        assert_int_equal(f->o.text.len, 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(test_goes_on_where_it_was_full), TEST(test_keeps_so_much), TEST(test_rotated_in_a_line),
                TEST(test_after_a_torn_line),         TEST(test_other_faults),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
