/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records of an inside view read back are what was written; and what is wrong in a file is told with its line. */
#include "test.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "assess/assess.h"
#include "base/fd.h"
#include "base/str.h"
#include "base/text.h"
#include "import/records.h"
#include "report/report.h"
#include "report_sample.h"

#define LONGEST 4096 /* bytes that are kept of a text */

static struct str written(const struct sample *s, bool complete)
{
        struct report_input in = {
                .assessment = &s->assessment,
                .view = s->view,
                .title = "host",
                .with_listeners = true,
                .complete = complete,
        };
        _cleanup_close_ int fd = memfd_create("report", MFD_CLOEXEC);
        struct err err = {0};
        struct str text = {0};

        assert_int_equal(report_find("json")->write(&in, fd, &err), 0);
        assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
        assert_int_equal(fd_read_all(fd, 64u << 20, &text), 0);
        return text;
}

static int read_text(struct records *r, const char *text, size_t len, struct err *err)
{
        int result = records_feed(r, text, len, err);

        return result < 0 ? result : records_end(r, err);
}

/* Hostile names come back printable. */
static void assert_same(const char *read, const char *wrote)
{
        _cleanup_str_ struct str safe = {0};

        if (!wrote) {
                assert_null(read);
                return;
        }
        text_add_printable(&safe, wrote);
        assert_non_null(read);
        if (strchr(str_text(&safe), '\\')) /* escaped, by JSON or by us */
                return;
        if (safe.len > LONGEST)
                safe.text[safe.len = LONGEST] = '\0';
        assert_string_equal(read, str_text(&safe));
}

static void assert_same_listener(const struct listener *read, const struct listener *wrote)
{
        assert_int_equal(read->kind, wrote->kind);
        assert_int_equal(read->transport, wrote->transport);
        assert_int_equal(read->port, wrote->port);
        assert_int_equal(read->port_last, wrote->port_last > wrote->port ? wrote->port_last : 0);
        assert_int_equal(address_compare(&read->address, &wrote->address), 0);
        assert_int_equal(read->dual_stack, wrote->address.family == 6 && wrote->dual_stack);
        assert_int_equal(read->n_sockets, wrote->n_sockets);
        assert_same(read->netns->role, wrote->netns->role);
        assert_int_equal(read->netns->kind == NETNS_HOST, wrote->netns->kind == NETNS_HOST);
        assert_same(read->device, wrote->device);
        assert_same(read->protocol, wrote->protocol);
        assert_same(read->registered, wrote->registered);
        assert_same(read->guide, wrote->guide);
        assert_int_equal(read->confidence, wrote->confidence);
        assert_int_equal(read->exposure.scope, wrote->exposure.scope);
        assert_same(read->exposure.blocked_by, wrote->exposure.blocked_by);
        assert_int_equal(read->advice.class, wrote->advice.class);
        assert_int_equal(read->n_processes, wrote->n_processes);
        for (size_t i = 0; i < read->n_processes; i++) {
                assert_int_equal(read->processes[i]->pid, wrote->processes[i]->pid);
                assert_same(read->processes[i]->exe, wrote->processes[i]->exe);
                assert_same(read->processes[i]->name, wrote->processes[i]->name);
        }
        assert_int_equal(read->unit != NULL, wrote->unit != NULL);
        if (read->unit)
                assert_same(read->unit->name, wrote->unit->name);
        assert_int_equal(read->package != NULL, wrote->package != NULL);
        assert_int_equal(read->container != NULL, wrote->container != NULL);
        assert_int_equal(read->forward != NULL, wrote->forward != NULL);
        if (read->forward)
                assert_same(read->forward->rule, wrote->forward->rule);
}

