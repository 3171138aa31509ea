/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The outside view for people at a terminal: a table a host as it is done, and what was not seen at the end. */
#include <errno.h>

#include "base/clock.h"
#include "base/text.h"
#include "report/findings_text.h"
#include "report/layout.h"
#include "report/row.h"
#include "report/scan_report.h"
#include "report/scan_words.h"

#define WIDEST_PROSE 100u /* longer lines are hard to read */
#define MOST_RANGES  40u  /* of hosts not found; JSON has all */

#define LONGEST_LIST 160u /* bytes of undecided ports */

/* Escape sequences (ECMA-48 SGR) that only ever go beside a word that says the same. */
#define BOLD  "\033[1m"
#define RED   "\033[31m"
#define PLAIN "\033[0m"

static void paint(struct scan_writer *w, const char *sequence)
{
        if (w->head->colour)
                str_add(&w->buf, sequence);
}

static void paragraph(struct scan_writer *w, const char *lead, const char *text)
{
        _cleanup_str_ struct str safe = {0};
        unsigned width = w->head->width;

        text_add_printable(&safe, text);
        layout_paragraph(&w->buf, lead, str_text(&safe), width > WIDEST_PROSE ? WIDEST_PROSE : width);
}

/* "not found", as people write it */
static void add_status(struct str *to, enum host_status status)
{
        for (const char *p = host_status_name(status); *p; p++)
                str_add_char(to, *p == '-' ? ' ' : *p);
}

/* --- head ---------------------------------------------------------------------------------------- */

/* Findings first: what to do stands above what there is. */
static void add_findings(struct scan_writer *w)
{
        const struct outside *judged = w->head->judged;
        unsigned width = w->head->width;
        struct tally tally = {0};

        row_count_findings(&tally, judged->findings.at, judged->findings.n);
        row_add_count(&w->buf, judged->findings.n, "finding");
        str_add(&w->buf, judged->findings.n ? ": " : "");
        row_add_severity_tally(&w->buf, &tally);
        str_add_char(&w->buf, '\n');
        (void)findings_text_add(&(struct findings_text){.to = &w->buf,
                                                        .colour = w->head->colour,
                                                        .width = width > WIDEST_PROSE ? WIDEST_PROSE : width},
                                judged->findings.at, judged->findings.n);
}

/* What another program saw: with what rate and from where is not known. */
static void begin_imported(struct scan_writer *w)
{
        const struct scan_head *head = w->head;
        uint64_t n = range_set_count(&head->targets->ranges);
        char time[CLOCK_TEXT_SIZE];

        paint(w, BOLD);
        str_add(&w->buf, "quaymaster import");
        paint(w, PLAIN);
        str_add(&w->buf, ": what ");
        text_add_printable(&w->buf, head->imported);
        str_addf(&w->buf, " saw of %llu address%s, %s\n", (unsigned long long)n, n == 1 ? "" : "es",
                 head->started_s ? clock_format(head->started_s, time) : "at a time not told");
        if (head->judged)
                add_findings(w);
}

static void begin(struct scan_writer *w)
{
        const struct scan_head *head = w->head;
        uint64_t n = range_set_count(&head->targets->ranges);
        _cleanup_str_ struct str text = {0};
        char time[CLOCK_TEXT_SIZE];

        if (head->imported) {
                begin_imported(w);
                return;
        }
        paint(w, BOLD);
        str_add(&w->buf, head->judged ? "quaymaster audit" : "quaymaster scan");
        paint(w, PLAIN);
        str_add(&w->buf, ": from ");
        text_add_printable(&w->buf, head->hostname);
        str_addf(&w->buf, ", %s\n", clock_format(head->started_s, time));
        str_addf(&text, "%llu address%s, ", (unsigned long long)n, n == 1 ? "" : "es");
        scan_add_port_counts(&text, head->ports);
        str_addf(&text, ", method %s, at most %u packets/s and %u to one host", head->method,
                 head->pace.rate, head->pace.host_rate);
        paragraph(w, "", text.text);
        if (head->judged)
                add_findings(w);
}

/* --- hosts --------------------------------------------------------------------------------------- */

