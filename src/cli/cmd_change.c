/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/inside_run.h"
#include "cli/planned.h"
#include "cli/snapshot_now.h"
#include "cli/state_store.h"
#include "cli/terminal.h"
#include "drift/expect.h"
#include "report/layout.h"
#include "report/report.h"


static const struct option_spec options[] = {
        {.name = "ticket",
         .kind = OPTION_WORD,
         .value = "NAME",
         .help = "open, close: what the change goes by",
         .once = true},
        {.name = "expect",
         .kind = OPTION_WORD,
         .value = "WHAT",
         .help = "open: as \"opened 8443/tcp on web1\"; several with `;` between them",
         .once = true},
        {.name = "until",
         .kind = OPTION_WORD,
         .value = "WHEN",
         .help = "open: 2026-05-01T18:00:00Z, \"2026-05-01 18:00\" (local time), or 30m, 2h, 1d",
         .once = true},
        NETNS_OPTION(""),
        NO_BPF_OPTION(""),
        CONFIG_OPTION,
};

struct run {
        const struct invocation *in;
        struct pool *pool;
        const struct store_engine *engine;
        struct store *store;
        struct snapshot before, now;
        struct drift drift;
        struct planned planned;
        int64_t now_s;
};

static void run_release(struct run *run)
{
        if (run->engine)
                (void)run->engine->close(run->store);
        planned_release(&run->planned);
        drift_release(&run->drift);
        snapshot_release(&run->before);
        snapshot_release(&run->now);
        pool_freep(&run->pool);
}

/* --- words ---------------------------------------------------------------------------------------- */

/* "30m", "2h", "1d"; 0: it is none. */
static int64_t parse_span(const char *text)
{
        static const struct {
                char unit;
                int64_t seconds;
        } units[] = {{'m', 60}, {'h', 3600}, {'d', 86400}};
        size_t len = strlen(text);
        char number[8] = "";
        uint64_t n;

        if (len < 2 || len > sizeof(number))
                return 0;
        memcpy(number, text, len - 1);
        for (size_t i = 0; i < array_len(units); i++)
                if (text[len - 1] == units[i].unit && str_to_u64(number, 100000, &n) == 0)
                        return (int64_t)n * units[i].seconds;
        return 0;
}

/* 0: it is none. A date that does not exist (February 30) comes back as another one, and is none. */
static int64_t parse_date(const char *text)
{
        static const char *const forms[] = {"%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M"};

        for (size_t i = 0; i < array_len(forms); i++) {
                struct tm tm = {.tm_isdst = -1}, asked;
                const char *end = strptime(text, forms[i], &tm);
                int64_t t;

                if (!end || *end)
                        continue;
                asked = tm;
                t = i == 0 ? timegm(&tm) : mktime(&tm);
                return tm.tm_mday == asked.tm_mday && tm.tm_mon == asked.tm_mon ? t : 0;
        }
        return 0;
}

static int parse_until(struct run *run, int64_t *ret, struct err *err)
{
        const char *text = invocation_get(run->in, "until");
        int64_t span;

        if (!text)
                return err_set(err, -EINVAL, "`change open` needs --until: when the change is over");
        span = parse_span(text);
        *ret = span ? run->now_s + span : parse_date(text);
        if (!*ret)
                return err_set(err, -EINVAL, "'--until %s' is no time: write 2026-05-01T18:00:00Z, 2h or 1d",
                               text);
        if (*ret <= run->now_s)
                return err_set(err, -EINVAL, "'--until %s' is over already", text);
        return 0;
}

static int get_ticket(const struct run *run, const char **ret, struct err *err)
{
        const char *argument = run->in->n_arguments > 1 ? run->in->arguments[1] : NULL;

        *ret = invocation_get(run->in, "ticket");
        if (*ret && argument)
                return err_set(err, -EINVAL, "the ticket is given twice: '%s' and '%s'", argument, *ret);
        *ret = *ret ? *ret : argument;
        if (!*ret || !**ret || strlen(*ret) > STORE_NAME_MAX)
                return err_set(err, -EINVAL, "`change %s` needs --ticket: a name of 1 to %u bytes",
                               run->in->arguments[0], STORE_NAME_MAX);
        return 0;
}

