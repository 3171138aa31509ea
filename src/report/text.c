/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The report for people at a terminal: what to do first, then what is there, then what was not seen. */
#include "base/text.h"

#include <errno.h>

#include "base/clock.h"
#include "base/pool.h"
#include "report/findings_text.h"
#include "report/layout.h"
#include "report/row.h"

#define MOST_PLACES  6u  /* of one group; the table below has all */
#define WIDEST_SCOPE 24u /* columns; what the packet filter lets in is a footnote where it is longer */
#define HINT_WIDTH   26u /* columns of a command that is suggested, at least */
#define EXPLAIN      "quaymaster explain "
#define WIDEST_PROSE 100u /* longer lines are hard to read */

struct writer {
        const struct report_input *in;
        struct str buf;
        struct str raw, safe; /* one text from the host, before and after it was made printable */
        struct pool *pool;
        vec(const char *) notes; /* footnotes of the listeners table, in the pool; number: index + 1 */
        int fd;
        struct err *err;
};

/* Escape sequences (ECMA-48 SGR) that only ever go beside a word that says the same. */
#define BOLD  "\033[1m"
#define PLAIN "\033[0m"

static const char *advice_colour(const struct listener *l)
{
        static const char *const colours[ADVICE_MAX] = {
                [ADVICE_EXPECTED] = "green",
                [ADVICE_RECONFIGURE] = "red",
                [ADVICE_REVIEW] = "brown",
        };

        return l->client_reason ? NULL : colours[l->advice.class];
}

static void paint(struct writer *w, const char *sequence)
{
        if (w->in->colour)
                str_add(&w->buf, sequence);
}

static size_t prose_width(const struct writer *w)
{
        return w->in->width > WIDEST_PROSE ? WIDEST_PROSE : w->in->width;
}

/* What stands in w->raw, printable; it is empty after that. Valid until the next call. */
static const char *take_safe(struct writer *w)
{
        str_reset(&w->safe);
        text_add_printable(&w->safe, str_text(&w->raw));
        str_reset(&w->raw);
        return str_text(&w->safe);
}

static const char *safe(struct writer *w, const char *text)
{
        str_reset(&w->raw);
        str_add(&w->raw, text ? text : "-");
        return take_safe(w);
}

static void heading(struct writer *w, const char *text)
{
        str_add_char(&w->buf, '\n');
        paint(w, BOLD);
        str_add(&w->buf, text);
        paint(w, PLAIN);
        str_add_char(&w->buf, '\n');
}

/* --- headline ------------------------------------------------------------------------------------ */

/* Where there is a policy: what it says of the listeners. */
static void add_verdicts(struct writer *w, const struct assessment *a)
{
        size_t counts[VERDICT_MAX] = {0}, judged = 0;
        const char *apart = "policy: ";

        vec_foreach(l, &a->listeners)
                if (l->judgement.verdict != VERDICT_NONE) {
                        counts[l->judgement.verdict]++;
                        judged++;
                }
        for (size_t v = 0; v < VERDICT_MAX; v++)
                if (counts[v]) {
                        str_addf(&w->buf, "%s%zu %s", apart, counts[v], verdict_name((enum verdict)v));
                        apart = ", ";
                }
        str_add(&w->buf, judged ? "\n" : "");
}

static void add_headline(struct writer *w)
{
        const struct report_input *in = w->in;
        const struct assessment *a = in->assessment;
        struct tally tally = row_tally(a);
        char time[CLOCK_TEXT_SIZE];

        paint(w, BOLD);
        str_addf(&w->buf, "quaymaster %s: ", in->title);
        str_add(&w->buf, safe(w, in->view->hostname));
        paint(w, PLAIN);
        str_addf(&w->buf, ", %s\n", clock_format(in->view->time_s, time));
        if (in->with_listeners) {
                row_add_count(&w->buf, a->listeners.n, "listener");
                str_add(&w->buf, a->listeners.n ? ": " : "");
                row_add_advice_tally(&w->buf, &tally);
                str_add_char(&w->buf, '\n');
                add_verdicts(w, a);
        }
        if (in->with_findings) {
                row_add_count(&w->buf, a->findings.n, "finding");
                str_add(&w->buf, a->findings.n ? ": " : "");
                row_add_severity_tally(&w->buf, &tally);
                str_add_char(&w->buf, '\n');
        }
        if (!in->complete)
                str_add(&w->buf,
                        "INCOMPLETE: not everything asked for could be seen; \"Not seen\" below says what\n");
}

