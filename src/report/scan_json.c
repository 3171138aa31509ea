/* SPDX-License-Identifier: GPL-2.0-or-later */
/* NDJSON of the outside view: endpoints and coverage as they come, the summary last. */
#include "base/clock.h"
#include "base/json.h"
#include "knowledge/knowledge.h"
#include "report/finding_json.h"
#include "report/identity_json.h"
#include "report/report.h"
#include "report/row.h"
#include "report/scan_report.h"
#include "report/scan_words.h"

/* The members that every record has. */
static struct json begin_record(struct scan_writer *w, const char *type, const char *asset)
{
        struct json j = json_to(&w->buf);
        char time[CLOCK_TEXT_SIZE];

        json_open_object(&j, NULL);
        json_str(&j, "type", type);
        json_u64(&j, "schema", 1);
        json_str(&j, "asset", asset);
        json_str(&j, "vantage", w->head->imported ? "imported" : "outside");
        if (w->head->imported)
                json_str(&j, "imported_from", w->head->imported);
        json_str(&j, "scanner", w->head->scanner);
        json_str(&j, "time", clock_format(w->head->now(), time));
        return j;
}

static void add_address(struct json *j, const struct scan_head *head, const struct address *address,
                        uint32_t zone_index)
{
        char text[ADDRESS_TEXT_SIZE];

        json_str(j, "address", address_format(address, text));
        if (zone_index)
                json_str(j, "device", head->device(zone_index, head->arg));
}

static void add_rtt(struct json *j, uint32_t rtt_us)
{
        if (rtt_us)
                json_double(j, "rtt_ms", (double)rtt_us / 1000);
        else
                json_put_null(j, "rtt_ms");
}

/* A number where 0 means that it is not known. */
static void add_known(struct json *j, const char *key, uint64_t value)
{
        if (value)
                json_u64(j, key, value);
        else
                json_put_null(j, key);
}

static void begin(struct scan_writer *w)
{
}

static void write_endpoint(struct scan_writer *w, const struct observed *o)
{
        const struct endpoint *e = &o->endpoint;
        struct scan_subject subject = w->head->subject(&e->address, w->head->arg);
        struct json j = begin_record(w, "endpoint", subject.asset);

        add_address(&j, w->head, &e->address, e->zone_index);
        json_u64(&j, "port", e->port);
        json_str(&j, "transport", transport_name(e->transport));
        json_str(&j, "state", endpoint_state_name(e->state));
        json_str(&j, "reason", endpoint_reason_name(e->reason));
        identity_json_add(&j, o, scan_registered(e));
        json_bool(&j, "confirmed", e->confirmed);
        json_u64(&j, "tries", e->tries);
        add_rtt(&j, e->rtt_us);
        add_known(&j, "ttl", e->ttl);
        json_end_line(&j);
}

static void add_states(struct json *j, const struct host_coverage *c)
{
        json_open_object(j, "states");
        for (enum transport t = TRANSPORT_TCP; t <= TRANSPORT_UDP; t++) {
                if (!c->asked[t])
                        continue;
                json_open_object(j, transport_name(t));
                for (enum endpoint_state s = 0; s < ENDPOINT_STATE_MAX; s++)
                        json_u64(j, endpoint_state_name(s), c->by_state[t][s]);
                json_end(j);
        }
        json_end(j);
}

static void add_run(struct json *j, enum transport transport, unsigned first, unsigned last)
{
        char text[PORT_RANGE_TEXT_SIZE];

        json_str(j, NULL,
                 port_range_format(&(struct port_range){transport, (uint16_t)first, (uint16_t)last}, text));
}

/* "22/tcp", "100-111/tcp" */
static void add_runs(struct json *j, const struct port_set *set, enum transport transport)
{
        for (int first = port_set_next(set, 1); first >= 0;) {
                int last = first;

                while (last < UINT16_MAX && port_set_has(set, (uint16_t)(last + 1)))
                        last++;
                add_run(j, transport, (unsigned)first, (unsigned)last);
                first = port_set_next(set, (unsigned)last + 1);
        }
}

