/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CSV (RFC 4180) of the outside view: a row an endpoint, and a row a host with what was not seen of it; lines end in
 * CR LF.
 */
#include "base/clock.h"
#include "report/csv.h"
#include "report/scan_report.h"
#include "report/scan_words.h"

struct row { /* of one of the two */
        const struct scan_writer *w;
        const struct endpoint *endpoint;
        const struct observed *observed; /* of endpoint */
        const struct finding *finding;   /* its endpoint is `observed` */
        const struct reconcile_row *joined;
        const struct host_coverage *host;
        struct scan_subject subject;
};

static void add_or_empty(struct str *to, const char *text)
{
        str_add(to, text ? text : "");
}

static void add_record(struct str *to, const struct row *r)
{
        str_add(to, r->finding    ? "finding"
                    : r->joined   ? "reconcile"
                    : r->endpoint ? "endpoint"
                                  : "coverage");
}

static void add_time(struct str *to, const struct row *r)
{
        char text[CLOCK_TEXT_SIZE];

        str_add(to, clock_format(r->w->head->now(), text));
}

static void add_address(struct str *to, const struct row *r)
{
        if (r->endpoint)
                scan_add_address(to, r->w->head, &r->endpoint->address, r->endpoint->zone_index);
        else
                scan_add_address(to, r->w->head, &r->host->address, r->host->zone_index);
}

static void add_name(struct str *to, const struct row *r)
{
        add_or_empty(to, r->host && r->host->name ? r->host->name : r->subject.name);
}

static void add_asset(struct str *to, const struct row *r)
{
        add_or_empty(to, r->subject.asset);
}

static void add_zone(struct str *to, const struct row *r)
{
        add_or_empty(to, r->subject.zone);
}

static void add_transport(struct str *to, const struct row *r)
{
        if (r->endpoint)
                str_add(to, transport_name(r->endpoint->transport));
}

static void add_port(struct str *to, const struct row *r)
{
        if (r->endpoint)
                str_add_u64(to, r->endpoint->port);
}

static void add_state(struct str *to, const struct row *r)
{
        str_add(to,
                r->endpoint ? endpoint_state_name(r->endpoint->state) : host_status_name(r->host->status));
}

static void add_reason(struct str *to, const struct row *r)
{
        if (r->endpoint)
                str_add(to, endpoint_reason_name(r->endpoint->reason));
        else
                scan_add_why(to, r->host->why);
}

static void add_registered(struct str *to, const struct row *r)
{
        if (r->endpoint)
                add_or_empty(to, scan_registered(r->endpoint));
}

static void add_protocol(struct str *to, const struct row *r)
{
        if (r->observed)
                add_or_empty(to, scan_protocol(r->observed));
}

static const struct identity *identity_of(const struct row *r)
{
        return r->observed ? r->observed->identity : NULL;
}

static void add_confidence(struct str *to, const struct row *r)
{
        if (identity_of(r))
                str_add(to, confidence_name(identity_of(r)->confidence));
}

static void add_encryption(struct str *to, const struct row *r)
{
        if (identity_of(r))
                str_add(to, encryption_name(identity_of(r)->encryption));
}

static void add_product(struct str *to, const struct row *r)
{
        if (identity_of(r))
                add_or_empty(to, identity_of(r)->product);
}

static void add_version(struct str *to, const struct row *r)
{
        if (identity_of(r))
                add_or_empty(to, identity_of(r)->version);
}

static void add_cpe(struct str *to, const struct row *r)
{
        if (identity_of(r))
                add_or_empty(to, identity_of(r)->cpe);
}

static void add_behaviour(struct str *to, const struct row *r)
{
        if (identity_of(r))
                str_add(to, behaviour_name(identity_of(r)->behaviour));
}

static void add_flags(struct str *to, const struct row *r)
{
        const char *between = "";

        for (unsigned bit = 0; identity_of(r) && bit < 32; bit++)
                if (identity_of(r)->flags >> bit & 1) {
                        str_addf(to, "%s%s", between, identity_flag_name((enum identity_flag)(1u << bit)));
                        between = ";";
                }
}

static void add_advice(struct str *to, const struct row *r)
{
        if (r->finding)
                str_add(to, advice_class_name(r->finding->advice.class));
        else if (r->observed && r->observed->advice.why)
                str_add(to, advice_class_name(r->observed->advice.class));
}

static void add_verdict(struct str *to, const struct row *r)
{
        const char *verdict = r->finding ? verdict_name(r->finding->verdict)
                              : r->observed ? verdict_name(r->observed->judgement.verdict)
                                            : NULL;

        str_add(to, verdict ? verdict : "");
}

static void add_severity(struct str *to, const struct row *r)
{
        if (r->finding)
                str_add(to, severity_name(r->finding->severity));
}

static void add_rule(struct str *to, const struct row *r)
{
        if (r->finding)
                str_add(to, r->finding->rule);
        else if (r->joined)
                str_add(to, reconcile_kind_name(r->joined->kind));
}

static void add_title(struct str *to, const struct row *r)
{
        if (r->finding)
                str_add(to, r->finding->title);
        else if (r->joined)
                str_add(to, r->joined->why);
}

static void add_confirmed(struct str *to, const struct row *r)
{
        if (r->endpoint)
                str_add(to, r->endpoint->confirmed ? "true" : "false");
}