static void add_host_line(struct scan_writer *w, const struct host_coverage *c)
{
        _cleanup_str_ struct str text = {0};

        scan_add_address(&text, w->head, &c->address, c->zone_index);
        if (c->name)
                str_addf(&text, " (%s)", c->name);
        str_add_char(&w->buf, '\n');
        paint(w, BOLD);
        text_add_printable(&w->buf, text.text);
        paint(w, PLAIN);
        str_add(&w->buf, "  ");
        add_status(&w->buf, c->status);
        if (c->rtt_us) {
                str_add(&w->buf, ", ");
                scan_add_rtt(&w->buf, c->rtt_us);
        }
        if (c->has_mac) {
                str_add(&w->buf, ", ");
                scan_add_mac(&w->buf, c->mac);
        }
        str_add_char(&w->buf, '\n');
}

static const char *colour_of(enum endpoint_state state)
{
        return state == ENDPOINT_OPEN ? "green" : NULL;
}

static void add_port(struct str *to, const struct observed *o)
{
        str_addf(to, "%u/%s", o->endpoint.port, transport_name(o->endpoint.transport));
}

static void add_state(struct str *to, const struct observed *o)
{
        str_add(to, endpoint_state_name(o->endpoint.state));
}

static void add_encryption(struct str *to, const struct observed *o)
{
        if (o->identity && o->identity->encryption != ENCRYPTION_UNKNOWN)
                str_add(to, encryption_name(o->identity->encryption));
}

static void add_registered(struct str *to, const struct observed *o)
{
        const char *registered = scan_registered(&o->endpoint);

        str_add(to, registered ? registered : "");
}

static void add_reason(struct str *to, const struct observed *o)
{
        const struct endpoint *e = &o->endpoint;

        str_addf(to, "%s%s", endpoint_reason_name(e->reason),
                 e->confirmed && e->reason != REASON_CONNECTED ? ", connected" : "");
}

static void add_verdict(struct str *to, const struct observed *o)
{
        if (o->judgement.verdict != VERDICT_NONE)
                str_add(to, verdict_name(o->judgement.verdict));
}

static void add_rtt(struct str *to, const struct observed *o)
{
        scan_add_rtt(to, o->endpoint.rtt_us);
}

/* Once it was asked what speaks, that stands before what the number is registered for. */
static const struct {
        struct layout_column layout;
        void (*add)(struct str *to, const struct observed *o);
        enum { ALWAYS, IDENTIFIED, BY_POLICY } when;
} columns[] = {
        {{"PORT"}, add_port},
        {{"STATE"}, add_state},
        {{"PROTOCOL", 11}, scan_add_protocol, IDENTIFIED},
        {{"ENCRYPTION"}, add_encryption, IDENTIFIED},
        {{"PRODUCT VERSION", 15}, scan_add_product, IDENTIFIED},
        {{"VERDICT"}, add_verdict, BY_POLICY},
        {{"REGISTERED", 12}, add_registered},
        {{"WHY", .may_go = true}, add_reason},
        {{"RTT", .may_go = true}, add_rtt},
};

/* What the number is registered for goes first when it is narrow and something better is known. */
static size_t choose_columns(const struct scan_writer *w, struct layout_column layout[array_len(columns)],
                             size_t chosen[array_len(columns)])
{
        size_t n = 0;

        for (size_t i = 0; i < array_len(columns); i++) {
                if ((columns[i].when == IDENTIFIED && !w->head->identified) ||
                    (columns[i].when == BY_POLICY && !scan_has_verdicts(w)))
                        continue;
                layout[n] = columns[i].layout;
                layout[n].may_go |= w->head->identified && columns[i].add == add_registered;
                chosen[n++] = i;
        }
        return n;
}

static void add_table(struct scan_writer *w, const struct observed *observed, size_t n)
{
        struct layout_column layout[array_len(columns)];
        size_t chosen[array_len(columns)], n_columns = choose_columns(w, layout, chosen);
        _cleanup_(layout_table_release) struct layout_table t = layout_table_new(layout, n_columns);
        _cleanup_str_ struct str raw = {0}, cell = {0};

        for (size_t i = 0; i < n; i++)
                for (size_t c = 0; c < n_columns; c++) {
                        str_reset(&raw);
                        str_reset(&cell);
                        columns[chosen[c]].add(&raw, &observed[i]);
                        text_add_printable(&cell, raw.len ? raw.text : "-");
                        layout_table_cell(&t, cell.text,
                                          columns[chosen[c]].add == add_state ? colour_of(observed[i].endpoint.state)
                                                                              : NULL);
                }
        if (layout_table_add(&w->buf, &t, w->head->width, w->head->colour) < 0 && w->result == 0)
                w->result = err_set(w->err, -ENOMEM, "laying out a table");
}

