/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * NDJSON: one self-contained record a line, the summary last. Most of a record repeats: 20,000
 * listeners share some 200 processes. So the serialized form of every owner and judgement is kept
 * (report/fragment.h) and copied.
 */
#include "base/clock.h"
#include "base/hash.h"
#include "report/finding_json.h"
#include "report/fragment.h"
#include "report/identity_json.h"
#include "report/listener_json.h"
#include "report/row.h"

struct writer {
        const struct report_input *in;
        struct str buf;
        struct json json;
        struct str head; /* the members that every record has */
        struct fragments starts, wheres, owners, judgements;
        int fd;
        int result; /* of the first write that failed; after it nothing is written */
        struct err *err;
};

static void begin_record(struct writer *w, const char *type)
{
        json_open_object(&w->json, NULL);
        json_str(&w->json, "type", type);
        json_raw(&w->json, NULL, w->head.text, w->head.len);
}

static void end_record(struct writer *w)
{
        json_end_line(&w->json);
        if (w->result == 0)
                w->result = report_flush(&w->buf, w->fd, REPORT_CHUNK, w->err);
        else
                str_reset(&w->buf);
}

static void add_time(struct json *j, const char *key, int64_t seconds)
{
        char text[CLOCK_TEXT_SIZE];

        if (seconds)
                json_str(j, key, clock_format(seconds, text));
        else
                json_put_null(j, key);
}

static void make_head(struct writer *w)
{
        struct json j = json_to(&w->head);
        const struct inside *view = w->in->view;

        json_u64(&j, "schema", 1);
        json_str(&j, "asset", view->asset);
        json_str(&j, "vantage", "inside");
        add_time(&j, "time", view->time_s);
}

/* --- parts of records ---------------------------------------------------------------------------- */

/*
 * What few listeners have is left out of the others, or it would be a tenth of all that is written. Null
 * stands where one would expect a value.
 */
static void add_if_known(struct json *j, const char *key, const char *value)
{
        if (value)
                json_str(j, key, value);
}

static void add_process(struct json *j, const struct process *p)
{
        json_open_object(j, NULL);
        json_u64(j, "pid", (uint64_t)p->pid);
        json_str(j, "name", p->name);
        json_str(j, "exe", p->exe);
        if (p->exe_deleted)
                json_bool(j, "exe_deleted", true);
        json_str(j, "cmdline", p->cmdline);
        json_str(j, "user", p->user);
        if (p->uid == INSIDE_NO_UID)
                json_put_null(j, "uid");
        else
                json_u64(j, "uid", p->uid);
        add_time(j, "started", p->started_s);
        json_end(j);
}

static void add_unit(struct json *j, const struct service *s)
{
        if (!s) {
                json_put_null(j, "unit");
                return;
        }
        json_open_object(j, "unit");
        json_str(j, "name", s->name);
        json_str(j, "manager", s->manager);
        json_str(j, "state", s->state);
        json_str(j, "startup", s->startup);
        json_str(j, "description", s->description);
        json_end(j);
}

static void add_activation(struct json *j, const struct service *s)
{
        if (!s)
                return;
        json_open_object(j, "activation");
        json_str(j, "name", s->name);
        json_str(j, "state", s->state);
        json_str(j, "startup", s->startup);
        json_end(j);
}

static void add_package(struct json *j, const struct package *p)
{
        if (!p) {
                json_put_null(j, "package");
                return;
        }
        json_open_object(j, "package");
        json_str(j, "name", p->name);
        json_str(j, "version", p->version);
        json_str(j, "manager", p->manager);
        json_end(j);
}

static void add_container(struct json *j, const struct container *c)
{
        if (!c) {
                json_put_null(j, "container");
                return;
        }
        json_open_object(j, "container");
        json_str(j, "runtime", c->runtime);
        json_str(j, "id", c->id);
        json_str(j, "name", c->name);
        json_str(j, "pod", c->pod);
        json_end(j);
}

/* The owner as a run of members: the same for all sockets of one program. */
static void make_owner(struct json *j, const void *object)
{
        const struct listener *l = object;

        json_open_array(j, "processes");
        for (size_t i = 0; i < l->n_processes; i++)
                add_process(j, l->processes[i]);
        json_end(j);
        add_if_known(j, "owner_note", l->owner_note);
        add_unit(j, l->unit);
        add_activation(j, l->activation);
        add_package(j, l->package);
        add_container(j, l->container);
}

