/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the words of `scan` ask for, the words kept in a checkpoint, the line that says how far it is. */
#include "test.h"

#include <errno.h>
#include <time.h>

#include "cli/commands.h"
#include "cli/progress.h"
#include "cli/scan_options.h"
#include "cli/scan_words.h"

#define NOW 1795312800 /* 2026-11-22T02:00:00Z */

static int parse(struct invocation *in, struct scan_request *request, struct err *err,
                 const char *const *words)
{
        int r;

        *in = (struct invocation){.command = &command_scan};
        *err = (struct err){0};
        r = invocation_parse(in, (char **)(uintptr_t)words, err);
        return r < 0 ? r : scan_request_parse(in, NOW, request, err);
}

#define PARSE(...)                                                \
        ({                                                        \
                const char *const _words[] = {__VA_ARGS__, NULL}; \
                parse(&in, &request, &err, _words);               \
        })

static void test_pace(void **state)
{
        struct invocation in;
        struct scan_request request;
        struct err err;

        assert_int_equal(PARSE("h"), 0);
        assert_int_equal(request.pace.rate, 10000);
        assert_int_equal(request.pace.host_rate, 200);
        assert_int_equal(PARSE("--rate", "5000", "h"), 0);
        assert_int_equal(request.pace.rate, 5000);
        assert_int_equal(request.pace.host_rate, 5000);
        assert_int_equal(PARSE("--rate=5000", "--host-rate=7", "h"), 0);
        assert_int_equal(request.pace.rate, 5000);
        assert_int_equal(request.pace.host_rate, 7);
        assert_int_equal(PARSE("--rate", "5000", "--profile", "normal", "h"), 0);
        assert_int_equal(request.pace.host_rate, 200);
        assert_int_equal(PARSE("--profile", "gentle", "h"), 0);
        assert_int_equal(request.pace.host_rate, 10);
        assert_int_equal(PARSE("--rate", "0", "h"), -EINVAL);
        assert_int_equal(PARSE("--rate", "10000001", "h"), -EINVAL);
        assert_int_equal(PARSE("--host-rate", "1k", "h"), -EINVAL);
        assert_non_null(strstr(err.text, "'--host-rate 1k'"));
}

static void test_confirm(void **state)
{
        struct invocation in;
        struct scan_request request;
        struct err err;

        assert_true(PARSE("h") == 0 && !request.confirm);
        assert_true(PARSE("--confirm", "h") == 0 && request.confirm);
        assert_true(PARSE("--json", "h") == 0 && !request.confirm);
        assert_true(PARSE("--json", "-o", "x", "h") == 0 && request.confirm);
        assert_true(PARSE("--format", "xml", "h") == 0 && request.confirm);
        assert_true(PARSE("--format", "csv", "--no-confirm", "h") == 0 && !request.confirm);
        assert_true(PARSE("--confirm", "--method", "connect", "h") == 0 && !request.confirm);
        assert_int_equal(PARSE("--confirm", "--no-confirm", "h"), -EINVAL);
}

static void test_contradictions(void **state)
{
        struct invocation in;
        struct scan_request request;
        struct err err;

        assert_int_equal(PARSE("--json", "--format", "csv", "h"), -EINVAL);
        assert_int_equal(PARSE("--dry-run", "--format", "xml", "h"), -EINVAL);
        assert_int_equal(PARSE("--dry-run", "--resume", "x"), -EINVAL);
        assert_int_equal(PARSE("--checkpoint", "x", "--resume", "y", "h"), -EINVAL);
        assert_int_equal(PARSE("--exclude", "10.0.0.1", "--exclude", "10.0.0.2", "h"), -EINVAL);
        assert_non_null(strstr(err.text, "'--exclude' is given twice"));
        assert_int_equal(PARSE("--format", "csv", "--format", "xml", "h"), 0);
}