/* --- findings ------------------------------------------------------------------------------------ */

static int flush_findings(void *arg)
{
        struct writer *w = arg;

        return report_flush(&w->buf, w->fd, REPORT_CHUNK, w->err);
}

static int add_findings(struct writer *w)
{
        const struct assessment *a = w->in->assessment;

        return findings_text_add(
                &(struct findings_text){&w->buf, w->in->colour, prose_width(w), flush_findings, w},
                a->findings.at, a->findings.n);
}

/* --- tables -------------------------------------------------------------------------------------- */

static const struct {
        enum row_column column;
        struct layout_column layout;
} listener_columns[] = {
        {ROW_PORT, {"PORT"}},
        {ROW_ADDRESS, {"ADDRESS", 9, .last = true}},
        {ROW_SPEAKS, {"SPEAKS", 10}},
        {ROW_PRODUCT, {"SAYS IT IS", 10, .may_go = true}},
        {ROW_SCOPE, {"SCOPE", 8}},
        {ROW_NETNS, {"NETNS", 6}},
        {ROW_CONTAINER, {"CONTAINER", 9}},
        {ROW_PROCESS, {"PROCESS", 12}},
        {ROW_UNIT, {"UNIT", 9, .may_go = true}},
        {ROW_PACKAGE, {"PACKAGE", 7, .may_go = true}},
        {ROW_ADVICE, {"ADVICE"}},
        {ROW_VERDICT, {"VERDICT"}},
};

static size_t note_number(struct writer *w, const char *text)
{
        const char *note = pool_intern(w->pool, text);

        for (size_t i = 0; i < w->notes.n; i++)
                if (w->notes.at[i] == note)
                        return i + 1;
        *vec_push(&w->notes) = note;
        return w->notes.n;
}

/* "link, from 192.0.2.0/24, 198.51.100.7 and 3 more only" would leave no room for the rest of a row. */
static void shorten_scope(struct writer *w)
{
        const char *more = w->raw.len > WIDEST_SCOPE ? strstr(w->raw.text, ", ") : NULL;
        size_t number;

        if (!more)
                return;
        number = note_number(w, more + strlen(", "));
        w->raw.len = (size_t)(more - w->raw.text);
        str_addf(&w->raw, ", partly [%zu]", number);
}

static void add_listener_cell(struct writer *w, struct layout_table *t, enum row_column column,
                              const struct listener *l)
{
        row_add(&w->raw, column, l);
        if (column == ROW_PROCESS && l->owner_note)
                str_addf(&w->raw, " [%zu]", note_number(w, l->owner_note));
        if (column == ROW_SCOPE)
                shorten_scope(w);
        if (column == ROW_SPEAKS && l->not_verified)
                str_addf(&w->raw, " [%zu]", note_number(w, l->not_verified));
        layout_table_cell(t, take_safe(w), column == ROW_ADVICE ? advice_colour(l) : NULL);
}

static int end_table(struct writer *w, struct layout_table *t)
{
        int r = layout_table_add(&w->buf, t, w->in->width, w->in->colour);

        if (r < 0)
                return err_errno(w->err, -r, "laying out a table");
        if (t->left_out.len)
                str_addf(&w->buf, "(too narrow for %s; --json has all)\n", t->left_out.text);
        return report_flush(&w->buf, w->fd, REPORT_CHUNK, w->err);
}

static void add_notes(struct writer *w)
{
        for (size_t i = 0; i < w->notes.n; i++) {
                _cleanup_str_ struct str lead = {0};

                str_addf(&lead, "[%zu] ", i + 1);
                layout_paragraph(&w->buf, lead.text, safe(w, w->notes.at[i]), prose_width(w));
        }
}

