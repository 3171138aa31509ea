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
        const struct host_coverage *host;
        struct scan_subject subject;
};

static void add_or_empty(struct str *to, const char *text)
{
        str_add(to, text ? text : "");
}

static void add_record(struct str *to, const struct row *r)
{
        str_add(to, r->endpoint ? "endpoint" : "coverage");
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
        str_add(to, r->endpoint ? endpoint_state_name(r->endpoint->state) : host_status_name(r->host->status));
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
} columns[] = {
        {"record", add_record},         {"time", add_time},         {"address", add_address},
        {"name", add_name},             {"asset", add_asset},       {"zone", add_zone},
        {"transport", add_transport},   {"port", add_port},         {"state", add_state},
        {"reason", add_reason},         {"registered", add_registered},
        {"confirmed", add_confirmed},   {"sent", add_sent},         {"rtt_ms", add_rtt},
        {"asked", add_asked},           {"undecided", add_undecided},
        {"loss", add_loss},             {"middlebox", add_middlebox},
        {"complete", add_complete},
};

static void begin(struct scan_writer *w)
{
        for (size_t i = 0; i < array_len(columns); i++)
                str_addf(&w->buf, "%s%s", i ? "," : "", columns[i].name);
        str_add(&w->buf, "\r\n");
}

static void add_row(struct scan_writer *w, const struct row *r)
{
        _cleanup_str_ struct str cell = {0};

        for (size_t i = 0; i < array_len(columns); i++) {
                str_reset(&cell);
                columns[i].add(&cell, r);
                if (i)
                        str_add_char(&w->buf, ',');
                if (cell.len)
                        csv_add_cell(&w->buf, cell.text);
        }
        str_add(&w->buf, "\r\n");
}

static void write_endpoint(struct scan_writer *w, const struct endpoint *e)
{
        add_row(w, &(struct row){w, .endpoint = e, .subject = w->head->subject(&e->address, w->head->arg)});
}

static void write_host(struct scan_writer *w, const struct host_coverage *c, const struct endpoint *endpoints,
                       size_t n)
{
        add_row(w, &(struct row){w, .host = c, .subject = w->head->subject(&c->address, w->head->arg)});
}

/* Nothing that a reader of rows would trip over: what was not seen stands in the rows of the hosts. */
static void end(struct scan_writer *w, const struct scan_end *how)
{
}

const struct scan_format scan_report_csv = {
        .name = "csv",
        .what = "a row an endpoint and a row a host",
        .begin = begin,
        .endpoint = write_endpoint,
        .host = write_host,
        .end = end,
};