static void add_sent(struct str *to, const struct row *r)
{
        str_add_u64(to, r->endpoint ? r->endpoint->tries : r->host->sent);
}

static void add_rtt(struct str *to, const struct row *r)
{
        uint32_t rtt_us = r->endpoint ? r->endpoint->rtt_us : r->host->rtt_us;

        if (rtt_us)
                str_addf(to, "%.3f", (double)rtt_us / 1000);
}

static void add_asked(struct str *to, const struct row *r)
{
        if (r->host)
                str_add_u64(to, r->host->asked[TRANSPORT_TCP] + r->host->asked[TRANSPORT_UDP]);
}

static void add_undecided(struct str *to, const struct row *r)
{
        if (r->host)
                scan_add_port_lists(to, r->host->undecided);
}

static void add_loss(struct str *to, const struct row *r)
{
        if (r->host)
                str_addf(to, "%.3f", r->host->loss);
}

static void add_middlebox(struct str *to, const struct row *r)
{
        if (r->host)
                add_or_empty(to, r->host->middlebox);
}

static void add_complete(struct str *to, const struct row *r)
{
        if (r->host)
                str_add(to, r->host->complete ? "true" : "false");
}

static const struct {
        const char *name;
        void (*add)(struct str *to, const struct row *r);
        enum { ALWAYS, IDENTIFIED, JUDGED } when;
} columns[] = {
        {"record", add_record},
        {"time", add_time},
        {"address", add_address},
        {"name", add_name},
        {"asset", add_asset},
        {"zone", add_zone},
        {"transport", add_transport},
        {"port", add_port},
        {"state", add_state},
        {"reason", add_reason},
        {"registered", add_registered},
        {"protocol", add_protocol, IDENTIFIED},
        {"confidence", add_confidence, IDENTIFIED},
        {"encryption", add_encryption, IDENTIFIED},
        {"product", add_product, IDENTIFIED},
        {"version", add_version, IDENTIFIED},
        {"cpe", add_cpe, IDENTIFIED},
        {"behaviour", add_behaviour, IDENTIFIED},
        {"flags", add_flags, IDENTIFIED},
        {"advice", add_advice, JUDGED},
        {"verdict", add_verdict, JUDGED},
        {"severity", add_severity, JUDGED},
        {"rule", add_rule, JUDGED},
        {"finding", add_title, JUDGED},
        {"confirmed", add_confirmed},
        {"sent", add_sent},
        {"rtt_ms", add_rtt},
        {"asked", add_asked},
        {"undecided", add_undecided},
        {"loss", add_loss},
        {"middlebox", add_middlebox},
        {"complete", add_complete},
};

static bool has_column(const struct scan_writer *w, size_t i)
{
        return columns[i].when == ALWAYS || (columns[i].when == IDENTIFIED && w->head->identified) || w->head->judged;
}

static void begin(struct scan_writer *w)
{
        for (size_t i = 0; i < array_len(columns); i++)
                if (has_column(w, i))
                        str_addf(&w->buf, "%s%s", i ? "," : "", columns[i].name);
        str_add(&w->buf, "\r\n");
}

static void add_row(struct scan_writer *w, const struct row *r)
{
        _cleanup_str_ struct str cell = {0};

        for (size_t i = 0; i < array_len(columns); i++) {
                if (!has_column(w, i))
                        continue;
                str_reset(&cell);
                columns[i].add(&cell, r);
                if (i)
                        str_add_char(&w->buf, ',');
                if (cell.len)
                        csv_add_cell(&w->buf, cell.text);
        }
        str_add(&w->buf, "\r\n");
}

static struct row row_of(struct scan_writer *w, const struct observed *o)
{
        return (struct row){
                .w = w,
                .endpoint = &o->endpoint,
                .observed = o,
                .subject = w->head->subject(&o->endpoint.address, w->head->arg),
        };
}

static void write_endpoint(struct scan_writer *w, const struct observed *o)
{
        struct row row = row_of(w, o);

        add_row(w, &row);
}

static void write_host(struct scan_writer *w, const struct host_coverage *c,
                       const struct observed *observed, size_t n)
{
        add_row(w, &(struct row){w, .host = c, .subject = w->head->subject(&c->address, w->head->arg)});
}

/* A row of the join has its place in a row of an endpoint, or in one made up where there is none. */
static void write_joined(struct scan_writer *w, const struct reconcile_row *joined)
{
        struct observed place = {
                .endpoint = {.address = joined->address, .transport = joined->transport, .port = joined->port},
        };
        struct row row = row_of(w, joined->observed ? joined->observed : &place);

        row.joined = joined;
        add_row(w, &row);
}

/* Nothing else that a reader of rows would trip over: what was not seen stands in the rows of the hosts. */
static void end(struct scan_writer *w, const struct scan_end *how)
{
        if (!w->head->judged)
                return;
        vec_foreach(f, &w->head->judged->findings) {
                struct row row = row_of(w, f->observed);

                row.finding = f;
                add_row(w, &row);
        }
        vec_foreach(joined, &w->head->judged->rows)
                write_joined(w, joined);
}

const struct scan_format scan_report_csv = {
        .name = "csv",
        .what = "a row an endpoint and a row a host",
        .begin = begin,
        .endpoint = write_endpoint,
        .host = write_host,
        .end = end,
};
