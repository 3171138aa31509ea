/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/watch_report.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"
#include "drift/record_write.h"
#include "model/zone_states.h"
#include "report/finding_json.h"
#include "report/listener_json.h"
#include "report/row.h"

static const struct item *subject_of(const struct watch_event *e)
{
        return e->event.after ? e->event.after : e->event.before;
}

static void add_place(struct json *j, const struct item *item)
{
        char text[ADDRESS_TEXT_SIZE];

        json_str(j, "transport", transport_name(item->transport));
        json_str(j, "address", item->address.family ? address_format(&item->address, text) : "0.0.0.0");
        json_u64(j, "port", item->port);
        if (item->port_last > item->port)
                json_u64(j, "port_last", item->port_last);
        json_str(j, "netns", item->netns);
        if (item->device)
                json_str(j, "device", item->device);
}

static void add_subject(struct json *j, const struct item *item)
{
        json_open_object(j, "subject");
        if (item->kind == ITEM_SERVICE)
                json_str(j, "service", item->name);
        else
                add_place(j, item);
        json_end(j);
}

static void add_named(struct json *j, const char *key, const char *name)
{
        if (!name) {
                json_put_null(j, key);
                return;
        }
        json_open_object(j, key);
        json_str(j, "name", name);
        json_end(j);
}

static void add_process(struct json *j, const struct watch_event *e, const struct item *item)
{
        json_open_array(j, "processes");
        if (item->exe || e->process) {
                json_open_object(j, NULL);
                if (e->pid)
                        json_u64(j, "pid", (uint64_t)e->pid);
                json_str(j, "name", e->process);
                json_str(j, "exe", item->exe);
                json_str(j, "user", item->user);
                json_end(j);
        }
        json_end(j);
}

static void add_package(struct json *j, const struct item *item)
{
        if (!item->package) {
                json_put_null(j, "package");
                return;
        }
        json_open_object(j, "package");
        json_str(j, "name", item->package);
        json_str(j, "version", item->version);
        json_end(j);
}

/* The state that is kept: what a listener record has, as far as it is kept. */
static void add_state(struct json *j, const char *key, const struct watch_event *e, const struct item *item)
{
        if (!item) {
                json_put_null(j, key);
                return;
        }
        json_open_object(j, key);
        if (item->kind == ITEM_SERVICE) {
                json_str(j, "name", item->name);
                json_str(j, "state", item->running);
                json_str(j, "startup", item->startup);
                json_end(j);
                return;
        }
        add_place(j, item);
        json_str(j, "protocol", item->protocol);
        add_process(j, e, item);
        add_named(j, "unit", item->unit);
        add_package(j, item);
        add_named(j, "container", item->container);
        record_write_exposure(j, item);
        json_str(j, "verdict", item->verdict);
        json_end(j);
}

static void add_after(struct json *j, const struct watch_event *e)
{
        if (!e->listener) {
                add_state(j, "after", e, e->event.after);
                return;
        }
        json_open_object(j, "after");
        listener_json_add(j, e->listener);
        json_end(j);
}

static const char *format_time(const struct watch_event *e, char *buf, size_t size)
{
        char text[CLOCK_TEXT_SIZE];
        int len = (int)strlen(clock_format(e->event.time_s, text));

        (void)snprintf(buf, size, "%.*s.%03uZ", len ? len - 1 : 0, text, e->time_ms % 1000);
        return buf;
}

void watch_event_json(struct str *to, const struct watch_event *e)
{
        struct json j = json_to(to);
        char time[CLOCK_TEXT_SIZE + 8];

        json_open_object(&j, NULL);
        json_str(&j, "type", "event");
        json_u64(&j, "schema", 1);
        json_str(&j, "asset", e->asset);
        json_str(&j, "vantage", "inside");
        json_str(&j, "time", format_time(e, time, sizeof(time)));
        json_str(&j, "id", e->id);
        json_u64(&j, "seq", e->event.seq);
        json_str(&j, "kind", event_kind_name(e->event.kind));
        add_subject(&j, subject_of(e));
        if (e->event.what)
                json_str(&j, "what", e->event.what);
        json_str(&j, "seen_by", e->by_reconcile ? "reconcile" : "live");
        add_state(&j, "before", e, e->event.before);
        add_after(&j, e);
        json_str(&j, "verdict", e->judgement ? verdict_name(e->judgement->verdict) : NULL);
        if (e->judgement && e->judgement->why)
                finding_json_judgement(&j, e->judgement);
        if (e->event.planned)
                json_str(&j, "planned", e->event.planned);
        json_end_line(&j);
}

/* --- for people ------------------------------------------------------------------------------------ */

static void add_item_place(struct str *to, const struct item *item)
{
        char text[ADDRESS_TEXT_SIZE];
        const char *address = item->address.family ? address_format(&item->address, text) : "0.0.0.0";

        if (item->kind == ITEM_SERVICE) {
                str_add(to, item->name);
                return;
        }
        str_addf(to, item->address.family == 6 ? "[%s]:%u" : "%s:%u", address, item->port);
        if (item->port_last > item->port)
                str_addf(to, "-%u", item->port_last);
        str_addf(to, "/%s", transport_name(item->transport));
        if (item->netns && !streq(item->netns, "host"))
                str_addf(to, " in netns %s", item->netns);
}

static void add_item_owner(struct str *to, const struct watch_event *e, const struct item *item)
{
        const char *name = e->process ? e->process : item->exe ? str_basename(item->exe) : NULL;

        if (name)
                str_addf(to, " by %s", name);
        if (name && e->pid)
                str_addf(to, " (%d)", (int)e->pid);
        if (item->user)
                str_addf(to, ", user %s", item->user);
        if (item->unit)
                str_addf(to, ", unit %s", item->unit);
        if (item->package)
                str_addf(to, ", package %s %s", item->package, item->version ? item->version : "");
        if (item->container)
                str_addf(to, ", container %s", item->container);
        if (item->exposure)
                str_add(to, ", exposure ");
        item_add_exposure(to, item);
}

/* The sentence of an approval that ran out is told as what happened. */
static void add_judgement(struct str *to, const struct watch_event *e)
{
        const struct judgement *j = e->judgement;

        if (j && j->verdict != VERDICT_NONE) {
                str_addf(to, " - %s", verdict_name(j->verdict));
                if (j->why && e->event.kind != EVENT_APPROVAL_EXPIRED)
                        str_addf(to, " (%s)", j->why);
                if (j->note)
                        str_addf(to, ", %s", j->note);
        }
        if (e->event.planned)
                str_addf(to, ", planned as %s", e->event.planned);
}

void watch_event_words(struct str *to, const struct watch_event *e)
{
        const struct item *item = subject_of(e);
        _cleanup_str_ struct str raw = {0};

        str_addf(&raw, "%s ", event_kind_name(e->event.kind));
        add_item_place(&raw, item);
        if (e->event.what)
                str_addf(&raw, ": %s", e->event.what);
        else if (item->kind != ITEM_SERVICE)
                add_item_owner(&raw, e, item);
        add_judgement(&raw, e);
        text_add_printable(to, str_text(&raw));
}

void watch_event_text(struct str *to, const struct watch_event *e)
{
        char time[CLOCK_TEXT_SIZE + 8];

        str_addf(to, "%s ", format_time(e, time, sizeof(time)));
        watch_event_words(to, e);
        if (e->by_reconcile)
                str_add(to, " (found by a look at the whole)");
        str_add_char(to, '\n');
}