/* --- open ----------------------------------------------------------------------------------------- */

static const char *look_name(const struct run *run, const char *ticket)
{
        return pool_printf(run->pool, CHANGE_LOOK "%s", ticket);
}

struct expectations {
        vec(const char *) texts;
};

static void expectations_release(struct expectations *x)
{
        vec_clear(&x->texts);
}

static int split(const struct run *run, struct expectations *to, struct err *err)
{
        const char *at = invocation_get(run->in, "expect");
        struct expect x;
        int r = 0;

        while (at && *at && r == 0) {
                size_t blanks = strspn(at, " ;"), len = strcspn(at + blanks, ";");

                at += blanks;
                if (len) {
                        const char *text = pool_intern_n(run->pool, at, len);

                        r = expect_parse(text, &x, err);
                        *vec_push(&to->texts) = text;
                }
                at += len;
        }
        if (r == 0 && !to->texts.n)
                return err_set(err, -EINVAL, "`change open` needs --expect, as \"opened 8443/tcp on web1\"");
        return r;
}

static int open_change(struct run *run, struct err *err)
{
        _cleanup_(expectations_release) struct expectations x = {0};
        struct store_change change = {.opened_s = run->now_s};
        int r = get_ticket(run, &change.ticket, err);

        if (r == 0)
                r = split(run, &x, err);
        if (r == 0)
                r = parse_until(run, &change.until_s, err);
        if (r == 0) /* to tell at the end what happened here meanwhile */
                r = snapshot_now(&run->before, run->in, err);
        if (r == 0)
                r = state_store_open(&run->store, &run->engine, STORE_CREATE, err);
        if (r == 0)
                r = run->engine->save(run->store, &run->before, look_name(run, change.ticket), CHANGE_SERIES,
                                      true, err);
        vec_foreach(text, &x.texts) {
                change.expect = *text;
                *vec_push(&run->planned.changes.changes) = change;
        }
        return r == 0 ? run->engine->change_open(run->store, &run->planned.changes, err) : r;
}

/* --- list ----------------------------------------------------------------------------------------- */

static const char *state_of(const struct run *run, const struct store_change *c)
{
        if (c->happened_s)
                return c->closed_s ? "closed; it happened" : "it happened";
        if (c->closed_s)
                return "closed; it did not happen";
        return c->until_s <= run->now_s ? "over; it did not happen" : "open";
}

static int list(struct run *run, struct err *err)
{
        static const struct layout_column columns[] = {
                {"TICKET", 8, false}, {"EXPECTED", 16, false}, {"UNTIL", 0, false}, {"STATE", 0, false}};
        struct layout_table t;
        _cleanup_str_ struct str out = {0}, text = {0};
        char time[CLOCK_TEXT_SIZE];
        int r = state_store_open(&run->store, &run->engine, STORE_OPEN, err);

        if (r == 0)
                r = run->engine->change_list(run->store, run->pool, &run->planned.changes, err);
        if (r == -ENOENT) {
                *err = (struct err){0};
                r = 0;
        }
        if (r < 0)
                return r;
        if (!run->planned.changes.changes.n) {
                (void)puts("No change was ever planned: `quaymaster change open` does.");
                return 0;
        }
        t = layout_table_new(columns, array_len(columns));
        vec_foreach(c, &run->planned.changes.changes) {
                str_reset(&text);
                text_add_printable(&text, c->ticket);
                layout_table_cell(&t, str_text(&text), NULL);
                str_reset(&text);
                text_add_printable(&text, c->expect);
                layout_table_cell(&t, str_text(&text), NULL);
                layout_table_cell(&t, clock_format(c->until_s, time), NULL);
                layout_table_cell(&t, state_of(run, c), NULL);
        }
        r = layout_table_add(&out, &t, terminal_of(STDOUT_FILENO).width, false);
        layout_table_release(&t);
        return r < 0 ? err_set(err, r, "the table cannot be made")
                     : report_flush(&out, STDOUT_FILENO, 0, err);
}

/* --- close ---------------------------------------------------------------------------------------- */

