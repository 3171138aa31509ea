/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <locale.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/text.h"
#include "report/csv.h"
#include "report/group.h"
#include "report/layout.h"
#include "report/report.h"
#include "report/row.h"
#include "report_sample.h"

/* --- helpers ------------------------------------------------------------------------------------- */

static struct report_input audit_of(const struct sample *s)
{
        return (struct report_input){
                .assessment = &s->assessment,
                .view = s->view,
                .title = "audit",
                .with_findings = true,
                .with_listeners = true,
                .with_services = true,
                .elapsed_ms = 12.5,
        };
}

static struct report_input host_of(const struct sample *s)
{
        struct report_input in = audit_of(s);

        in.title = "host";
        in.with_findings = in.with_services = false;
        return in;
}

static void write_to(struct str *out, const char *format, const struct report_input *in)
{
        _cleanup_close_ int fd = memfd_create("report", MFD_CLOEXEC);
        struct err err = {0};

        assert_true(fd >= 0);
        assert_int_equal(report_find(format)->write(in, fd, &err), 0);
        assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
        assert_int_equal(fd_read_all(fd, 64u << 20, out), 0);
}

static void check_golden(const char *name, const char *format, const struct report_input *in)
{
        _cleanup_free_ char *path = xasprintf("%s/%s", GOLDEN, name);
        _cleanup_str_ struct str got = {0}, want = {0};

        write_to(&got, format, in);
        if (getenv("UPDATE_GOLDEN")) {
                _cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

                assert_true(fd >= 0);
                assert_int_equal(fd_write_all(fd, got.text, got.len), 0);
                return;
        }
        assert_int_equal(fd_read_file(AT_FDCWD, path, 1u << 20, &want), 0);
        assert_string_equal(got.text, want.text);
}

/* Nothing that a terminal or a page would act on, whatever the host's names are. */
static void assert_harmless(const struct str *s, const char *allowed)
{
        size_t at = 0;

        while (at < s->len) {
                uint32_t c = 0;
                size_t n = text_decode(s->text + at, s->len - at, &c);

                assert_true(n > 0);
                if (text_is_control(c))
                        assert_true(c < 0x80 && strchr(allowed, (int)c) != NULL);
                at += n;
        }
}

/* --- the whole of each format -------------------------------------------------------------------- */

static void test_golden(void **state)
{
        struct sample s;
        struct report_input audit, host, services;

        sample_hostile(&s);
        audit = audit_of(&s);
        host = host_of(&s);
        host.all = true;
        host.complete = true;
        services = host;
        services.with_listeners = false;
        services.with_services = true;

        check_golden("audit.json", "json", &audit);
        check_golden("audit.txt", "text", &audit);
        check_golden("audit.csv", "csv", &audit);
        check_golden("audit.html", "html", &audit);
        check_golden("host.json", "json", &host);
        check_golden("host.csv", "csv", &host);
        check_golden("host.html", "html", &host);
        check_golden("services.json", "json", &services);
        check_golden("services.csv", "csv", &services);
        audit.width = host.width = services.width = 80;
        check_golden("audit-80.txt", "text", &audit);
        check_golden("host-80.txt", "text", &host);
        check_golden("services-80.txt", "text", &services);
        audit.width = 140;
        audit.colour = true;
        check_golden("audit-140-colour.txt", "text", &audit);
        sample_release(&s);
}

/* The comments of what is suggested stand in one column, however long the name of a page is. */
static void test_hints_in_a_column(void **state)
{
        _cleanup_str_ struct str out = {0};
        struct sample s;
        struct report_input in;
        size_t column = 0, n = 0;

        sample_hostile(&s);
        vec_foreach(l, &s.assessment.listeners)
                if (l->guide && streq(l->guide, "telnet"))
                        l->guide = "mysql-group-replication";
        in = audit_of(&s);
        in.width = 120;
        write_to(&out, "text", &in);
        assert_non_null(strstr(out.text, "quaymaster explain mysql-group-replication  # "));
        for (const char *line = strstr(out.text, "\n   quaymaster "); line;
             line = strstr(line + 1, "\n   quaymaster ")) {
                size_t here = (size_t)(strstr(line, "  # ") - line);

                assert_true(!column || here == column);
                column = here;
                n++;
        }
        assert_true(n >= 2);
        sample_release(&s);
}

