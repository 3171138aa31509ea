/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The outside view as one self-contained page: no script, no network. Hosts as they are done; findings first. */
#include "base/clock.h"
#include "base/text.h"
#include "report/findings_html.h"
#include "report/html.h"
#include "report/row.h"
#include "report/scan_report.h"
#include "report/scan_words.h"

static void put_raw(struct scan_writer *w, struct str *raw)
{
        text_add_html(&w->buf, raw->len ? raw->text : "-");
        str_reset(raw);
}

static int no_flush(void *arg)
{
        return 0;
}

static void add_findings(struct scan_writer *w)
{
        const struct outside *judged = w->head->judged;
        struct tally tally = {0};

        row_count_findings(&tally, judged->findings.at, judged->findings.n);
        str_add(&w->buf, "<ul class=\"tiles\" aria-label=\"Findings by severity\">\n");
        html_add_tile(&w->buf, "all", judged->findings.n, "findings");
        for (int severity = SEVERITY_MAX - 1; severity >= 0; severity--)
                html_add_tile(&w->buf, severity_name(severity), tally.severity[severity],
                              severity_name(severity));
        str_add(&w->buf, "</ul>\n");
        (void)findings_html_add(&w->buf, judged->findings.at, judged->findings.n, no_flush, NULL);
}

static void begin(struct scan_writer *w)
{
        _cleanup_str_ struct str raw = {0};
        char time[CLOCK_TEXT_SIZE];

        if (w->head->imported)
                str_addf(&raw, "What %s saw", w->head->imported);
        else
                str_addf(&raw, "%s from %s", w->head->judged ? "Audit" : "Scan", w->head->hostname);
        html_begin(&w->buf, raw.text);
        str_reset(&raw);
        str_addf(&w->buf, "<p class=\"sub\">Seen from outside, %s &middot; ",
                 clock_format(w->head->started_s, time));
        scan_add_port_counts(&raw, w->head->ports);
        put_raw(w, &raw);
        str_add(&w->buf, "</p>\n</div></header>\n<main>\n");
        if (w->head->judged)
                add_findings(w);
        str_add(&w->buf, "<section aria-labelledby=\"hosts\"><h2 id=\"hosts\">Hosts</h2>\n");
}

static void add_text_cell(struct scan_writer *w, const char *label, struct str *raw)
{
        html_begin_cell(&w->buf, label, !raw->len);
        put_raw(w, raw);
        html_end_cell(&w->buf);
}

static void add_advice_cell(struct scan_writer *w, const struct observed *o)
{
        const char *class = o->advice.why ? advice_class_name(o->advice.class) : NULL;

        html_begin_cell(&w->buf, "Advice", !class);
        if (class)
                str_addf(&w->buf, "<span class=\"tag %s\">%s</span>", class, class);
        else
                str_add_char(&w->buf, '-');
        html_end_cell(&w->buf);
}

static void add_endpoint(struct scan_writer *w, const struct observed *o)
{
        const struct endpoint *e = &o->endpoint;
        const char *registered = scan_registered(e);
        _cleanup_str_ struct str raw = {0};

        html_begin_row(&w->buf);
        str_addf(&w->buf, "%u/%s</th>", e->port, transport_name(e->transport));
        str_add(&raw, endpoint_state_name(e->state));
        add_text_cell(w, "State", &raw);
        if (w->head->identified) {
                scan_add_protocol(&raw, o);
                add_text_cell(w, "Protocol", &raw);
                if (o->identity && o->identity->encryption != ENCRYPTION_UNKNOWN)
                        str_add(&raw, encryption_name(o->identity->encryption));
                add_text_cell(w, "Encryption", &raw);
                scan_add_product(&raw, o);
                add_text_cell(w, "Product", &raw);
        }
        str_add(&raw, registered ? registered : "");
        add_text_cell(w, "Registered", &raw);
        str_add(&raw, endpoint_reason_name(e->reason));
        add_text_cell(w, "Why", &raw);
        if (w->head->judged)
                add_advice_cell(w, o);
        if (scan_has_verdicts(w)) {
                if (o->judgement.verdict != VERDICT_NONE)
                        str_add(&raw, verdict_name(o->judgement.verdict));
                add_text_cell(w, "Verdict", &raw);
        }
        str_add(&w->buf, "</tr>\n");
}

static void add_table(struct scan_writer *w, const struct observed *observed, size_t n)
{
        static const struct {
                const char *heading;
                bool identified, judged, by_policy;
        } headings[] = {
                {"Port"},
                {"State"},
                {"Protocol", .identified = true},
                {"Encryption", .identified = true},
                {"Product", .identified = true},
                {"Registered"},
                {"Why"},
                {"Advice", .judged = true},
                {"Verdict", .by_policy = true},
        };

        html_begin_table(&w->buf, "Endpoints", NULL);
        for (size_t i = 0; i < array_len(headings); i++)
                if ((!headings[i].identified || w->head->identified) &&
                    (!headings[i].judged || w->head->judged) && (!headings[i].by_policy || scan_has_verdicts(w)))
                        html_add_heading(&w->buf, headings[i].heading);
        html_begin_body(&w->buf);
        for (size_t i = 0; i < n; i++)
                add_endpoint(w, &observed[i]);
        html_end_table(&w->buf);
}