static void add_undecided(struct json *j, const struct host_coverage *c)
{
        json_open_array(j, "undecided");
        for (enum transport t = TRANSPORT_TCP; t <= TRANSPORT_UDP; t++)
                if (c->asked[t])
                        add_runs(j, &c->undecided[t], t);
        json_end(j);
}

static void add_mac(struct json *j, const struct host_coverage *c)
{
        _cleanup_str_ struct str mac = {0};

        if (c->has_mac)
                scan_add_mac(&mac, c->mac);
        json_str(j, "mac", mac.text);
}

static void write_host(struct scan_writer *w, const struct host_coverage *c,
                       const struct observed *observed, size_t n)
{
        struct scan_subject subject = w->head->subject(&c->address, w->head->arg);
        struct json j = begin_record(w, "coverage", subject.asset);
        _cleanup_str_ struct str why = {0};

        add_address(&j, w->head, &c->address, c->zone_index);
        json_str(&j, "name", c->name);
        json_str(&j, "zone", subject.zone);
        json_str(&j, "status", host_status_name(c->status));
        add_mac(&j, c);
        add_rtt(&j, c->rtt_us);
        json_open_object(&j, "asked");
        json_u64(&j, "tcp", c->asked[TRANSPORT_TCP]);
        json_u64(&j, "udp", c->asked[TRANSPORT_UDP]);
        json_end(&j);
        add_states(&j, c);
        json_u64(&j, "sent", c->sent);
        json_u64(&j, "answered", c->answered);
        json_u64(&j, "retried", c->retried);
        json_double(&j, "loss", c->loss);
        add_undecided(&j, c);
        scan_add_why(&why, c->why);
        json_str(&j, "why", why.text);
        json_str(&j, "middlebox", c->middlebox);
        json_bool(&j, "complete", c->complete);
        json_end_line(&j);
}

static void add_reason(const char *text, void *arg)
{
        json_str(arg, NULL, text);
}

static void add_left_out(struct json *j, const struct targets *targets)
{
        char text[RANGE_TEXT_SIZE];

        json_open_array(j, "refused");
        for (size_t i = 0; i < targets->n_refused; i++) {
                json_open_object(j, NULL);
                json_str(j, "range", address_range_format(&targets->refused[i].range, text));
                json_str(j, "why", targets->refused[i].why);
                json_end(j);
        }
        json_end(j);
}

static void add_asked(struct json *j, const struct scan_head *head)
{
        json_str(j, "method", head->method);
        json_u64(j, "addresses", range_set_count(&head->targets->ranges));
        add_left_out(j, head->targets);
        json_open_object(j, "ports");
        json_u64(j, "tcp", port_set_count(&head->ports->of[TRANSPORT_TCP]));
        json_u64(j, "udp", port_set_count(&head->ports->of[TRANSPORT_UDP]));
        json_end(j);
        json_u64(j, "probes", head->probes);
        json_u64(j, "rate", head->pace.rate);
        json_u64(j, "host_rate", head->pace.host_rate);
}

static void add_hosts(struct json *j, const struct scan_tally *tally)
{
        json_open_object(j, "hosts");
        for (enum host_status s = 0; s <= HOST_NOT_ASKED; s++)
                json_u64(j, host_status_name(s), tally->hosts[s]);
        json_end(j);
}

/* --- audit --------------------------------------------------------------------------------------- */

/* There may be as many of them as endpoints: they go out in pieces. */
static void end_record(struct scan_writer *w, struct json *j)
{
        json_end_line(j);
        if (w->buf.len >= REPORT_CHUNK)
                (void)scan_writer_tick(w);
}