/* What the packet filter lets in is in the row where it is short, else a footnote, once for all that share it. */
static void test_scope_in_part(void **state)
{
        static const struct reach_zone some[] = {
                {"anywhere", REACH_REACHABLE, .why = "from 192.0.2.0/24, 198.51.100.7 and 3 more only"}};
        static const struct reach_zone guests[] = {{"guests", REACH_BLOCKED, .by = "inet filter input"}};
        _cleanup_str_ struct str out = {0};
        struct sample s;
        struct report_input in;
        size_t n = 0;

        sample_hostile(&s);
        vec_foreach(l, &s.assessment.listeners) {
                l->exposure.scope = EXPOSURE_LINK;
                l->exposure.blocked_by = l->owner_note = NULL;
                l->exposure.zones = n < 2 ? some : guests;
                l->exposure.n_zones = 1;
                n++;
        }
        in = host_of(&s);
        write_to(&out, "text", &in);
        n = 0;
        for (const char *at = out.text; (at = strstr(at, "link, partly [1] ")); at++)
                n++;
        assert_int_equal(n, 2);
        assert_non_null(strstr(out.text, "link, not from: guests "));
        assert_non_null(strstr(out.text, "\n[1] from 192.0.2.0/24, 198.51.100.7 and 3 more only\n"));
        assert_null(strstr(out.text, "\n[2] "));
        sample_release(&s);
}

static void test_nothing_at_all(void **state)
{
        struct sample s = {.view = inside_new(), .pool = pool_new()};
        struct report_input in;

        s.assessment.view = s.view;
        in = audit_of(&s);
        in.complete = true;
        in.width = 80;
        for (const struct report_format *const *f = report_all(); *f; f++) {
                _cleanup_str_ struct str out = {0};

                write_to(&out, (*f)->name, &in);
                assert_true(out.len > 0);
        }
        sample_release(&s);
}

/* No markup but what the report itself is made of; above all nothing that loads or runs. */
static void assert_only_our_tags(const char *html)
{
        static const char ours[] =
                " !DOCTYPE html head meta title style body header div h1 p nav a main ul li b span section "
                "h2 h3 article dl dt dd ol code details summary table caption thead tbody tr th td "
                "small strong footer ";

        for (const char *p = html; (p = strchr(p, '<')); p++) {
                const char *name = p + 1 + (p[1] == '/');
                _cleanup_free_ char *word = xasprintf(" %.*s ", (int)strcspn(name, " >\n"), name);

                assert_non_null(strstr(ours, word));
        }
        assert_null(strstr(html, "<a href=\"h"));
        assert_null(strstr(html, "url("));
        assert_null(strstr(html, "@import"));
        assert_non_null(strstr(html, "default-src 'none'"));
}

static void test_harmless(void **state)
{
        static const struct {
                const char *format, *allowed;
        } cases[] = {{"text", "\n"}, {"json", "\n"}, {"csv", "\r\n"}, {"html", "\n"}};
        struct sample s;
        struct report_input in;

        sample_hostile(&s);
        in = audit_of(&s);
        in.all = true;
        for (size_t i = 0; i < array_len(cases); i++) {
                _cleanup_str_ struct str out = {0};

                write_to(&out, cases[i].format, &in);
                assert_harmless(&out, cases[i].allowed);
                assert_null(strstr(out.text, "\x1b"));
                if (streq(cases[i].format, "html"))
                        assert_only_our_tags(out.text);
        }
        sample_release(&s);
}

/* --- JSON ---------------------------------------------------------------------------------------- */

static json_t *parse_line(const char *line, size_t len)
{
        json_error_t error;
        json_t *record = json_loadb(line, len, JSON_REJECT_DUPLICATES, &error);

        if (!record)
                fail_msg("%s: %.*s", error.text, (int)len, line);
        return record;
}

static void check_record(const json_t *record, size_t *counts)
{
        static const char *const types[] = {"listener", "client", "service", "finding", "gap", "summary"};
        const char *type = json_string_value(json_object_get(record, "type"));
        size_t i;

        assert_int_equal(json_integer_value(json_object_get(record, "schema")), 1);
        assert_non_null(json_string_value(json_object_get(record, "asset")));
        assert_string_equal(json_string_value(json_object_get(record, "vantage")), "inside");
        assert_string_equal(json_string_value(json_object_get(record, "time")), "2026-05-01T10:00:00Z");
        for (i = 0; i < array_len(types) && !streq(types[i], type); i++)
                ;
        assert_true(i < array_len(types));
        counts[i]++;
}

