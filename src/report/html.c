/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One self-contained HTML file: no script, no network (its own Content-Security-Policy forbids both),
 * so that it opens from a mail and is safe to keep. Text from the host goes through text_add_html and
 * nowhere else.
 */
#include "report/html.h"

#include "base/clock.h"
#include "base/text.h"
#include "report/findings_html.h"
#include "report/row.h"

#define MOST_PLACES 12u /* of one group or service; the table has all */

struct writer {
        const struct report_input *in;
        struct str buf;
        struct str raw; /* one text from the host */
        int fd;
        struct err *err;
};

static void put(struct writer *w, const char *markup)
{
        str_add(&w->buf, markup);
}

static void put_text(struct writer *w, const char *text)
{
        text_add_html(&w->buf, text ? text : "-");
}

/* What stands in w->raw, which is empty after that. */
static void put_raw(struct writer *w)
{
        text_add_html(&w->buf, str_text(&w->raw));
        str_reset(&w->raw);
}

static int flush(struct writer *w)
{
        return report_flush(&w->buf, w->fd, REPORT_CHUNK, w->err);
}

/* --- head and tiles ------------------------------------------------------------------------------ */

static void add_head(struct writer *w)
{
        const struct inside *view = w->in->view;
        _cleanup_str_ struct str title = {0};
        char time[CLOCK_TEXT_SIZE];

        str_addf(&title, "%s%s", w->in->with_findings ? "Audit of " : "Listeners of ",
                 view->hostname ? view->hostname : "-");
        html_begin(&w->buf, title.text);
        put(w, "<p class=\"sub\">Seen from inside, ");
        put(w, clock_format(view->time_s, time));
        put(w, " &middot; asset ");
        put_text(w, view->asset);
        put(w, "</p>\n<nav aria-label=\"Sections\">");
        if (w->in->with_findings)
                put(w, "<a href=\"#findings\">Findings</a>");
        if (w->in->with_listeners)
                put(w, "<a href=\"#listeners\">Listeners</a>");
        if (w->in->with_services)
                put(w, "<a href=\"#services\">Services</a>");
        put(w, "<a href=\"#not-seen\">Not seen</a></nav>\n</div></header>\n<main>\n");
}

static void add_tiles(struct writer *w)
{
        const struct report_input *in = w->in;
        struct tally tally = row_tally(in->assessment);

        if (!in->complete)
                put(w,
                    "<p class=\"warn\"><strong>Incomplete.</strong> Not everything asked for could be seen; "
                    "<a href=\"#not-seen\">what is missing and why</a>.</p>\n");
        if (in->with_findings) {
                put(w, "<ul class=\"tiles\" aria-label=\"Findings by severity\">\n");
                html_add_tile(&w->buf, "all", in->assessment->findings.n, "findings");
                for (int severity = SEVERITY_MAX - 1; severity >= 0; severity--)
                        html_add_tile(&w->buf, severity_name(severity), tally.severity[severity],
                                 severity_name(severity));
                put(w, "</ul>\n");
        }
        if (in->with_listeners) {
                put(w, "<ul class=\"tiles four\" aria-label=\"Listeners by advice\">\n");
                html_add_tile(&w->buf, "all", in->assessment->listeners.n, "listeners");
                for (int class = 0; class < ADVICE_MAX; class ++)
                        html_add_tile(&w->buf, advice_class_name(class), tally.advice[class], advice_class_name(class));
                put(w, "</ul>\n");
        }
}

/* --- findings ------------------------------------------------------------------------------------ */

static int flush_findings(void *arg)
{
        return flush(arg);
}

static int add_findings(struct writer *w)
{
        const struct assessment *a = w->in->assessment;

        return findings_html_add(&w->buf, a->findings.at, a->findings.n, flush_findings, w);
}

/* --- tables -------------------------------------------------------------------------------------- */

static void add_small(struct writer *w, const char *text)
{
        if (!text)
                return;
        put(w, "<small>");
        put_text(w, text);
        put(w, "</small>");
}

static void add_listener_cell(struct writer *w, enum row_column column, const struct listener *l)
{
        row_add(&w->raw, column, l);
        html_begin_cell(&w->buf, row_heading(column),
                   streq(w->raw.text, "-") && !(column == ROW_PROCESS && l->owner_note) &&
                           !(column == ROW_SPEAKS && l->not_verified));
        if (column == ROW_ADVICE) {
                str_addf(&w->buf, "<span class=\"tag %s\">", w->raw.text);
                put_raw(w);
                put(w, "</span>");
                add_small(w, l->client_reason                     ? l->client_reason
                             : l->advice.class == ADVICE_EXPECTED ? NULL
                                                                  : l->advice.why);
        } else {
                put_raw(w);
        }
        if (column == ROW_VERDICT)
                add_small(w, l->judgement.why);
        if (column == ROW_PROCESS) {
                add_small(w, l->n_processes ? l->processes[0]->exe : NULL);
                add_small(w, l->owner_note);
        }
        if (column == ROW_SPEAKS)
                add_small(w, l->not_verified);
        if (column == ROW_PACKAGE)
                add_small(w, l->package ? l->package->version : NULL);
        html_end_cell(&w->buf);
}

static int add_listener_rows(struct writer *w, const bool *used, const struct listener *l, size_t n)
{
        int r = 0;

        for (; n && r >= 0; n--, l++) {
                html_begin_row(&w->buf);
                row_add(&w->raw, ROW_PORT, l);
                put_raw(w);
                put(w, "</th>");
                for (enum row_column c = ROW_PORT + 1; c < ROW_MAX; c++)
                        if (used[c])
                                add_listener_cell(w, c, l);
                put(w, "</tr>\n");
                r = flush(w);
        }
        return r;
}