static uint64_t owner_id(const struct listener *l)
{
        uint64_t processes =
                l->n_processes ? hash_bytes(l->processes, l->n_processes * sizeof(*l->processes)) : 0;
        const void *parts[] = {
                (const void *)(uintptr_t)processes,
                l->owner_note,
                l->unit,
                l->activation,
                l->package,
                l->container,
        };

        return hash_bytes(parts, sizeof(parts));
}

/* Through the packet filter. */
static void add_zones(struct json *j, const struct exposure *e)
{
        json_open_array(j, "zones");
        for (size_t i = 0; i < e->n_zones; i++) {
                const struct reach_zone *zone = &e->zones[i];

                json_open_object(j, NULL);
                json_str(j, "zone", zone->zone);
                json_str(j, "state", reach_state_name(zone->state));
                json_str(j, "by", zone->by);
                json_str(j, "why", zone->why);
                json_end(j);
        }
        json_end(j);
}

static void add_exposure(struct json *j, const struct exposure *e)
{
        json_open_object(j, "exposure");
        json_str(j, "scope", exposure_scope_name(e->scope));
        json_str(j, "why", e->why);
        json_open_array(j, "reachable_from");
        for (size_t i = 0; i < array_len(e->reachable_from) && e->reachable_from[i]; i++)
                json_str(j, NULL, e->reachable_from[i]);
        json_end(j);
        json_str(j, "blocked_by", e->blocked_by);
        if (e->n_zones)
                add_zones(j, e);
        json_end(j);
}

/* What is thought of it, as a run of members: the same for all sockets of one protocol and scope. */
static void make_judgement(struct json *j, const void *object)
{
        const struct listener *l = object;

        add_exposure(j, &l->exposure);
        finding_json_advice(j, &l->advice);
        json_str(j, "guide", l->guide);
        json_str(j, "verdict", verdict_name(l->judgement.verdict));
        if (l->judgement.why)
                finding_json_judgement(j, &l->judgement);
}

static uint64_t judgement_id(const struct listener *l)
{
        const struct exposure *e = &l->exposure;
        const void *parts[] = {
                (const void *)(uintptr_t)((unsigned)e->scope << 8 | (unsigned)l->advice.class),
                e->why,
                e->reachable_from[0],
                e->reachable_from[1],
                e->reachable_from[2],
                e->blocked_by,
                e->zones,
                l->advice.why,
                l->guide,
                l->judgement.why,
                l->judgement.note,
                (const void *)(uintptr_t)l->judgement.verdict,
        };

        return hash_bytes(parts, sizeof(parts));
}

/* --- records ------------------------------------------------------------------------------------- */

struct start {
        const struct writer *w;
        const struct listener *l;
};

/* All before the port, as a run of members: the same for all sockets of one address. */
static void make_start(struct json *j, const void *object)
{
        const struct start *start = object;
        const struct listener *l = start->l;
        char address[ADDRESS_TEXT_SIZE];

        json_str(j, "type", l->client_reason ? "client" : "listener");
        json_raw(j, NULL, start->w->head.text, start->w->head.len);
        json_str(j, "kind", l->kind == LISTENER_FORWARD ? "forward" : "socket");
        json_str(j, "transport", transport_name(l->transport));
        json_str(j, "address", row_plain_address(l, address));
}

static uint64_t start_id(const struct listener *l)
{
        uint64_t parts[3] = {(uint64_t)l->kind << 32 | (uint64_t)l->transport << 16 |
                             (uint64_t)l->address.family << 8 | (l->client_reason != NULL)};

        memcpy(&parts[1], l->address.bytes, sizeof(l->address.bytes));
        return hash_bytes(parts, sizeof(parts));
}

/* What else is told of the socket, as a run of members. */
static void make_where(struct json *j, const void *object)
{
        const struct listener *l = object;

        if (l->address.family == 6) {
                json_bool(j, "dual_stack", l->dual_stack);
                json_bool(j, "v6only", l->v6only);
        }
        add_if_known(j, "device", l->device);
        finding_json_netns(j, l);
        json_u64(j, "sockets", l->n_sockets);
        json_str(j, "protocol", l->protocol);
        json_str(j, "confidence", confidence_name(l->confidence));
        if (l->client_reason)
                json_str(j, "reason", l->client_reason);
}