static void check_round_trip(const struct sample *s)
{
        _cleanup_(records_freep) struct records *r = records_new();
        struct str text = written(s, true);
        struct err err = {0};

        assert_int_equal(read_text(r, text.text, text.len, &err), 0);
        assert_int_equal(r->assets.n, 1);
        assert_string_equal(r->assets.at[0].asset, s->view->asset);
        assert_true(r->assets.at[0].summary && r->assets.at[0].complete);
        assert_int_equal(r->assets.at[0].listeners.n, s->assessment.listeners.n);
        for (size_t i = 0; i < s->assessment.listeners.n; i++)
                assert_same_listener(&r->assets.at[0].listeners.at[i], &s->assessment.listeners.at[i]);
        str_release(&text);
}

static void test_round_trip(void **state)
{
        struct sample s;

        sample_hostile(&s);
        check_round_trip(&s);
        sample_release(&s);
        sample_many(&s, 3000, 40);
        check_round_trip(&s);
        sample_release(&s);
}

static void test_incomplete(void **state)
{
        _cleanup_(records_freep) struct records *r = records_new(), *cut = records_new();
        struct sample s;
        struct err err = {0};
        struct str text;

        sample_hostile(&s);
        text = written(&s, false);
        assert_int_equal(read_text(r, text.text, text.len, &err), 0);
        assert_true(r->assets.at[0].summary && !r->assets.at[0].complete);
        /* the summary is the last line */
        text.text[--text.len] = '\0';
        text.len = (size_t)(strrchr(text.text, '\n') + 1 - text.text);
        assert_int_equal(read_text(cut, text.text, text.len, &err), 0);
        assert_false(cut->assets.at[0].summary || cut->assets.at[0].complete);
        str_release(&text);
        sample_release(&s);
}

#define HEAD "{\"schema\":1,\"asset\":\"a\",\"vantage\":\"inside\",\"type\":"
#define FINE HEAD "\"summary\",\"complete\":true}\n"

static void test_wrong(void **state)
{
        static const struct {
                const char *text, *says;
        } cases[] = {
                {"", "nothing in it was seen from inside"},
                {"{\"type\":\"endpoint\",\"vantage\":\"outside\"}\n", "nothing in it was seen from inside"},
                {FINE "nonsense\n", "line 2: no JSON object"},
                {FINE "[1]\n", "line 2: no JSON object"},
                {FINE FINE "{}\n", "line 3: no record: 'type' is missing"},
                {FINE "{\"type\":\"summary\",\"complete", "line 2: no JSON object"},
                {HEAD "\"listener\"}\n", "line 1: field 'transport'"},
                {HEAD "\"listener\",\"transport\":\"tcp\",\"port\":65536}\n", "line 1: field 'port'"},
                {HEAD "\"listener\",\"transport\":\"tcp\",\"port\":1,\"address\":\"x\"}\n",
                 "line 1: field 'address'"},
                {HEAD "\"summary\",\"own_addresses\":[{}]}\n", "line 1: field 'own_addresses[0].address'"},
                {"{\"type\":\"summary\",\"vantage\":\"inside\",\"schema\":2,\"asset\":\"a\"}\n",
                 "line 1: field 'schema'"},
                {"{\"type\":\"summary\",\"vantage\":\"inside\",\"schema\":1}\n", "line 1: field 'asset'"},
        };

        for (size_t i = 0; i < array_len(cases); i++) {
                _cleanup_(records_freep) struct records *r = records_new();
                struct err err = {0};

                assert_int_equal(read_text(r, cases[i].text, strlen(cases[i].text), &err), -EINVAL);
                if (!strstr(err.text, cases[i].says))
                        fail_msg("%zu: %s", i, err.text);
        }
}

static void test_skipped(void **state)
{
        _cleanup_(records_freep) struct records *r = records_new();
        static const char text[] = FINE "\n" HEAD "\"client\",\"port\":\"x\"}\n" HEAD "\"of tomorrow\"}\n";
        struct err err = {0};

        assert_int_equal(read_text(r, text, strlen(text), &err), 0);
        assert_int_equal(r->assets.n, 1);
        assert_int_equal(r->assets.at[0].listeners.n, 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_round_trip),
                cmocka_unit_test(test_incomplete),
                cmocka_unit_test(test_wrong),
                cmocka_unit_test(test_skipped),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