static int add_listener_table(struct writer *w, const char *caption, const struct listener *l, size_t n)
{
        bool used[ROW_MAX];
        int r;

        html_begin_table(&w->buf, caption ? "Listeners" : "Client sockets", caption);
        for (enum row_column c = 0; c < ROW_MAX; c++) {
                used[c] = row_used(c, w->in->assessment);
                if (used[c])
                        html_add_heading(&w->buf, row_heading(c));
        }
        html_begin_body(&w->buf);
        r = add_listener_rows(w, used, l, n);
        html_end_table(&w->buf);
        return r;
}

static int add_listeners(struct writer *w)
{
        const struct assessment *a = w->in->assessment;
        int r = 0;

        put(w, "<section aria-labelledby=\"listeners\"><h2 id=\"listeners\">Listeners</h2>\n");
        if (!a->listeners.n)
                put(w, "<p>Nothing listens that could be seen.</p>\n");
        else
                r = add_listener_table(w,
                                       "A protocol with a question mark is known by its port number only.",
                                       a->listeners.at, a->listeners.n);
        if (r >= 0 && a->clients.n) {
                put(w, "</section><section><details><summary>");
                row_add_count(&w->buf, a->clients.n, "client socket");
                put(w, ", not counted as listeners</summary>\n");
                r = add_listener_table(w, NULL, a->clients.at, a->clients.n);
                put(w, "</details>\n");
        }
        put(w, "</section>\n");
        return r;
}

static void add_cell(struct writer *w, const char *label, const char *text)
{
        html_begin_cell(&w->buf, label, !text);
        put_text(w, text);
        html_end_cell(&w->buf);
}

static void add_service(struct writer *w, const struct service_use *use)
{
        const struct inside *view = w->in->view;
        const struct service *s = use->service;

        html_begin_row(&w->buf);
        put_text(w, s->name);
        put(w, "</th>");
        add_cell(w, "State", s->state);
        add_cell(w, "Start-up", s->startup);
        html_begin_cell(&w->buf, "Listens on", !use->n_listeners);
        row_add_listens(&w->raw, use, MOST_PLACES);
        put_raw(w);
        html_end_cell(&w->buf);
        add_cell(w, "Package", s->package < view->packages.n ? view->packages.at[s->package].name : NULL);
        add_cell(w, "Description", s->description);
        put(w, "</tr>\n");
}

static int add_services(struct writer *w)
{
        static const char *const headings[] = {"Service",    "State",   "Start-up",
                                               "Listens on", "Package", "Description"};
        int r = 0;

        put(w, "<section aria-labelledby=\"services\"><h2 id=\"services\">Services</h2>\n");
        str_addf(&w->buf, "<details id=\"s\"%s><summary>", w->in->with_findings ? "" : " open");
        row_add_count(&w->buf, w->in->assessment->services.n, "service");
        put(w, "</summary>\n");
        html_begin_table(&w->buf, "Services", NULL);
        for (size_t i = 0; i < array_len(headings); i++)
                html_add_heading(&w->buf, headings[i]);
        html_begin_body(&w->buf);
        vec_foreach (use, &w->in->assessment->services) {
                add_service(w, use);
                r = flush(w);
                if (r < 0)
                        return r;
        }
        html_end_table(&w->buf);
        put(w, "</details></section>\n");
        return 0;
}

/* --- the end ------------------------------------------------------------------------------------- */

static void add_gaps(struct writer *w)
{
        const struct inside *view = w->in->view;

        put(w, "<section aria-labelledby=\"not-seen\"><h2 id=\"not-seen\">Not seen</h2>\n");
        if (!view->gaps.n)
                put(w, "<p>Nothing that was asked for is missing.</p>\n");
        else
                put(w, "<ul class=\"gaps\">\n");
        for (int incomplete = 1; incomplete >= 0; incomplete--)
                vec_foreach (gap, &view->gaps) {
                        if (gap->incomplete != incomplete)
                                continue;
                        put(w, incomplete ? "<li><strong>Missing:</strong> " : "<li>");
                        row_add_gap(&w->raw, gap);
                        put_raw(w);
                        put(w, "</li>\n");
                }
        if (view->gaps.n)
                put(w, "</ul>\n");
        put(w, "</section>\n");
}

static void add_foot(struct writer *w)
{
        put(w, "</main>\n<footer>Made by quaymaster");
        if (w->in->view->sockets_by) {
                put(w, "; sockets read by ");
                put_text(w, w->in->view->sockets_by);
        }
        str_addf(&w->buf,
                 "; %.0f ms. The port alone never condemns: the process behind it counts.</footer>\n",
                 w->in->elapsed_ms);
        put(w, "</body>\n</html>\n");
}

static int write_body(struct writer *w)
{
        const struct report_input *in = w->in;
        int r = 0;

        add_head(w);
        add_tiles(w);
        if (in->with_findings)
                r = add_findings(w);
        if (r >= 0 && in->with_listeners)
                r = add_listeners(w);
        if (r >= 0 && in->with_services)
                r = add_services(w);
        if (r < 0)
                return r;
        add_gaps(w);
        add_foot(w);
        return report_flush(&w->buf, w->fd, 0, w->err);
}

static void writer_release(struct writer *w)
{
        str_release(&w->buf);
        str_release(&w->raw);
}

static int write_html(const struct report_input *in, int fd, struct err *err)
{
        _cleanup_(writer_release) struct writer w = {.in = in, .fd = fd, .err = err};

        return write_body(&w);
}

const struct report_format report_html = {
        .name = "html",
        .what = "one self-contained page, to mail or print",
        .write = write_html,
};