static uint64_t where_id(const struct listener *l)
{
        uint64_t flags = (uint64_t)l->address.family << 8 | (uint64_t)l->confidence << 2 |
                         (uint64_t)l->dual_stack << 1 | l->v6only;
        const void *parts[] = {
                (const void *)(uintptr_t)((uint64_t)l->n_sockets << 16 | flags), // NOLINT(performance-no-int-to-ptr)
                l->device,
                l->netns,
                l->protocol,
                l->client_reason,
        };

        return hash_bytes(parts, sizeof(parts));
}

static void add_forward(struct json *j, const struct forward *f)
{
        char to[ADDRESS_TEXT_SIZE];

        if (!f)
                return;
        json_open_object(j, "forward");
        json_str(j, "to_address", f->to.family ? address_format(&f->to, to) : NULL);
        json_u64(j, "to_port", f->to_port ? f->to_port : f->port);
        json_str(j, "rule", f->rule);
        json_end(j);
}

void listener_json_add(struct json *j, const struct listener *l)
{
        char address[ADDRESS_TEXT_SIZE];

        json_str(j, "kind", l->kind == LISTENER_FORWARD ? "forward" : "socket");
        json_str(j, "transport", transport_name(l->transport));
        json_str(j, "address", row_plain_address(l, address));
        json_u64(j, "port", l->port);
        if (l->port_last > l->port)
                json_u64(j, "port_last", l->port_last);
        json_str(j, "registered", l->registered);
        make_where(j, l);
        make_owner(j, l);
        add_forward(j, l->forward);
        make_judgement(j, l);
}

static void write_listener(struct writer *w, const struct listener *l)
{
        const struct start start = {w, l};
        struct json *j = &w->json;

        json_open_object(j, NULL);
        fragment_add(&w->starts, j, start_id(l), &start);
        json_u64(j, "port", l->port);
        if (l->port_last > l->port)
                json_u64(j, "port_last", l->port_last);
        if (l->transport == TRANSPORT_RAW)
                json_u64(j, "ip_protocol", l->port);
        json_str(j, "registered", l->registered);
        fragment_add(&w->wheres, j, where_id(l), l);
        if (l->identity)
                identity_json_add_heard(j, l->identity);
        add_if_known(j, "known_for", l->known_for);
        add_if_known(j, "not_verified", l->not_verified);
        fragment_add(&w->owners, j, owner_id(l), l);
        add_forward(j, l->forward);
        fragment_add(&w->judgements, j, judgement_id(l), l);
        end_record(w);
}

static void write_service(struct writer *w, const struct service_use *use)
{
        const struct service *s = use->service;
        const struct inside *view = w->in->view;
        struct json *j = &w->json;

        begin_record(w, "service");
        json_str(j, "name", s->name);
        json_str(j, "manager", s->manager);
        json_str(j, "state", s->state);
        json_str(j, "startup", s->startup);
        json_str(j, "description", s->description);
        add_package(j, s->package < view->packages.n ? &view->packages.at[s->package] : NULL);
        json_str(j, "exec", s->exec);
        json_str(j, "triggered_by",
                 s->triggered_by < view->services.n ? view->services.at[s->triggered_by].name : NULL);
        json_open_array(j, "listeners");
        for (size_t i = 0; i < use->n_listeners; i++) {
                json_open_object(j, NULL);
                finding_json_place(j, use->listeners[i]);
                finding_json_netns(j, use->listeners[i]);
                json_end(j);
        }
        json_end(j);
        end_record(w);
}

static void write_finding(struct writer *w, const struct finding *f)
{
        begin_record(w, "finding");
        finding_json_add(&w->json, f);
        end_record(w);
}

static void write_gap(struct writer *w, const struct gap *gap)
{
        struct json *j = &w->json;

        begin_record(w, "gap");
        json_str(j, "source", gap->source);
        json_str(j, "reason", gap->reason);
        json_str(j, "capability", gap->capability);
        json_bool(j, "incomplete", gap->incomplete);
        json_u64(j, "count", gap->count);
        end_record(w);
}

