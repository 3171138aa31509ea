/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "drift/record_write.h"

#include "base/clock.h"
#include "model/zone_states.h"

static void add_if_known(struct json *j, const char *key, const char *value)
{
        if (value)
                json_str(j, key, value);
}

static void add_named(struct json *j, const char *key, const char *member, const char *value)
{
        if (!value)
                return;
        json_open_object(j, key);
        json_str(j, member, value);
        json_end(j);
}

static void add_package(struct json *j, const struct item *item)
{
        if (!item->package)
                return;
        json_open_object(j, "package");
        json_str(j, "name", item->package);
        json_str(j, "version", item->version);
        json_end(j);
}

static void add_owner(struct json *j, const struct item *item)
{
        if (!item->exe)
                return;
        json_open_array(j, "processes");
        json_open_object(j, NULL);
        json_str(j, "exe", item->exe);
        add_if_known(j, "exe_hash", item->exe_hash);
        add_if_known(j, "user", item->user);
        json_end(j);
        json_end(j);
}

static void add_zones(struct json *j, const char *at)
{
        _cleanup_str_ struct str name = {0};
        struct zone_state s;

        json_open_array(j, "zones");
        while (zone_states_next(&at, &s)) {
                str_reset(&name);
                str_add_n(&name, s.zone, s.len);
                json_open_object(j, NULL);
                json_str(j, "zone", name.text);
                json_str(j, "state", reach_state_name(s.state));
                json_end(j);
        }
        json_end(j);
}

void record_write_exposure(struct json *j, const struct item *item)
{
        if (!item->exposure)
                return;
        json_open_object(j, "exposure");
        json_str(j, "scope", item->exposure);
        if (item->zones)
                add_zones(j, item->zones);
        json_end(j);
}

const char *record_type_word(const struct item *item)
{
        static const char *const words[] = {
                [ITEM_LISTENER] = "listener", [ITEM_ENDPOINT] = "endpoint", [ITEM_SERVICE] = "service"};

        return words[item->kind];
}

void record_write_item(struct json *j, const struct item *item)
{
        char address[ADDRESS_TEXT_SIZE];

        add_if_known(j, "name", item->name);
        if (item->kind != ITEM_SERVICE) {
                json_str(j, "transport", transport_name(item->transport));
                json_str(j, "address",
                         item->address.family ? address_format(&item->address, address) : NULL);
                json_u64(j, "port", item->port);
                if (item->port_last)
                        json_u64(j, "port_last", item->port_last);
        }
        add_if_known(j, "netns", item->netns);
        add_if_known(j, "device", item->device);
        if (item->kind == ITEM_ENDPOINT)
                json_str(j, "state", "open");
        add_if_known(j, "protocol", item->protocol);
        add_if_known(j, "encryption", item->encryption);
        add_if_known(j, "product", item->product);
        if (!item->package)
                add_if_known(j, "version", item->version);
        add_owner(j, item);
        add_named(j, "unit", "name", item->unit);
        add_package(j, item);
        add_named(j, "container", "name", item->container);
        record_write_exposure(j, item);
        add_if_known(j, "startup", item->startup);
        if (item->kind == ITEM_SERVICE)
                add_if_known(j, "state", item->running);
        add_if_known(j, "verdict", item->verdict);
}

static struct json begin(struct str *to, const struct snapshot *s, const char *type, const char *asset,
                         bool bare)
{
        struct json j = json_to(to);
        char time[CLOCK_TEXT_SIZE];

        json_open_object(&j, NULL);
        json_str(&j, "type", type);
        json_u64(&j, "schema", 1);
        if (bare)
                return j;
        json_str(&j, "asset", asset);
        json_str(&j, "vantage", s->vantage);
        json_str(&j, "time", s->time_s ? clock_format(s->time_s, time) : NULL);
        return j;
}

void record_write_line(struct str *to, const struct snapshot *s, const struct item *item)
{
        struct json j = begin(to, s, record_type_word(item), item->asset, false);

        record_write_item(&j, item);
        json_end_line(&j);
}

/* A source of the inside view that stands for each kind of list; see snapshot_partial_by. */
static void write_gaps(struct str *to, const struct snapshot *s, bool bare)
{
        static const struct {
                unsigned bits;
                const char *source;
        } sources[] = {
                {1u << ITEM_LISTENER, "sockets"},
                {1u << ITEM_SERVICE, "units"},
                {SNAPSHOT_PARTIAL_DETAILS, "processes"},
        };

        for (size_t i = 0; i < array_len(sources); i++) {
                struct json j;

                if (!(s->partial & sources[i].bits))
                        continue;
                j = begin(to, s, "gap", s->asset, bare);
                json_str(&j, "source", sources[i].source);
                json_bool(&j, "incomplete", true);
                json_end_line(&j);
        }
        if (s->partial >> ITEM_ENDPOINT & 1 && !s->undecided.n) {
                struct json j = begin(to, s, "gap", s->asset, bare);

                json_str(&j, "source", "endpoints");
                json_bool(&j, "incomplete", true);
                json_end_line(&j);
        }
}

static void write_undecided(struct str *to, const struct snapshot *s, bool bare)
{
        char text[ADDRESS_TEXT_SIZE];

        vec_foreach(address, &s->undecided) {
                struct json j = begin(to, s, "coverage", NULL, bare);

                json_str(&j, "address", address_format(address, text));
                json_bool(&j, "complete", false);
                json_end_line(&j);
        }
}

static void add_count(struct json *j, const char *key, const struct snapshot *s, enum item_kind kind,
                      bool bare)
{
        size_t n = 0;

        if (s->absent >> kind & 1) {
                json_put_null(j, key);
                return;
        }
        if (!bare)
                vec_foreach(item, &s->items)
                        n += item->kind == kind;
        json_u64(j, key, n);
}

void record_write_head(struct str *to, const struct snapshot *s, bool bare)
{
        struct json j;

        write_gaps(to, s, bare);
        write_undecided(to, s, bare);
        j = begin(to, s, "summary", s->asset, bare);
        json_str(&j, "hostname", s->hostname);
        add_if_known(&j, "netns", s->netns);
        json_bool(&j, "complete", s->complete);
        json_open_array(&j, "incomplete");
        for (const char *const *reason = s->incomplete; *reason; reason++)
                json_str(&j, NULL, *reason);
        json_end(&j);
        add_count(&j, "listeners", s, ITEM_LISTENER, bare);
        add_count(&j, "services", s, ITEM_SERVICE, bare);
        if (!(s->absent >> ITEM_ENDPOINT & 1)) {
                json_open_object(&j, "hosts");
                json_end(&j);
                add_count(&j, "open", s, ITEM_ENDPOINT, bare);
        }
        json_end_line(&j);
}
