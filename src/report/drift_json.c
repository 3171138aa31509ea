/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Event records, and the summary that says what was compared. */
#include "base/clock.h"
#include "base/json.h"
#include "base/map.h"
#include "report/drift_report.h"
#include "report/report.h"

static void add_if_known(struct json *j, const char *key, const char *value)
{
        if (value)
                json_str(j, key, value);
}

static void add_place(struct json *j, const struct item *item)
{
        char address[ADDRESS_TEXT_SIZE];

        if (item->kind == ITEM_SERVICE) {
                json_str(j, "name", item->name);
                return;
        }
        json_str(j, "transport", transport_name(item->transport));
        json_str(j, "address", item->address.family ? address_format(&item->address, address) : NULL);
        json_u64(j, "port", item->port);
        if (item->port_last > item->port)
                json_u64(j, "port_last", item->port_last);
        add_if_known(j, "netns", item->netns);
        add_if_known(j, "device", item->device);
}

void drift_json_item(struct json *j, const char *key, const struct item *item)
{
        if (!item) {
                json_put_null(j, key);
                return;
        }
        json_open_object(j, key);
        add_place(j, item);
        add_if_known(j, "exe", item->exe);
        add_if_known(j, "exe_hash", item->exe_hash);
        add_if_known(j, "unit", item->unit);
        add_if_known(j, "package", item->package);
        add_if_known(j, "product", item->product);
        add_if_known(j, "version", item->version);
        add_if_known(j, "protocol", item->protocol);
        add_if_known(j, "encryption", item->encryption);
        add_if_known(j, "exposure", item->exposure);
        add_if_known(j, "startup", item->startup);
        add_if_known(j, "state", item->running);
        add_if_known(j, "container", item->container);
        add_if_known(j, "user", item->user);
        json_end(j);
}

/* FNV-1a: the same from run to run and on every machine, unlike base/hash.h. */
static uint64_t digest(const char *text, size_t len)
{
        uint64_t h = 0xcbf29ce484222325u;

        for (size_t i = 0; i < len; i++)
                h = (h ^ (unsigned char)text[i]) * 0x100000001b3u;
        return h;
}

static const char *kind_of(const struct item *item)
{
        static const char *const kinds[] = {
                [ITEM_LISTENER] = "listener", [ITEM_ENDPOINT] = "endpoint", [ITEM_SERVICE] = "service"};

        return kinds[item->kind];
}

struct writer {
        const struct drift_report *in;
        struct str buf, body;
        struct map seq; /* by asset: the number given last */
        int fd;
};

static void writer_release(struct writer *w)
{
        str_release(&w->buf);
        str_release(&w->body);
        map_release(&w->seq);
}

static uint64_t next_seq(struct writer *w, const struct event *e, const struct item *item)
{
        uint64_t seq = 0, key = (uintptr_t)item->asset;

        if (e->seq)
                return e->seq;
        (void)map_get(&w->seq, key, &seq);
        map_put(&w->seq, key, ++seq);
        return seq;
}

static void write_event(struct writer *w, const struct event *e)
{
        const struct item *item = e->after ? e->after : e->before;
        struct json j = json_to(&w->buf);
        char time[CLOCK_TEXT_SIZE], id[17];
        size_t from = w->buf.len;

        json_open_object(&j, NULL);
        json_str(&j, "type", "event");
        json_u64(&j, "schema", 1);
        json_str(&j, "asset", item->asset);
        json_str(&j, "vantage", w->in->after->vantage);
        json_str(&j, "time", e->time_s ? clock_format(e->time_s, time) : NULL);
        json_str(&j, "kind", event_kind_name(e->kind));
        json_open_object(&j, "subject");
        json_str(&j, "kind", kind_of(item));
        add_place(&j, item);
        json_end(&j);
        drift_json_item(&j, "before", e->before);
        drift_json_item(&j, "after", e->after);
        json_str(&j, "what", e->what);
        (void)snprintf(id, sizeof(id), "%016llx",
                       (unsigned long long)digest(w->buf.text + from, w->buf.len - from));
        json_str(&j, "planned", e->planned);
        json_str(&j, "verdict", item->verdict);
        json_str(&j, "id", id);
        json_u64(&j, "seq", next_seq(w, e, item));
        json_end_line(&j);
}

static void add_side(struct json *j, const char *key, const struct snapshot *s)
{
        char time[CLOCK_TEXT_SIZE];

        json_open_object(j, key);
        json_str(j, "source", s->source);
        json_str(j, "time", s->time_s ? clock_format(s->time_s, time) : NULL);
        json_u64(j, "items", s->items.n);
        json_bool(j, "complete", s->complete);
        json_end(j);
}

static void add_incomplete(struct json *j, const struct snapshot *s, struct str *text)
{
        for (const char *const *reason = s->incomplete; *reason; reason++) {
                str_reset(text);
                str_addf(text, "%s: %s", s->source ? s->source : "a side", *reason);
                json_str(j, NULL, text->text);
        }
}

static void write_summary(struct writer *w)
{
        const struct drift_report *in = w->in;
        const struct drift *d = in->drift;
        struct json j = json_to(&w->buf);
        char time[CLOCK_TEXT_SIZE];

        json_open_object(&j, NULL);
        json_str(&j, "type", "summary");
        json_u64(&j, "schema", 1);
        json_str(&j, "asset", in->after->asset);
        json_str(&j, "vantage", in->after->vantage);
        json_str(&j, "time", in->after->time_s ? clock_format(in->after->time_s, time) : NULL);
        json_bool(&j, "complete", d->complete);
        json_open_array(&j, "incomplete");
        add_incomplete(&j, in->before, &w->body);
        add_incomplete(&j, in->after, &w->body);
        if (d->nothing_compared)
                json_str(&j, NULL, "nothing of the two can be compared");
        json_end(&j);
        json_open_array(&j, "notes");
        vec_foreach(note, &d->notes)
                json_str(&j, NULL, *note);
        json_end(&j);
        json_open_array(&j, "not_happened");
        for (const char *const *missed = in->missed; missed && *missed; missed++)
                json_str(&j, NULL, *missed);
        json_end(&j);
        add_side(&j, "before", in->before);
        add_side(&j, "after", in->after);
        json_open_object(&j, "events");
        for (enum event_kind kind = 0; kind < EVENT_KIND_MAX; kind++)
                json_u64(&j, event_kind_name(kind), d->counts[kind]);
        json_end(&j);
        json_u64(&j, "drift", d->events.n - in->planned);
        json_u64(&j, "planned", in->planned);
        json_u64(&j, "unsure", d->unsure);
        json_end_line(&j);
}

int drift_report_json(const struct drift_report *in, int fd, struct err *err)
{
        _cleanup_(writer_release) struct writer w = {.in = in, .fd = fd};
        int r = 0;

        vec_foreach(event, &in->drift->events) {
                write_event(&w, event);
                r = report_flush(&w.buf, fd, 256 * 1024, err);
                if (r < 0)
                        return r;
        }
        write_summary(&w);
        return report_flush(&w.buf, fd, 0, err);
}