/* Counts of what was not asked for are null: zero would say that it was looked for and not found. */
static void add_counts(struct json *j, const struct report_input *in)
{
        const struct assessment *a = in->assessment;
        struct tally tally = row_tally(a);

        if (in->with_listeners) {
                json_u64(j, "listeners", a->listeners.n);
                json_u64(j, "clients", a->clients.n);
        } else {
                json_put_null(j, "listeners");
                json_put_null(j, "clients");
        }
        if (in->with_services)
                json_u64(j, "services", a->services.n);
        else
                json_put_null(j, "services");
        if (in->with_findings) {
                json_open_object(j, "findings");
                for (int severity = SEVERITY_MAX - 1; severity >= 0; severity--)
                        json_u64(j, severity_name(severity), tally.severity[severity]);
                json_end(j);
        } else {
                json_put_null(j, "findings");
        }
        if (in->with_listeners) {
                json_open_object(j, "advice");
                for (int class = 0; class < ADVICE_MAX; class ++)
                        json_u64(j, advice_class_name(class), tally.advice[class]);
                json_end(j);
        } else {
                json_put_null(j, "advice");
        }
}

/* By these the records are joined with what is seen from outside (audit --inside). */
static void add_addresses(struct json *j, const struct inside *view)
{
        char text[ADDRESS_TEXT_SIZE];

        json_open_array(j, "own_addresses");
        vec_foreach (a, &view->addresses) {
                if (!a->up || address_is_loopback(&a->address) || address_is_link_local(&a->address))
                        continue;
                json_open_object(j, NULL);
                json_str(j, "address", address_format(&a->address, text));
                json_str(j, "netns", a->netns < view->netns.n ? view->netns.at[a->netns].role : NULL);
                json_end(j);
        }
        json_end(j);
}

static void write_summary(struct writer *w)
{
        const struct report_input *in = w->in;
        struct json *j = &w->json;

        begin_record(w, "summary");
        json_str(j, "hostname", in->view->hostname);
        add_addresses(j, in->view);
        add_if_known(j, "netns", in->view->only);
        json_bool(j, "complete", in->complete);
        json_open_array(j, "incomplete");
        vec_foreach (gap, &in->view->gaps)
                if (gap->incomplete)
                        json_str(j, NULL, gap->reason);
        json_end(j);
        add_counts(j, in);
        json_str(j, "sockets_by", in->view->sockets_by);
        json_double(j, "elapsed_ms", in->elapsed_ms);
        end_record(w);
}

static void write_records(struct writer *w)
{
        const struct report_input *in = w->in;
        const struct assessment *a = in->assessment;

        if (in->with_listeners) {
                vec_foreach (l, &a->listeners)
                        write_listener(w, l);
                vec_foreach (l, &a->clients)
                        write_listener(w, l);
        }
        if (in->with_services)
                vec_foreach (use, &a->services)
                        write_service(w, use);
        if (in->with_findings)
                vec_foreach (f, &a->findings)
                        write_finding(w, f);
        vec_foreach (gap, &in->view->gaps)
                write_gap(w, gap);
        write_summary(w);
}

static void writer_release(struct writer *w)
{
        str_release(&w->buf);
        str_release(&w->head);
        fragments_release(&w->starts);
        fragments_release(&w->wheres);
        fragments_release(&w->owners);
        fragments_release(&w->judgements);
}

static int write_json(const struct report_input *in, int fd, struct err *err)
{
        _cleanup_(writer_release) struct writer w = {
                .in = in,
                .starts.make = make_start,
                .wheres.make = make_where,
                .owners.make = make_owner,
                .judgements.make = make_judgement,
                .fd = fd,
                .err = err,
        };

        w.json = json_to(&w.buf);
        str_reserve(&w.buf, REPORT_CHUNK + 16 * 1024);
        make_head(&w);
        write_records(&w);
        return w.result < 0 ? w.result : report_flush(&w.buf, fd, 0, err);
}

const struct report_format report_json = {
        .name = "json",
        .what = "one JSON record a line (NDJSON)",
        .write = write_json,
};