static void test_until(void **state)
{
        static const struct {
                const char *text;
                int64_t at; /* 0: not a time */
        } cases[] = {
                {"2026-11-22T05:00:00Z", NOW + 3 * 3600},
                {"2026-11-22T05:00:00+01:00", NOW + 2 * 3600},
                {"2026-11-21T23:30:00-05:30", NOW + 3 * 3600},
                {"05:00", NOW + 3 * 3600},
                {"01:59", NOW + 24 * 3600 - 60},
                {"02:00", NOW + 24 * 3600},
                {"24:00", 0},
                {"5:00", 0},
                {"05:00x", 0},
                {"2026-11-22T05:00:00", 0},
                {"2026-11-22T05:00:00+1", 0},
                {"2026-02-30T05:00:00Z", 0},
                {"", 0},
        };

        setenv("TZ", "UTC0", 1);
        tzset();
        for (size_t i = 0; i < array_len(cases); i++) {
                int64_t at = 0;
                int r = scan_until_parse(cases[i].text, NOW, &at);

                assert_int_equal(r, cases[i].at ? 0 : -EINVAL);
                if (cases[i].at)
                        assert_int_equal(at, cases[i].at);
        }
}

static void test_until_is_over(void **state)
{
        struct invocation in;
        struct scan_request request;
        struct err err;

        assert_int_equal(PARSE("--until", "2026-11-22T01:00:00Z", "h"), -EINVAL);
        assert_int_equal(PARSE("--until", "2026-11-22T03:00:00Z", "h"), 0);
        assert_int_equal(request.until, NOW + 3600);
}

/* The words of a checkpoint give the same invocation again; what is said beside --resume comes before them. */
static void test_words(void **state)
{
        struct invocation in, joined, given = {.command = &command_scan};
        struct scan_request request;
        struct err err;
        _cleanup_str_ struct str kept = {0};
        static const char *const resume[] = {"--resume", "state", "--rate", "9", "--json", NULL};

        assert_int_equal(PARSE("--ports", "U:53, 80", "--rate=5", "--checkpoint", "state", "-o", "out",
                               "--format", "xml", "--all-states", "--exclude=", "a b", "@web", "--", "-x"),
                         0);
        scan_words_keep(&in, &kept);
        assert_int_equal(invocation_parse(&given, (char **)(uintptr_t)resume, &err), 0);
        assert_int_equal(scan_words_join(&kept, &given, &joined, &err), 0);
        assert_string_equal(invocation_get(&joined, "ports"), "U:53, 80");
        assert_string_equal(invocation_get(&joined, "exclude"), "");
        assert_string_equal(invocation_get(&joined, "rate"), "9");
        assert_string_equal(invocation_get(&joined, "resume"), "state");
        assert_true(invocation_has(&joined, "all-states") && invocation_has(&joined, "json"));
        assert_false(invocation_has(&joined, "checkpoint") || invocation_has(&joined, "format") ||
                     invocation_has(&joined, "output"));
        assert_int_equal(joined.n_arguments, 3);
        assert_string_equal(joined.arguments[0], "a b");
        assert_string_equal(joined.arguments[2], "-x");
        assert_int_equal(scan_request_parse(&joined, NOW, &request, &err), 0);
        assert_true(request.resume && streq(request.checkpoint, "state"));
}

static void test_progress(void **state)
{
        struct scan_progress at = {.probes = 200,
                                   .decided = 50,
                                   .rate = 999.6,
                                   .loss = 0.0125,
                                   .open = 3,
                                   .hosts = 2,
                                   .left_ms = 61000};
        _cleanup_str_ struct str line = {0};

        progress_format(&line, &at);
        assert_string_equal(line.text,
                            "25 %, 1000 packets/s, 3 open, 0 of 2 hosts, loss 1.2 %, 1 min 1 s left");
        at = (struct scan_progress){.left_ms = UINT64_MAX};
        str_reset(&line);
        progress_format(&line, &at);
        assert_string_equal(line.text, "0 %, 0 packets/s, 0 open, 0 of 0 hosts");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_pace),           cmocka_unit_test(test_confirm),
                cmocka_unit_test(test_contradictions), cmocka_unit_test(test_until),
                cmocka_unit_test(test_until_is_over),  cmocka_unit_test(test_words),
                cmocka_unit_test(test_progress),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