static void add_unlisted(struct scan_writer *w, const struct host_coverage *c,
                         const struct observed *observed, size_t n)
{
        _cleanup_str_ struct str text = {0};

        scan_add_unlisted(&text, c, observed, n);
        if (text.len)
                paragraph(w, n ? "not listed: " : "nothing open: ", text.text);
}

/* What people read of a long list; JSON has all of it. */
static void cut_list(struct str *list)
{
        if (list->len <= LONGEST_LIST)
                return;
        list->len = LONGEST_LIST;
        while (list->len && list->text[list->len] != ',')
                list->len--;
        list->text[list->len] = '\0';
        str_add(list, " ...; --json has all");
}

/* What is not certain about this host. */
static void add_coverage(struct scan_writer *w, const struct host_coverage *c)
{
        _cleanup_str_ struct str text = {0}, ports = {0};
        uint32_t undecided = c->by_state[TRANSPORT_TCP][ENDPOINT_UNDECIDED] +
                             c->by_state[TRANSPORT_UDP][ENDPOINT_UNDECIDED];

        if (c->middlebox)
                paragraph(w, "!  middlebox: ", c->middlebox);
        scan_add_port_lists(&ports, c->undecided);
        cut_list(&ports);
        if (undecided)
                str_addf(&text, "%u port%s not decided%s%s%s", undecided, undecided == 1 ? "" : "s",
                         ports.len ? " (" : "", str_text(&ports), ports.len ? ")" : "");
        if (c->why) {
                str_add(&text, undecided ? ": " : "");
                scan_add_why(&text, c->why);
        }
        if (c->loss > 0)
                str_addf(&text, "%sloss %.1f %%", text.len ? "; " : "", c->loss * 100);
        if (text.len)
                paragraph(w, c->complete ? "-  " : "!  ", text.text);
}

static void write_host(struct scan_writer *w, const struct host_coverage *c,
                       const struct observed *observed, size_t n)
{
        if (c->status == HOST_ABSENT || c->status == HOST_NOT_ASKED)
                return; /* at the end, as ranges */
        add_host_line(w, c);
        if (n)
                add_table(w, observed, n);
        add_unlisted(w, c, observed, n);
        add_coverage(w, c);
}

/* --- the inside --------------------------------------------------------------------------------- */

static const struct {
        const char *heading, *sign; /* sign NULL: they are only counted */
} kinds[RECONCILE_KIND_MAX] = {
        [RECONCILE_UNEXPLAINED_OPEN] = {"open, and not explained from inside", "!  "},
        [RECONCILE_PROTOCOL_DIFFERS] = {"speaks something else than its program is known for", "!  "},
        [RECONCILE_NOT_REACHABLE] = {"listening, and not reached from here", "-  "},
        [RECONCILE_UNDECIDED] = {"listening, and whether it is reached is not known", "-  "},
        [RECONCILE_FORWARDED] = {"open, and passed on", "-  "},
        [RECONCILE_AGREED] = {"open, and listening"},
        [RECONCILE_NOT_ASKED] = {"listening, and not asked"},
};

static void add_row(struct scan_writer *w, const struct reconcile_row *row)
{
        _cleanup_str_ struct str lead = {0};
        char address[ADDRESS_TEXT_SIZE];

        str_addf(&lead, row->address.family == 6 ? "%s[%s]:%u/%s  " : "%s%s:%u/%s  ", kinds[row->kind].sign,
                 address_format(&row->address, address), row->port, transport_name(row->transport));
        paragraph(w, lead.text, row->why);
}

/* What people call it: the id of this machine is for records. */
static const char *asset_name(const struct scan_head *head, const char *asset)
{
        return head->hostname && streq_ptr(head->scanner, asset) ? head->hostname : asset;
}

