/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One self-contained HTML file: no script, no network (its own Content-Security-Policy forbids both),
 * so that it opens from a mail and is safe to keep. Text from the host goes through text_add_html and
 * nowhere else.
 */
#include "report/html.h"

#include "base/clock.h"
#include "base/text.h"
#include "report/group.h"
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

static void add_title(struct writer *w)
{
        put(w, w->in->with_findings ? "Audit of " : "Listeners of ");
        put_text(w, w->in->view->hostname);
}

static void add_head(struct writer *w)
{
        const struct inside *view = w->in->view;
        char time[CLOCK_TEXT_SIZE];

        put(w,
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
            "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
            "base-uri 'none'; form-action 'none'\">\n"
            "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
            "<meta name=\"referrer\" content=\"no-referrer\">\n<title>");
        add_title(w);
        put(w, "</title>\n<style>");
        put(w, html_style);
        put(w, "</style>\n</head>\n<body>\n<header><div>\n<h1>");
        add_title(w);
        put(w, "</h1>\n<p class=\"sub\">Seen from inside, ");
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

static void add_tile(struct writer *w, const char *class, size_t n, const char *label)
{
        str_addf(&w->buf, "<li class=\"%s%s\"><b>%zu</b><span>%s</span></li>\n", class, n ? "" : " zero", n,
                 label);
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
                add_tile(w, "all", in->assessment->findings.n, "findings");
                for (int severity = SEVERITY_MAX - 1; severity >= 0; severity--)
                        add_tile(w, severity_name(severity), tally.severity[severity],
                                 severity_name(severity));
                put(w, "</ul>\n");
        }
        if (in->with_listeners) {
                put(w, "<ul class=\"tiles four\" aria-label=\"Listeners by advice\">\n");
                add_tile(w, "all", in->assessment->listeners.n, "listeners");
                for (int class = 0; class < ADVICE_MAX; class ++)
                        add_tile(w, advice_class_name(class), tally.advice[class], advice_class_name(class));
                put(w, "</ul>\n");
        }
}

/* --- findings ------------------------------------------------------------------------------------ */

static void begin_item(struct writer *w, const char *label)
{
        put(w, "<dt>");
        put(w, label);
        put(w, "</dt><dd>");
}

static void add_evidence(const char *text, void *arg)
{
        struct writer *w = arg;

        put(w, "<li>");
        put_text(w, text);
        put(w, "</li>");
}

static void add_step(const char *text, void *arg)
{
        struct writer *w = arg;
        const char *command = row_step_command(text);

        put(w, "<li>");
        str_add_n(&w->raw, text, command ? (size_t)(command - text) : strlen(text));
        put_raw(w);
        if (command) {
                put(w, "<code>");
                put_text(w, command);
                put(w, "</code>");
        }
        put(w, "</li>");
}

static void add_controls(struct writer *w, const struct control *controls)
{
        if (!controls->framework)
                return;
        begin_item(w, "Controls");
        for (const struct control *c = controls; c->framework; c++) {
                if (c != controls)
                        put(w, ", ");
                put_text(w, c->framework);
                put(w, " ");
                put_text(w, c->id);
        }
        put(w, "</dd>\n");
}

static void add_group_items(struct writer *w, const struct finding_group *g)
{
        const struct finding *f = g->first;

        begin_item(w, "Where");
        group_add_places(&w->raw, g, MOST_PLACES);
        put_raw(w);
        put(w, "</dd>\n");
        if (f->listener)
                row_add_owner(&w->raw, f->listener);
        if (w->raw.len) {
                begin_item(w, "Who");
                put_raw(w);
                put(w, "</dd>\n");
        }
        if (f->advice.why) {
                begin_item(w, "Why");
                put_text(w, f->advice.why);
                put(w, "</dd>\n");
        }
        if (f->evidence[0]) {
                begin_item(w, "Evidence");
                put(w, "<ul>");
                group_each_evidence(g, add_evidence, w);
                put(w, "</ul></dd>\n");
        }
        if (f->remediation[0]) {
                begin_item(w, "What to do");
                put(w, "<ol>");
                group_each_step(g, add_step, w);
                put(w, "</ol></dd>\n");
        }
        if (f->alternative.protocol) {
                begin_item(w, "Instead");
                row_add_alternative(&w->raw, &f->alternative);
                put_raw(w);
                put(w, "</dd>\n");
        }
        add_controls(w, f->controls);
}