/* What happened here since it was opened; on other hosts, `diff` has noted it. */
static int look_again(struct run *run, const char *ticket, struct err *err)
{
        int r = run->engine->load(run->store, look_name(run, ticket), &run->before, err);

        if (r == -ENOENT) {
                *err = (struct err){0};
                return 0;
        }
        if (r == 0)
                r = snapshot_now(&run->now, run->in, err);
        if (r < 0)
                return r;
        drift_compare(&run->before, &run->now, &run->drift);
        return planned_file(&run->planned, &run->drift, &run->before, &run->now, err);
}

static int tell(struct run *run, const char *ticket, size_t *ret_missed, struct err *err)
{
        struct store_changes changes = {0};
        int r = run->engine->change_list(run->store, run->pool, &changes, err);

        vec_foreach(c, &changes.changes) {
                _cleanup_str_ struct str text = {0};

                if (c->closed_s || !streq(c->ticket, ticket))
                        continue;
                text_add_printable(&text, c->expect);
                (void)printf("%-15s %s\n", c->happened_s ? "happened:" : "did not happen:", str_text(&text));
                *ret_missed += !c->happened_s;
        }
        vec_clear(&changes.changes);
        return r;
}

static int close_change(struct run *run, struct err *err)
{
        const char *ticket;
        size_t missed = 0;
        int r = get_ticket(run, &ticket, err);

        if (r == 0)
                r = state_store_open(&run->store, &run->engine, STORE_OPEN, err);
        if (r == 0)
                r = look_again(run, ticket, err);
        if (r == 0)
                r = tell(run, ticket, &missed, err);
        if (r == 0)
                r = run->engine->change_close(run->store, ticket, run->now_s, err);
        if (r < 0)
                return r;
        (void)run->engine->remove(run->store, look_name(run, ticket), err);
        *err = (struct err){0};
        return missed ? QM_EXIT_FINDINGS : QM_EXIT_DONE;
}

enum { OPEN, LIST, CLOSE };

static const struct command_part parts[] = {
        [OPEN] = {"open", .arguments = "",
                  .takes = STR_LIST("ticket", "expect", "until", "netns", "no-bpf", "config")},
        [LIST] = {"list", .arguments = "", .takes = STR_LIST()},
        [CLOSE] = {"close", .most = 1, .arguments = "[TICKET]",
                   .takes = STR_LIST("ticket", "netns", "no-bpf", "config")},
};

static int run_change(const struct invocation *in, struct err *err)
{
        static int (*const runs[])(struct run *run, struct err *err) = {
                [OPEN] = open_change, [LIST] = list, [CLOSE] = close_change};
        _cleanup_(run_release) struct run run = {.in = in, .pool = pool_new(), .now_s = clock_now_s()};
        int r;

        snapshot_init(&run.before, run.pool);
        snapshot_init(&run.now, run.pool);
        r = runs[in->part](&run, err);
        return r < 0 ? state_store_failed(r) : r;
}

const struct command command_change = {
        .name = "change",
        .arguments = "open|list|close [TICKET]",
        .parts = parts,
        .n_parts = array_len(parts),
        .summary = "planned changes: drift that one expects is filed under its ticket, and alarms nobody",
        .details =
                "  open    with --ticket, --expect and --until: from now on, `diff` shows what is expected as\n"
                "          planned, and it does not count for its exit status\n"
                "  list    all of them, and whether it happened\n"
                "  close   say what happened and what did not, and expect nothing more. A `diff` that looks back over\n"
                "          the time in which it was open files it all the same: set the baseline anew\n\n"
                "What is expected is a kind of change (opened, closed, moved, owner-changed ..., or any), a place\n"
                "(a port as 8443/tcp, or a service), and perhaps a host:\n\n"
                "  quaymaster change open --ticket CHG-1 --expect \"opened 8443/tcp on web1\" --until 2h\n\n"
                "Exit status: 0 done, 1 at `close`: something did not happen, 2 wrong usage or no such change,\n"
                "3 it could not be kept.\n",
        .options = options,
        .n_options = array_len(options),
        .min_arguments = 1,
        .max_arguments = 2,
        .run = run_change,
};