static void write_host(struct scan_writer *w, const struct host_coverage *c, const struct observed *observed,
                       size_t n)
{
        _cleanup_str_ struct str raw = {0};

        if (c->status == HOST_ABSENT || c->status == HOST_NOT_ASKED)
                return; /* at the end, as ranges */
        scan_add_address(&raw, w->head, &c->address, c->zone_index);
        if (c->name)
                str_addf(&raw, " (%s)", c->name);
        str_add(&w->buf, "<h3>");
        put_raw(w, &raw);
        str_add(&w->buf, "</h3>\n");
        if (n)
                add_table(w, observed, n);
        scan_add_unlisted(&raw, c, observed, n);
        if (raw.len) {
                str_add(&w->buf, n ? "<p>not listed: " : "<p>nothing open: ");
                put_raw(w, &raw);
                str_add(&w->buf, "</p>\n");
        }
        scan_add_why(&raw, c->why);
        if (c->middlebox)
                str_addf(&raw, "%smiddlebox: %s", raw.len ? "; " : "", c->middlebox);
        if (raw.len) {
                str_add(&w->buf, c->complete ? "<p>" : "<p class=\"warn\">");
                put_raw(w, &raw);
                str_add(&w->buf, "</p>\n");
        }
}

/* --- the inside, and the end ---------------------------------------------------------------------- */

static void add_row(struct scan_writer *w, const struct reconcile_row *row)
{
        _cleanup_str_ struct str raw = {0};
        char address[ADDRESS_TEXT_SIZE];

        html_begin_row(&w->buf);
        str_addf(&w->buf, "%u/%s</th>", row->port, transport_name(row->transport));
        str_add(&raw, address_format(&row->address, address));
        add_text_cell(w, "Address", &raw);
        str_add(&raw, reconcile_kind_name(row->kind));
        add_text_cell(w, "Kind", &raw);
        str_add(&raw, row->why);
        add_text_cell(w, "Why", &raw);
        str_add(&w->buf, "</tr>\n");
}

static void add_rows(struct scan_writer *w)
{
        static const char *const headings[] = {"Port", "Address", "Kind", "Why"};

        str_add(&w->buf, "<section aria-labelledby=\"inside\"><h2 id=\"inside\">Inside and outside</h2>\n");
        html_begin_table(&w->buf, "Inside and outside", NULL);
        for (size_t i = 0; i < array_len(headings); i++)
                html_add_heading(&w->buf, headings[i]);
        html_begin_body(&w->buf);
        vec_foreach(row, &w->head->judged->rows)
                add_row(w, row);
        html_end_table(&w->buf);
        str_add(&w->buf, "</section>\n");
}

static void add_ranges(struct scan_writer *w, const char *label, const struct range_set *set)
{
        _cleanup_str_ struct str raw = {0};

        scan_add_ranges(&raw, set, SIZE_MAX);
        if (!raw.len)
                return;
        str_addf(&w->buf, "<li>%s: ", label);
        put_raw(w, &raw);
        str_add(&w->buf, "</li>\n");
}

static void add_missing(const char *text, void *arg)
{
        struct scan_writer *w = arg;

        str_add(&w->buf, "<li><strong>Incomplete:</strong> ");
        text_add_html(&w->buf, text);
        str_add(&w->buf, "</li>\n");
}

static void write_end(struct scan_writer *w, const struct scan_end *end)
{
        str_add(&w->buf, "</section>\n");
        if (w->head->judged && w->head->judged->rows.n)
                add_rows(w);
        str_add(&w->buf,
                "<section aria-labelledby=\"not-seen\"><h2 id=\"not-seen\">Not seen</h2>\n<ul "
                "class=\"gaps\">\n");
        scan_each_incomplete(w, end, add_missing, w);
        add_ranges(w, "not found", &w->tally.not_found);
        add_ranges(w, "not asked", &w->tally.not_asked);
        str_addf(
                &w->buf,
                "</ul>\n</section>\n</main>\n<footer>Made by quaymaster; %u open, %llu "
                "packets.</footer>\n</body>\n</html>\n",
                end->result.open, (unsigned long long)end->result.sent);
}

const struct scan_format scan_report_html = {
        .name = "html",
        .what = "one self-contained page, to mail or print",
        .by_host = true,
        .begin = begin,
        .host = write_host,
        .end = write_end,
};