static void test_json_records(void **state)
{
        _cleanup_str_ struct str out = {0};
        struct sample s;
        struct report_input in;
        size_t counts[6] = {0};
        json_t *record = NULL;

        sample_hostile(&s);
        in = audit_of(&s);
        write_to(&out, "json", &in);
        for (const char *line = out.text, *end; (end = strchr(line, '\n')); line = end + 1) {
                json_decref(record);
                record = parse_line(line, (size_t)(end - line));
                check_record(record, counts);
        }
        /* The last one is the summary, and it counts what was written. */
        assert_string_equal(json_string_value(json_object_get(record, "type")), "summary");
        assert_false(json_boolean_value(json_object_get(record, "complete")));
        assert_int_equal(json_array_size(json_object_get(record, "incomplete")), 1);
        assert_int_equal(json_integer_value(json_object_get(record, "listeners")), counts[0]);
        assert_int_equal(json_integer_value(json_object_get(record, "clients")), counts[1]);
        assert_int_equal(json_integer_value(json_object_get(record, "services")), counts[2]);
        assert_int_equal(
                json_integer_value(json_object_get(json_object_get(record, "findings"), "critical")), 2);
        assert_int_equal(counts[0], s.assessment.listeners.n);
        assert_int_equal(counts[3], s.assessment.findings.n);
        assert_int_equal(counts[4], s.view->gaps.n);
        assert_int_equal(counts[5], 1);
        json_decref(record);
        sample_release(&s);
}

/* Owners that were written before must not be mixed up with others. */
static void check_many(unsigned n, unsigned n_processes)
{
        _cleanup_str_ struct str out = {0};
        struct sample s;
        struct report_input in;
        size_t i = 0;

        sample_many(&s, n, n_processes);
        in = host_of(&s);
        write_to(&out, "json", &in);
        for (const char *line = out.text, *end; i < n && (end = strchr(line, '\n')); line = end + 1, i++) {
                const struct listener *l = &s.assessment.listeners.at[i];
                json_t *record = parse_line(line, (size_t)(end - line));
                const json_t *process = json_array_get(json_object_get(record, "processes"), 0);

                assert_int_equal(json_integer_value(json_object_get(record, "port")), l->port);
                assert_int_equal(json_integer_value(json_object_get(process, "pid")), l->processes[0]->pid);
                assert_string_equal(
                        json_string_value(json_object_get(json_object_get(record, "unit"), "name")),
                        l->unit->name);
                json_decref(record);
        }
        assert_int_equal(i, n);
        sample_release(&s);
}

static void test_json_many(void **state)
{
        check_many(2000, 20);
        /* More different owners than are kept. */
        check_many(20000, 20000);
}

static void test_write_error(void **state)
{
        _cleanup_close_ int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
        struct sample s;
        struct report_input in;

        if (full < 0)
                skip();
        sample_many(&s, 3000, 10);
        in = host_of(&s);
        for (const struct report_format *const *f = report_all(); *f; f++) {
                struct err err = {0};

                assert_int_equal((*f)->write(&in, full, &err), -ENOSPC);
                assert_non_null(strstr(err.text, "writing the report"));
        }
        sample_release(&s);
}

/* --- the parts ----------------------------------------------------------------------------------- */

static void test_csv_cells(void **state)
{
        static const struct {
                const char *raw, *cell;
        } cases[] = {
                {"", ""},
                {"plain", "plain"},
                {"=1+1", "'=1+1"},
                {"+1", "'+1"},
                {"-1", "'-1"},
                {"@SUM(A1)", "'@SUM(A1)"},
                {"\t=1", "'\\x09=1"},
                {"\r=1", "'\\x0d=1"},
                {"\n=1", "'\\x0a=1"},
                {"  =1", "\"'  =1\""},
                {" \t=1", "\"' \\x09=1\""},
                {"\u00a0=1", "'\u00a0=1"},
                {"\uff1d1", "'\uff1d1"},
                {"\u200b=1", "\\u{200b}=1"},
                {"a=1", "a=1"},
                {"a-b", "a-b"},
                {"a,b", "\"a,b\""},
                {"a;b", "\"a;b\""},
                {"say \"x\"", "\"say \"\"x\"\"\""},
                {"\"", "\"\"\"\""},
                {"=a\"b,c", "\"'=a\"\"b,c\""},
                {"\x1b[1m", "\\x1b[1m"},
                {"\xff", "\\xff"},
                {"\u00e9t\u00e9", "\u00e9t\u00e9"},
        };

        for (size_t i = 0; i < array_len(cases); i++) {
                _cleanup_str_ struct str cell = {0};

                csv_add_cell(&cell, cases[i].raw);
                assert_string_equal(str_text(&cell), cases[i].cell);
        }
}

