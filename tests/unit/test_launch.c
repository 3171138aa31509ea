/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/ambient.h"
#include "base/fd.h"
#include "base/launch.h"

/* All it writes, after its end with `status`. */
static void assert_says(const struct launch *how, int status, struct str *said)
{
        _cleanup_close_ int output = -1;
        pid_t pid = 0;

        str_reset(said);
        assert_int_equal(launch(how, &pid, &output), 0);
        assert_true(fcntl(output, F_GETFD) & FD_CLOEXEC);
        assert_int_equal(fd_read_all(output, 64 << 10, said), 0);
        assert_int_equal(launch_wait(pid, -1), status);
}

static struct launch shell(const char *const argv[4])
{
        return (struct launch){.program = "/bin/sh", .argv = argv};
}
#define SHELL(script) shell((const char *const[4]){"sh", "-c", script})

static void test_what_it_gets(void **state)
{
        static const char *const argv[] = {"env", NULL}, *const environment[] = {"A=b", "C=", NULL};
        struct launch how = {.program = "/usr/bin/env", .argv = argv};
        _cleanup_str_ struct str said = {0};

        assert_int_equal(setenv("QM_SECRET", "x", 1), 0);
        assert_says(&how, 0, &said);
        assert_string_equal(str_text(&said), "");
        how.environment = environment;
        assert_says(&how, 0, &said);
        assert_string_equal(said.text, "A=b\nC=\n");
        how = SHELL("cat; readlink /proc/$$/fd/0 /proc/$$/fd/2; exit 7");
        assert_says(&how, 7, &said);
        assert_string_equal(said.text, "/dev/null\n/dev/null\n");
}

/* It has them in the order they were given, whatever their numbers are here; no others. */
static void test_descriptors(void **state)
{
        _cleanup_close_ int one = memfd_create("one", MFD_CLOEXEC), two = memfd_create("two", MFD_CLOEXEC);
        _cleanup_close_ int inherited = fcntl(STDERR_FILENO, F_DUPFD, 200); /* as a shell may leave it to us */
        int fds[LAUNCH_MAX_FDS] = {one, two};
        struct launch how = SHELL("readlink /proc/$$/fd/3 /proc/$$/fd/4\n"
                                 "[ ! -e /proc/$$/fd/5 ] && [ ! -e /proc/$$/fd/200 ]");
        _cleanup_str_ struct str said = {0};
        pid_t pid;

        assert_int_equal(inherited, 200);
        how.fds = fds;
        how.n_fds = 2;
        assert_says(&how, 0, &said);
        assert_string_equal(said.text, "/memfd:one (deleted)\n/memfd:two (deleted)\n");
        fds[0] = two;
        fds[1] = one;
        assert_says(&how, 0, &said);
        assert_string_equal(said.text, "/memfd:two (deleted)\n/memfd:one (deleted)\n");
        for (size_t i = 1; i < LAUNCH_MAX_FDS; i++)
                fds[i] = (int)i % 2 ? one : STDIN_FILENO;
        fds[LAUNCH_MAX_FDS - 1] = two;
        how = SHELL("readlink /proc/$$/fd/66; [ ! -e /proc/$$/fd/67 ]");
        how.fds = fds;
        how.n_fds = LAUNCH_MAX_FDS;
        assert_says(&how, 0, &said);
        assert_string_equal(said.text, "/memfd:two (deleted)\n");
        how.n_fds++;
        assert_int_equal(launch(&how, &pid, NULL), -E2BIG);
}

static void test_signals(void **state)
{
        static const char *const argv[] = {"cat", "/proc/self/status", NULL};
        const struct launch how = {.program = "/bin/cat", .argv = argv};
        _cleanup_str_ struct str said = {0};
        const char *ignored;
        sigset_t all, old;

        (void)sigfillset(&all);
        assert_int_equal(sigprocmask(SIG_SETMASK, &all, &old), 0);
        (void)signal(SIGPIPE, SIG_IGN);
        (void)signal(SIGHUP, SIG_IGN);
        assert_says(&how, 0, &said);
        assert_non_null(strstr(said.text, "\nSigBlk:\t0000000000000000\n"));
        ignored = strstr(said.text, "\nSigIgn:\t");
        assert_non_null(ignored);
        /* without 32 and 33, which are libc's own */
        assert_int_equal(strtoull(ignored + strlen("\nSigIgn:\t"), NULL, 16) & ~(3ull << 31), 0);
        (void)signal(SIGPIPE, SIG_DFL);
        (void)signal(SIGHUP, SIG_DFL);
        assert_int_equal(sigprocmask(SIG_SETMASK, &old, NULL), 0);
}

static void test_group(void **state)
{
        static const char *const argv[] = {"sleep", "100", NULL};
        struct launch how = {.program = "/bin/sleep", .argv = argv};
        pid_t pid = 0;

        assert_int_equal(launch(&how, &pid, NULL), 0);
        assert_int_equal(getpgid(pid), getpgrp());
        assert_int_equal(kill(pid, SIGTERM), 0);
        assert_int_equal(launch_wait(pid, -1), 128 + SIGTERM);
        how.own_group = true;
        assert_int_equal(launch(&how, &pid, NULL), 0);
        assert_int_equal(getpgid(pid), pid);
        assert_int_equal(kill(-pid, SIGKILL), 0);
        assert_int_equal(launch_wait(pid, -1), 128 + SIGKILL);
        assert_int_equal(launch_wait(pid, -1), -ECHILD);
}