static int add_listeners(struct writer *w)
{
        const struct assessment *a = w->in->assessment;
        struct layout_column columns[array_len(listener_columns)];
        enum row_column shown[array_len(listener_columns)];
        _cleanup_(layout_table_release) struct layout_table t = {0};
        size_t n = 0;
        int r;

        for (size_t i = 0; i < array_len(listener_columns); i++)
                if (row_used(listener_columns[i].column, a)) {
                        shown[n] = listener_columns[i].column;
                        columns[n++] = listener_columns[i].layout;
                }
        t = layout_table_new(columns, n);
        vec_foreach(l, &a->listeners)
                for (size_t i = 0; i < n; i++)
                        add_listener_cell(w, &t, shown[i], l);
        heading(w, a->listeners.n ? "Listeners" : "Nothing listens that could be seen");
        if (!a->listeners.n)
                return 0;
        r = end_table(w, &t);
        add_notes(w);
        return r;
}

static int add_clients(struct writer *w)
{
        static const struct layout_column columns[] = {
                {"PORT", 0},
                {"ADDRESS", 0},
                {"PROCESS", 12},
                {"WHY NO LISTENER", 20},
        };
        const struct assessment *a = w->in->assessment;
        _cleanup_(layout_table_release) struct layout_table t = {0};

        if (!a->clients.n)
                return 0;
        if (!w->in->all) {
                str_add_char(&w->buf, '\n');
                row_add_count(&w->buf, a->clients.n, "client socket");
                str_add(&w->buf, " not listed; --all shows them\n");
                return 0;
        }
        t = layout_table_new(columns, array_len(columns));
        vec_foreach(l, &a->clients) {
                add_listener_cell(w, &t, ROW_PORT, l);
                add_listener_cell(w, &t, ROW_ADDRESS, l);
                row_add(&w->raw, ROW_PROCESS, l);
                layout_table_cell(&t, take_safe(w), NULL);
                layout_table_cell(&t, safe(w, l->client_reason), NULL);
        }
        heading(w, "Sockets of clients");
        return end_table(w, &t);
}

static int add_services(struct writer *w)
{
        static const struct layout_column columns[] = {
                {"NAME", 16},         {"STATE"},
                {"STARTUP"},          {"LISTENS-ON", 15},
                {"PACKAGE", 8, true}, {"DESCRIPTION", 11, true},
        };
        const struct inside *view = w->in->view;
        _cleanup_(layout_table_release) struct layout_table t =
                layout_table_new(columns, array_len(columns));

        vec_foreach(use, &w->in->assessment->services) {
                const struct service *s = use->service;

                layout_table_cell(&t, safe(w, s->name), NULL);
                layout_table_cell(&t, safe(w, s->state), NULL);
                layout_table_cell(&t, safe(w, s->startup), NULL);
                row_add_listens(&w->raw, use, MOST_PLACES);
                layout_table_cell(&t, take_safe(w), NULL);
                layout_table_cell(
                        &t,
                        safe(w, s->package < view->packages.n ? view->packages.at[s->package].name : NULL),
                        NULL);
                layout_table_cell(&t, safe(w, s->description), NULL);
        }
        heading(w, "Services");
        return end_table(w, &t);
}

static void add_services_count(struct writer *w)
{
        const struct assessment *a = w->in->assessment;
        size_t listening = 0, running = 0;

        vec_foreach(use, &a->services) {
                listening += use->n_listeners > 0;
                running += streq_ptr(use->service->state, "running");
        }
        str_add_char(&w->buf, '\n');
        row_add_count(&w->raw, a->services.n, "service");
        str_addf(&w->raw, ", %zu running, %zu with a port; quaymaster host --services lists them", running,
                 listening);
        layout_paragraph(&w->buf, "", take_safe(w), prose_width(w));
}

/* --- the end ------------------------------------------------------------------------------------- */