static void add_group(struct writer *w, const struct finding_group *g)
{
        const struct finding *f = g->first;
        const char *severity = severity_name(f->severity), *class = advice_class_name(f->advice.class);

        str_addf(&w->buf, "<article class=\"%s\"><div class=\"head\"><span class=\"tag\">%s</span><h3>",
                 severity, severity);
        put_text(w, f->title);
        str_addf(&w->buf, "</h3><span class=\"tag %s\">%s</span></div>\n<dl>\n", class, class);
        add_group_items(w, g);
        put(w, "</dl></article>\n");
}

static int add_findings(struct writer *w)
{
        _cleanup_(groups_release) struct finding_groups groups = groups_of(w->in->assessment);
        int r = 0;

        put(w, "<section aria-labelledby=\"findings\"><h2 id=\"findings\">Findings</h2>\n");
        if (!groups.list.n)
                put(w, "<p>None.</p>\n");
        vec_foreach (g, &groups.list) {
                add_group(w, g);
                r = flush(w);
                if (r < 0)
                        return r;
        }
        put(w, "</section>\n");
        return 0;
}

/* --- tables -------------------------------------------------------------------------------------- */

/* A wide table scrolls inside its region, which the keyboard can reach. */
static void begin_table(struct writer *w, const char *label, const char *caption)
{
        str_addf(
                &w->buf,
                "<div class=\"wide\" role=\"region\" tabindex=\"0\" aria-label=\"%s\"><table role=\"table\">",
                label);
        if (caption) {
                put(w, "<caption>");
                put(w, caption);
                put(w, "</caption>");
        }
        put(w, "\n<thead role=\"rowgroup\"><tr role=\"row\">");
}

static void add_heading(struct writer *w, const char *heading)
{
        put(w, "<th scope=\"col\" role=\"columnheader\">");
        put(w, heading);
        put(w, "</th>");
}

static void begin_body(struct writer *w)
{
        put(w, "</tr></thead>\n<tbody role=\"rowgroup\">\n");
}

static void begin_row(struct writer *w)
{
        put(w, "<tr role=\"row\"><th scope=\"row\" role=\"rowheader\">");
}

/*
 * The roles are repeated because a table that CSS shows as cards (on a phone) loses them for screen
 * readers.
 */
static void begin_cell(struct writer *w, const char *label, bool empty)
{
        str_addf(&w->buf, "<td role=\"cell\" data-label=\"%s\"%s><div>", label,
                 empty ? " class=\"none\"" : "");
}

static void end_cell(struct writer *w)
{
        put(w, "</div></td>");
}

static void end_table(struct writer *w)
{
        put(w, "</tbody></table></div>\n");
}

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
        begin_cell(w, row_heading(column),
                   streq(w->raw.text, "-") && !(column == ROW_PROCESS && l->owner_note));
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
        if (column == ROW_PROCESS) {
                add_small(w, l->n_processes ? l->processes[0]->exe : NULL);
                add_small(w, l->owner_note);
        }
        if (column == ROW_PACKAGE)
                add_small(w, l->package ? l->package->version : NULL);
        end_cell(w);
}

static int add_listener_rows(struct writer *w, const bool *used, const struct listener *l, size_t n)
{
        int r = 0;

        for (; n && r >= 0; n--, l++) {
                begin_row(w);
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

        begin_table(w, caption ? "Listeners" : "Client sockets", caption);
        for (enum row_column c = 0; c < ROW_MAX; c++) {
                used[c] = row_used(c, w->in->assessment);
                if (used[c])
                        add_heading(w, row_heading(c));
        }
        begin_body(w);
        r = add_listener_rows(w, used, l, n);
        end_table(w);
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
        begin_cell(w, label, !text);
        put_text(w, text);
        end_cell(w);
}

static void add_service(struct writer *w, const struct service_use *use)
{
        const struct inside *view = w->in->view;
        const struct service *s = use->service;

        begin_row(w);
        put_text(w, s->name);
        put(w, "</th>");
        add_cell(w, "State", s->state);
        add_cell(w, "Start-up", s->startup);
        begin_cell(w, "Listens on", !use->n_listeners);
        row_add_listens(&w->raw, use, MOST_PLACES);
        put_raw(w);
        end_cell(w);
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
        begin_table(w, "Services", NULL);
        for (size_t i = 0; i < array_len(headings); i++)
                add_heading(w, headings[i]);
        begin_body(w);
        vec_foreach (use, &w->in->assessment->services) {
                add_service(w, use);
                r = flush(w);
                if (r < 0)
                        return r;
        }
        end_table(w);
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