static void write_row(struct scan_writer *w, const struct reconcile_row *row)
{
        struct json j = begin_record(w, "reconcile", row->asset);
        const struct listener *l = row->listener;

        json_str(&j, "kind", reconcile_kind_name(row->kind));
        json_str(&j, "transport", transport_name(row->transport));
        add_address(&j, w->head, &row->address, 0);
        json_u64(&j, "port", row->port);
        json_str(&j, "state", row->observed ? endpoint_state_name(row->observed->endpoint.state) : NULL);
        json_str(&j, "protocol", row->observed ? scan_protocol(row->observed) : NULL);
        if (l) {
                json_open_object(&j, "listener");
                finding_json_place(&j, l);
                finding_json_netns(&j, l);
                json_str(&j, "protocol", l->protocol);
                json_str(&j, "exe", l->n_processes ? l->processes[0]->exe : NULL);
                json_str(&j, "unit", l->unit ? l->unit->name : NULL);
                json_end(&j);
        } else {
                json_put_null(&j, "listener");
        }
        json_str(&j, "why", row->why);
        end_record(w, &j);
}

static void write_judgement(struct scan_writer *w)
{
        const struct outside *judged = w->head->judged;

        vec_foreach(f, &judged->findings) {
                struct scan_subject subject = {0};
                struct json j;

                if (f->observed)
                        subject = w->head->subject(&f->observed->endpoint.address, w->head->arg);
                j = begin_record(w, "finding", subject.asset);
                finding_json_add(&j, f);
                end_record(w, &j);
        }
        vec_foreach(row, &judged->rows)
                write_row(w, row);
}

static void add_finding_counts(struct json *j, const struct outside *judged)
{
        struct tally tally = {0};
        size_t rows[RECONCILE_KIND_MAX] = {0};

        row_count_findings(&tally, judged->findings.at, judged->findings.n);
        json_open_object(j, "findings");
        for (int severity = SEVERITY_MAX - 1; severity >= 0; severity--)
                json_u64(j, severity_name(severity), tally.severity[severity]);
        json_end(j);
        vec_foreach(row, &judged->rows)
                rows[row->kind]++;
        json_open_object(j, "reconcile");
        for (enum reconcile_kind kind = 0; kind < RECONCILE_KIND_MAX; kind++)
                json_u64(j, reconcile_kind_name(kind), rows[kind]);
        json_end(j);
}

static void write_summary(struct scan_writer *w, const struct scan_end *end)
{
        const struct scan_result *r = &end->result;
        struct json j = begin_record(w, "summary", w->head->scanner);

        json_str(&j, "hostname", w->head->hostname);
        json_bool(&j, "complete", r->complete && !end->failure);
        json_open_array(&j, "incomplete");
        scan_each_incomplete(w, end, add_reason, &j);
        json_end(&j);
        json_bool(&j, "dry_run", false);
        add_asked(&j, w->head);
        add_hosts(&j, &w->tally);
        json_u64(&j, "open", r->open);
        json_u64(&j, "sent", r->sent);
        json_u64(&j, "received", r->received);
        json_u64(&j, "answered", r->answered);
        json_u64(&j, "retried", r->retried);
        json_u64(&j, "local_drops", r->local_drops);
        json_u64(&j, "forged", r->forged);
        json_u64(&j, "refused_by_gate", r->refused_by_gate);
        json_double(&j, "loss", r->loss);
        json_str(&j, "resume", end->resume);
        json_u64(&j, "elapsed_ms", r->elapsed_ms);
        if (w->head->judged)
                add_finding_counts(&j, w->head->judged);
        json_end_line(&j);
}

static void write_end(struct scan_writer *w, const struct scan_end *end)
{
        if (w->head->judged)
                write_judgement(w);
        write_summary(w, end);
}

const struct scan_format scan_report_json = {
        .name = "json",
        .what = "one JSON record a line (NDJSON)",
        .begin = begin,
        .endpoint = write_endpoint,
        .host = write_host,
        .end = write_end,
};