static void on_alarm(int sig)
{
}

static void test_wait(void **state)
{
        struct launch how = SHELL("exec sleep 100");
        pid_t pid = 0;

        assert_int_equal(launch(&how, &pid, NULL), 0);
        assert_int_equal(launch_wait(pid, 0), -ETIMEDOUT);
        assert_int_equal(launch_wait(pid, 0), -ECHILD); /* it is gone */
        how = SHELL("sleep 0.2; exit 3");
        (void)sigaction(SIGALRM, &(struct sigaction){.sa_handler = on_alarm}, NULL);
        assert_int_equal(launch(&how, &pid, NULL), 0);
        assert_int_equal(setitimer(ITIMER_REAL, &(struct itimerval){.it_value.tv_usec = 20000}, NULL), 0);
        assert_int_equal(launch_wait(pid, 20000), 3);
        (void)signal(SIGALRM, SIG_DFL);
}

static void test_words(void **state)
{
        char buf[LAUNCH_WORDS_SIZE];

        assert_string_equal(launch_words(1, buf), "it ended with status 1");
        assert_string_equal(launch_words(127, buf), "it ended with status 127, perhaps for want of a library");
        assert_string_equal(launch_words(137, buf), "it was ended by signal 9 (Killed)");
        assert_string_equal(launch_words(255, buf), "it ended with status 255");
        assert_string_equal(launch_words(-ECHILD, buf), "No child processes");
}

/* Our standard output is the pipe here; what it writes without is gone. */
static void test_shows(void **state)
{
        _cleanup_str_ struct str said = {0};
        struct launch how = SHELL("echo out; echo err >&2");
        int saved_out = dup(STDOUT_FILENO), saved_err = dup(STDERR_FILENO), ends[2];
        pid_t pid;

        assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
        (void)dup2(ends[1], STDOUT_FILENO);
        (void)dup2(ends[1], STDERR_FILENO);
        for (int i = 0; i < 2; i++, how.shows = true)
                if (launch(&how, &pid, NULL) == 0)
                        (void)launch_wait(pid, -1);
        (void)dup2(saved_out, STDOUT_FILENO);
        (void)dup2(saved_err, STDERR_FILENO);
        (void)close(saved_out);
        (void)close(saved_err);
        (void)close(ends[1]);
        assert_int_equal(fd_read_all(ends[0], 4096, &said), 0);
        (void)close(ends[0]);
        assert_string_equal(str_text(&said), "out\nerr\n");
}

static void test_fails(void **state)
{
        static const char *const argv[] = {"x", NULL};
        const struct {
                struct launch how;
                int code;
        } rows[] = {
                {{.program = "/nonexistent/x", .argv = argv}, -ENOENT},
                {{.program = "/etc/passwd", .argv = argv}, -EACCES},
                {{.program = "sh", .argv = argv}, -ENOENT},
                {{.program = "/bin/true", .argv = argv, .fds = (const int[]){-1}, .n_fds = 1}, -EBADF},
        };
        int before = dup(STDIN_FILENO), output = -7, after;
        pid_t pid = -7;

        (void)close(before);
        for (size_t i = 0; i < array_len(rows); i++)
                assert_int_equal(launch(&rows[i].how, &pid, &output), rows[i].code);
        assert_int_equal(output, -7);
        assert_int_equal(pid, -7);
        after = dup(STDIN_FILENO);
        (void)close(after);
        assert_int_equal(after, before);
}

static bool make_inheritable(unsigned capability)
{
        struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
        struct __user_cap_data_struct data[2] = {{0}};

        if (syscall(SYS_capget, &head, data) < 0 || !(data[0].permitted & 1u << capability))
                return false;
        data[0].inheritable |= 1u << capability;
        return syscall(SYS_capset, &head, data) == 0;
}

static void test_lent(void **state)
{
        static const char *const argv[] = {"cat", "/proc/self/status", NULL};
        struct launch how = {.program = "/bin/cat", .argv = argv};
        _cleanup_str_ struct str said = {0};

        if (!make_inheritable(CAP_NET_ADMIN))
                skip();
        assert_says(&how, 0, &said);
        assert_non_null(strstr(said.text, "\nCapAmb:\t0000000000000000\n"));
        how.lend = CAP_NET_ADMIN;
        assert_says(&how, 0, &said);
        assert_non_null(strstr(said.text, "\nCapAmb:\t0000000000001000\n"));
        assert_true(ambient_raise(CAP_NET_ADMIN)); /* it was taken back; what was lent before stays so */
        assert_says(&how, 0, &said);
        assert_false(ambient_raise(CAP_NET_ADMIN));
        ambient_clear();
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_what_it_gets),
                cmocka_unit_test(test_descriptors),
                cmocka_unit_test(test_signals),
                cmocka_unit_test(test_group),
                cmocka_unit_test(test_wait),
                cmocka_unit_test(test_words),
                cmocka_unit_test(test_shows),
                cmocka_unit_test(test_fails),
                cmocka_unit_test(test_lent),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