static void add_gaps(struct writer *w)
{
        const struct inside *view = w->in->view;

        if (!view->gaps.n)
                return;
        heading(w, "Not seen");
        for (int incomplete = 1; incomplete >= 0; incomplete--)
                vec_foreach(gap, &view->gaps) {
                        if (gap->incomplete != incomplete)
                                continue;
                        row_add_gap(&w->raw, gap);
                        layout_paragraph(&w->buf, incomplete ? "!  " : "-  ", take_safe(w), prose_width(w));
                }
}

/* A command to go on with, and what it is for; the comments stand in a column. */
static void add_hint(struct writer *w, size_t width, const char *command, const char *comment)
{
        _cleanup_str_ struct str lead = {0};

        str_addf(&lead, "   %-*s  # ", (int)width, command);
        layout_paragraph(&w->buf, lead.text, comment, prose_width(w));
}

/* What a policy and a plan would do about all of them: of this host, whose files these commands read. */
static void add_hints_of_all(struct writer *w, size_t width)
{
        const struct assessment *a = w->in->assessment;

        if (!streq(w->in->title, "audit"))
                return;
        if (a->listeners.n && a->listeners.at[0].judgement.verdict == VERDICT_NONE)
                add_hint(w, width, "quaymaster policy init", "write down what may stay open, and why");
        add_hint(w, width, "quaymaster harden plan", "how to close what is left; changes nothing");
}

/* Listeners whose pages help with the worst findings; a page is named once. */
static size_t choose_pages(const struct assessment *a, const struct listener *chosen[], size_t room)
{
        size_t n = 0;

        vec_foreach(f, &a->findings) {
                const struct listener *l = f->listener;
                bool known = !l || !l->guide;

                for (size_t i = 0; i < n && !known; i++)
                        known = streq(chosen[i]->guide, l->guide);
                if (!known && n < room)
                        chosen[n++] = l;
        }
        return n;
}

static void add_hints(struct writer *w)
{
        const struct listener *chosen[3];
        size_t n = choose_pages(w->in->assessment, chosen, array_len(chosen)), width = HINT_WIDTH;

        for (size_t i = 0; i < n; i++) {
                size_t len = strlen(EXPLAIN) + strlen(safe(w, chosen[i]->guide));

                width = len > width ? len : width;
        }
        if (n)
                heading(w, "Next");
        for (size_t i = 0; i < n; i++) {
                _cleanup_free_ char *command = xasprintf(EXPLAIN "%s", safe(w, chosen[i]->guide)),
                                    *comment = NULL;

                row_add(&w->raw, ROW_PORT, chosen[i]);
                comment = xasprintf("on %s: what it is, and what to use instead", take_safe(w));
                add_hint(w, width, command, comment);
        }
        if (n)
                add_hints_of_all(w, width);
}

static int write_body(struct writer *w)
{
        const struct report_input *in = w->in;
        int r = 0;

        add_headline(w);
        if (in->with_findings)
                r = add_findings(w);
        if (r >= 0 && in->with_listeners)
                r = add_listeners(w);
        if (r >= 0 && in->with_listeners)
                r = add_clients(w);
        if (r >= 0 && in->with_services && in->with_findings)
                add_services_count(w);
        else if (r >= 0 && in->with_services)
                r = add_services(w);
        if (r < 0)
                return r;
        add_gaps(w);
        if (in->with_findings)
                add_hints(w);
        return report_flush(&w->buf, w->fd, 0, w->err);
}

static void writer_release(struct writer *w)
{
        str_release(&w->buf);
        str_release(&w->raw);
        str_release(&w->safe);
        vec_clear(&w->notes);
        pool_freep(&w->pool);
}

static int write_text(const struct report_input *in, int fd, struct err *err)
{
        _cleanup_(writer_release) struct writer w = {.in = in, .pool = pool_new(), .fd = fd, .err = err};

        return write_body(&w);
}

const struct report_format report_text = {
        .name = "text",
        .what = "for people: findings with what to do, and tables",
        .write = write_text,
};