static void test_step_command(void **state)
{
        static const struct {
                const char *step, *command;
        } cases[] = {
                {"Stop it: systemctl stop a.service", "systemctl stop a.service"},
                {"apt purge telnetd", "apt purge telnetd"},
                {"Bind it: address = 127.0.0.1", NULL},
                {"Stop it: systemctl stop a, or edit /etc/inetd.conf.", NULL},
                {"With Exim: set this: apt purge exim4", "apt purge exim4"},
                {"aptitude is no command of ours", NULL},
                {"", NULL},
        };

        for (size_t i = 0; i < array_len(cases); i++) {
                const char *command = row_step_command(cases[i].step);

                if (cases[i].command)
                        assert_string_equal(command, cases[i].command);
                else
                        assert_null(command);
        }
}

static void test_groups(void **state)
{
        _cleanup_str_ struct str places = {0};
        struct finding_groups groups;
        struct sample s;

        sample_hostile(&s);
        groups = groups_of(s.assessment.findings.at, s.assessment.findings.n);
        assert_int_equal(groups.list.n, 4);
        assert_int_equal(groups.list.at[0].members.n, 2);
        group_add_places(&places, &groups.list.at[0], 9);
        assert_string_equal(places.text, "0.0.0.0:23/tcp, [::]:23/tcp");
        str_reset(&places);
        group_add_places(&places, &groups.list.at[0], 1);
        assert_string_equal(places.text, "0.0.0.0:23/tcp and 1 more");
        str_reset(&places);
        group_add_places(&places, &groups.list.at[3], 1);
        assert_string_equal(places.text, "cups.service");
        groups_release(&groups);
        sample_release(&s);
}

static void test_layout(void **state)
{
        static const struct layout_column columns[] = {{"PORT"}, {"PROCESS", 6}, {"WHY", 4, true}};
        _cleanup_(layout_table_release) struct layout_table t =
                layout_table_new(columns, array_len(columns));
        _cleanup_str_ struct str out = {0};

        layout_table_cell(&t, "65535/udplite", NULL);
        layout_table_cell(&t, "\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9 (1)", NULL);
        layout_table_cell(&t, "\u6f22\u5b57\u6f22\u5b57", NULL);
        assert_int_equal(layout_table_add(&out, &t, 28, false), 0);
        assert_string_equal(out.text,
                            "PORT           PROCESS  WHY\n"
                            "65535/udplite  \u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u2026  \u6f22\u2026\n");
        for (const char *line = out.text, *end; (end = strchr(line, '\n')); line = end + 1) {
                _cleanup_free_ char *one = xstrndup(line, (size_t)(end - line));

                assert_true(layout_width(one) <= 28);
        }
        str_reset(&out);
        assert_int_equal(layout_table_add(&out, &t, 24, false), 0);
        assert_string_equal(
                out.text,
                "PORT           PROCESS\n65535/udplite  \u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u2026\n");
        assert_string_equal(t.left_out.text, "WHY");
}

/* An address is cut only where nothing else can give. */
static void test_layout_last(void **state)
{
        static const struct layout_column columns[] = {
                {"PORT"}, {"ADDRESS", 9, .last = true}, {"PROCESS", 7}, {"UNIT", 4, .may_go = true}};
        static const struct {
                size_t width;
                const char *want;
        } cases[] = {
                {60, "PORT    ADDRESS               PROCESS     UNIT\n"
                     "53/tcp  fe80::38e5:21ff%net1  named (42)  named.service\n"},
                {44, "PORT    ADDRESS               PROCESS  UNIT\n"
                     "53/tcp  fe80::38e5:21ff%net1  named \u2026  name\u2026\n"},
                {37, "PORT    ADDRESS               PROCESS\n53/tcp  fe80::38e5:21ff%net1  named \u2026\n"},
                {30, "PORT    ADDRESS        PROCESS\n53/tcp  fe80::38e5:2\u2026  named \u2026\n"},
        };

        for (size_t i = 0; i < array_len(cases); i++) {
                _cleanup_(layout_table_release) struct layout_table t =
                        layout_table_new(columns, array_len(columns));
                _cleanup_str_ struct str out = {0};

                layout_table_cell(&t, "53/tcp", NULL);
                layout_table_cell(&t, "fe80::38e5:21ff%net1", NULL);
                layout_table_cell(&t, "named (42)", NULL);
                layout_table_cell(&t, "named.service", NULL);
                assert_int_equal(layout_table_add(&out, &t, cases[i].width, false), 0);
                assert_string_equal(out.text, cases[i].want);
        }
}