/* Rows of one asset and kind stand together. */
static void add_rows(struct scan_writer *w)
{
        const struct outside *judged = w->head->judged;
        size_t next;

        for (size_t i = 0; i < judged->rows.n; i = next) {
                const struct reconcile_row *first = &judged->rows.at[i];

                for (next = i + 1; next < judged->rows.n && judged->rows.at[next].kind == first->kind &&
                                   streq(judged->rows.at[next].asset, first->asset);)
                        next++;
                if (i == 0 || !streq(judged->rows.at[i - 1].asset, first->asset)) {
                        str_add_char(&w->buf, '\n');
                        paint(w, BOLD);
                        str_add(&w->buf, "Inside and outside of ");
                        text_add_printable(&w->buf, asset_name(w->head, first->asset));
                        paint(w, PLAIN);
                        str_add_char(&w->buf, '\n');
                }
                str_addf(&w->buf, "%zu %s%s\n", next - i, kinds[first->kind].heading,
                         kinds[first->kind].sign ? ":" : "; --json lists them");
                for (size_t at = i; kinds[first->kind].sign && at < next; at++)
                        add_row(w, &judged->rows.at[at]);
        }
}

/* --- end ----------------------------------------------------------------------------------------- */

static void add_counts(struct scan_writer *w, const struct scan_end *end)
{
        const uint64_t *hosts = w->tally.hosts;
        const struct scan_result *r = &end->result;
        _cleanup_str_ struct str text = {0};

        str_addf(&text, "%u open; %llu host%s up", r->open, (unsigned long long)hosts[HOST_UP],
                 hosts[HOST_UP] == 1 ? "" : "s");
        for (enum host_status s = HOST_SILENT; s <= HOST_NOT_ASKED; s++)
                if (hosts[s]) {
                        str_addf(&text, ", %llu ", (unsigned long long)hosts[s]);
                        add_status(&text, s);
                }
        if (!w->head->imported) {
                str_addf(&text, "; %llu packets in ", (unsigned long long)r->sent);
                scan_add_duration(&text, r->elapsed_ms);
        }
        if (r->retried)
                str_addf(&text, ", %llu asked again", (unsigned long long)r->retried);
        if (r->loss > 0)
                str_addf(&text, ", loss %.1f %%", r->loss * 100);
        if (r->local_drops)
                str_addf(&text, ", %llu answers lost here", (unsigned long long)r->local_drops);
        if (r->forged)
                str_addf(&text, ", %llu stray or forged answers not believed",
                         (unsigned long long)r->forged);
        str_add_char(&w->buf, '\n');
        paragraph(w, "", text.text);
}

static void add_ranges(struct scan_writer *w, const char *lead, const struct range_set *set)
{
        _cleanup_str_ struct str text = {0};

        scan_add_ranges(&text, set, MOST_RANGES);
        if (set->n > MOST_RANGES)
                str_add(&text, "; --json has all");
        if (text.len)
                paragraph(w, lead, text.text);
}

static void add_refused(struct scan_writer *w)
{
        const struct targets *t = w->head->targets;

        for (size_t i = 0; i < t->n_refused && i < MOST_RANGES; i++) {
                _cleanup_str_ struct str text = {0};
                char range[RANGE_TEXT_SIZE];

                str_addf(&text, "%s: %s", address_range_format(&t->refused[i].range, range),
                         t->refused[i].why);
                paragraph(w, "left out: ", text.text);
        }
        if (t->n_refused > MOST_RANGES)
                str_addf(&w->buf, "left out: %zu more; --json has all\n", t->n_refused - MOST_RANGES);
}

static void add_incomplete(const char *text, void *arg)
{
        struct scan_writer *w = arg;

        paint(w, RED);
        str_add(&w->buf, "INCOMPLETE");
        paint(w, PLAIN);
        paragraph(w, ": ", text);
}

static void write_end(struct scan_writer *w, const struct scan_end *end)
{
        if (w->head->judged)
                add_rows(w);
        add_counts(w, end);
        add_ranges(w, "not found: ", &w->tally.not_found);
        add_ranges(w, "not asked: ", &w->tally.not_asked);
        add_refused(w);
        scan_each_incomplete(w, end, add_incomplete, w);
}

const struct scan_format scan_report_text = {
        .name = "text",
        .what = "for people: a table a host, and what was not seen",
        .by_host = true,
        .begin = begin,
        .host = write_host,
        .end = write_end,
};
