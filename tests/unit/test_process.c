/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test.h"

#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/launch.h"
#include "base/process.h"

#define SECOND_NS UINT64_C(1000000000)

static void test_text(void **state)
{
        struct process_start p;

        assert_true(process_start_parse(
                "77 (a) b) S 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 2200 23 24", &p));
        assert_string_equal(p.name, "a) b");
        assert_int_equal(p.state, 'S');
        assert_int_equal(p.parent, 4);
        assert_int_equal(p.begun_ns, 2200 * (SECOND_NS / (uint64_t)sysconf(_SC_CLK_TCK)));
        assert_false(process_start_parse("77 (a) S 5 6 7", &p) || process_start_parse("", &p) ||
                     process_start_parse(")(", &p));
}

static void test_of_a_process(void **state)
{
        static const char *const environment[] = {"QMX=no", "QM=a b", "E=", NULL};
        const struct launch how = {.program = "/bin/sleep",
                                   .argv = (const char *const[]){"sleep", "60", NULL},
                                   .environment = environment};
        _cleanup_str_ struct str value = {0};
        struct process_start p;
        struct timespec now;
        pid_t pid;

        assert_int_equal(launch(&how, &pid, NULL), 0);
        assert_true(process_start_read((unsigned)pid, &p));
        assert_int_equal(p.parent, getpid());
        assert_int_equal(clock_gettime(CLOCK_BOOTTIME, &now), 0);
        assert_in_range(p.begun_ns / SECOND_NS, now.tv_sec - 60, now.tv_sec);

        /* it is our child a moment before its environment is in place */
        for (int tries = 0; tries < 500 && !process_variable((unsigned)pid, "QM", &value); tries++)
                (void)usleep(10000);
        assert_string_equal(str_text(&value), "a b"); /* and not of the one whose name begins so */
        assert_true(process_variable((unsigned)pid, "E", &value));
        assert_string_equal(value.text, "a b");
        assert_false(process_variable((unsigned)pid, "NONE", &value));

        (void)kill(pid, SIGKILL);
        assert_int_equal(waitpid(pid, NULL, 0), pid);
        assert_false(process_start_read((unsigned)pid, &p) || process_variable((unsigned)pid, "QM", &value));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_text),
                cmocka_unit_test(test_of_a_process),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