static void test_paragraph(void **state)
{
        static const struct {
                const char *lead, *text;
                size_t width;
                const char *want;
        } cases[] = {
                {"1. ", "one two three four five six", 23, "1. one two three four\n   five six\n"},
                {"1. ", "one two three", 0, "1. one two three\n"},
                {"", "", 80, "\n"},
                {"", "averyveryverylongwordthatdoesnotfit at all", 20,
                 "averyveryverylongwordthatdoesnotfit\nat all\n"},
                {"", "trailing ", 80, "trailing\n"},
        };

        for (size_t i = 0; i < array_len(cases); i++) {
                _cleanup_str_ struct str out = {0};

                layout_paragraph(&out, cases[i].lead, cases[i].text, cases[i].width);
                assert_string_equal(out.text, cases[i].want);
        }
}

/* What the schema of SARIF 2.1.0 requires, and what code review needs besides; the places are those of the findings. */
static void test_sarif(void **state)
{
        _cleanup_str_ struct str out = {0};
        struct sample s;
        struct report_input in;
        json_t *root, *run, *driver, *result;
        json_error_t error;
        size_t i;

        sample_hostile(&s);
        in = audit_of(&s);
        write_to(&out, "sarif", &in);
        root = json_loadb(out.text, out.len, JSON_REJECT_DUPLICATES, &error);
        if (!root)
                fail_msg("%s", error.text);
        assert_string_equal(json_string_value(json_object_get(root, "version")), "2.1.0");
        run = json_array_get(json_object_get(root, "runs"), 0);
        driver = json_object_get(json_object_get(run, "tool"), "driver");
        assert_string_equal(json_string_value(json_object_get(driver, "name")), "quaymaster");
        assert_true(json_is_boolean(json_object_get(json_array_get(json_object_get(run, "invocations"), 0),
                                                    "executionSuccessful")));
        assert_int_equal(json_array_size(json_object_get(run, "results")), s.assessment.findings.n);
        json_array_foreach(json_object_get(run, "results"), i, result) {
                size_t index = (size_t)json_integer_value(json_object_get(result, "ruleIndex"));
                json_t *rule = json_array_get(json_object_get(driver, "rules"), index);
                const char *level = json_string_value(json_object_get(result, "level"));

                assert_string_equal(json_string_value(json_object_get(rule, "id")),
                                    json_string_value(json_object_get(result, "ruleId")));
                assert_true(streq(level, "note") || streq(level, "warning") || streq(level, "error"));
                assert_non_null(
                        json_string_value(json_object_get(json_object_get(result, "message"), "text")));
                assert_true(json_is_object(json_array_get(json_object_get(result, "locations"), 0)));
                assert_true(json_is_object(json_object_get(result, "partialFingerprints")));
        }
        json_decref(root);
        sample_release(&s);
}

static void test_registry(void **state)
{
        size_t n = 0;

        for (const struct report_format *const *f = report_all(); *f; f++, n++)
                assert_ptr_equal(report_find((*f)->name), *f);
        assert_int_equal(n, 5);
        assert_null(report_find("xml"));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_sarif),
                cmocka_unit_test(test_golden),
                cmocka_unit_test(test_hints_in_a_column),
                cmocka_unit_test(test_nothing_at_all),
                cmocka_unit_test(test_scope_in_part),
                cmocka_unit_test(test_harmless),
                cmocka_unit_test(test_json_records),
                cmocka_unit_test(test_json_many),
                cmocka_unit_test(test_write_error),
                cmocka_unit_test(test_csv_cells),
                cmocka_unit_test(test_step_command),
                cmocka_unit_test(test_groups),
                cmocka_unit_test(test_layout),
                cmocka_unit_test(test_layout_last),
                cmocka_unit_test(test_paragraph),
                cmocka_unit_test(test_registry),
        };

        (void)setlocale(LC_CTYPE, "C.UTF-8");
        return cmocka_run_group_tests(tests, NULL, NULL);
}
