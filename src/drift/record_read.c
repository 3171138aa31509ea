/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "drift/record_read.h"

#include <errno.h>

#include "drift/record_line.h"

struct record_reader *record_reader_new(struct snapshot *to)
{
        struct record_reader *r = xcalloc(1, sizeof(*r));

        r->to = to;
        return r;
}

struct record_reader *record_reader_free(struct record_reader *r)
{
        if (!r)
                return NULL;
        str_release(&r->rest);
        str_release(&r->zones);
        json_read_release(&r->json);
        vec_clear(&r->reasons);
        free(r);
        return NULL;
}

/* --- records -------------------------------------------------------------------------------------- */

static int refuse(const struct record_reader *r, struct err *err, const char *why)
{
        return err_set(err, -EINVAL, "line %llu: %s", (unsigned long long)r->line, why);
}

static const char *check_place(const struct record *record)
{
        if (record->bad_address)
                return "'address' is none";
        if (!record->has_transport || record->bad_transport)
                return "'transport' is missing, or none that is known";
        if (!record->has_port || record->port > UINT16_MAX || record->port_last > UINT16_MAX)
                return "'port' is missing, or none";
        if (record->type == RECORD_ENDPOINT && !record->has_address)
                return "'address' is missing";
        return NULL;
}

static void note_asset(struct record_reader *r, const struct record *record)
{
        struct snapshot *to = r->to;

        if (!record->asset || r->several_assets)
                return;
        if (to->asset && to->asset != record->asset) {
                to->asset = NULL;
                r->several_assets = true;
        } else {
                to->asset = record->asset;
        }
}

static int add_item(struct record_reader *r, struct record *record, enum item_kind kind, struct err *err)
{
        struct item *item = &record->item;

        if (r->to->items.n >= RECORD_ITEMS)
                return err_set(err, -E2BIG, "line %llu: more than %u records", (unsigned long long)r->line,
                               RECORD_ITEMS);
        item->kind = (uint8_t)kind;
        item->asset = record->asset;
        if (kind != ITEM_ENDPOINT)
                note_asset(r, record);
        r->seen |= 1u << kind;
        *vec_push(&r->to->items) = *item;
        return 0;
}

static int add_place(struct record_reader *r, struct record *record, struct err *err)
{
        const char *fault = check_place(record);
        struct item *item = &record->item;

        if (fault)
                return refuse(r, err, fault);
        if (record->type == RECORD_ENDPOINT && !record->open)
                return 0;
        item->port = (uint16_t)record->port;
        item->port_last = (uint16_t)record->port_last;
        item->name = item->running = item->startup = NULL;
        if (record->registered)
                item->protocol = NULL;
        if (record->type == RECORD_LISTENER)
                return add_item(r, record, ITEM_LISTENER, err);
        item->netns = NULL;
        return add_item(r, record, ITEM_ENDPOINT, err);
}

static int add_service(struct record_reader *r, struct record *record, struct err *err)
{
        struct item *item = &record->item;

        if (!item->name)
                return refuse(r, err, "'name' of the service is missing");
        record->item = (struct item){
                .name = item->name,
                .netns = item->netns,
                .startup = item->startup,
                .running = item->running,
                .package = item->package,
                .version = item->version,
        };
        return add_item(r, record, ITEM_SERVICE, err);
}

static void add_coverage(struct record_reader *r, const struct record *record)
{
        r->seen |= 1u << ITEM_ENDPOINT;
        if (!record->says_complete || record->complete || !record->has_address || record->bad_address)
                return;
        *vec_push(&r->to->undecided) = record->item.address;
        r->to->partial |= 1u << ITEM_ENDPOINT;
}

/* Which list is short when a source (model/inside.h, struct gap) could not be seen. */
static void add_gap(struct record_reader *r, const struct record *record)
{
        if (record->incomplete)
                r->to->partial |= snapshot_partial_by(record->source);
}

static void add_summary(struct record_reader *r, const struct record *record)
{
        struct snapshot *to = r->to;

        if (!r->summed)
                to->netns = record->item.netns;
        else if (to->netns != record->item.netns) /* of several hosts */
                to->netns = NULL;
        r->summed = true;
        to->hostname = record->hostname ? record->hostname : to->hostname;
        r->seen |= (record->has_listeners ? 1u << ITEM_LISTENER : 0) |
                   (record->has_services ? 1u << ITEM_SERVICE : 0) |
                   (record->has_hosts ? 1u << ITEM_ENDPOINT : 0);
        vec_foreach(reason, &r->reasons)
                snapshot_add_reason(to, *reason);
        if (record->says_complete && !record->complete)
                to->complete = false;
        if (record->has_listeners || record->has_services)
                note_asset(r, record);
}

static int take_record(struct record_reader *r, struct record *record, struct err *err)
{
        r->any = true;
        if (record->time_s > r->to->time_s)
                r->to->time_s = record->time_s;
        if (record->vantage && !r->to->vantage)
                r->to->vantage = record->vantage;
        switch (record->type) {
        case RECORD_LISTENER:
        case RECORD_ENDPOINT:
                return add_place(r, record, err);
        case RECORD_SERVICE:
                return add_service(r, record, err);
        case RECORD_COVERAGE:
                add_coverage(r, record);
                return 0;
        case RECORD_GAP:
                add_gap(r, record);
                return 0;
        case RECORD_SUMMARY:
                add_summary(r, record);
                return 0;
        case RECORD_OTHER:
                return 0;
        default:
                return refuse(r, err, "'type' is missing: this is no record of quaymaster");
        }
}

static int take_line(struct record_reader *r, const char *text, size_t len, struct err *err)
{
        struct record record = {0};
        struct json_text key;

        r->line++;
        json_read_init(&r->json, text, len);
        if (!json_read_peek(&r->json)) /* an empty line */
                return 0;
        r->reasons.n = 0;
        json_read_open(&r->json, '{');
        while (json_read_key(&r->json, &key)) {
                if (key.len)
                        record_member(r, &record, &key);
                else
                        json_read_skip(&r->json);
        }
        if (!json_read_end(&r->json))
                return refuse(r, err, r->json.fault);
        return take_record(r, &record, err);
}

int record_reader_feed(struct record_reader *r, const char *bytes, size_t len, struct err *err)
{
        const char *end = bytes + len, *newline;
        int rc;

        while (bytes < end && (newline = memchr(bytes, '\n', (size_t)(end - bytes)))) {
                if (r->rest.len) {
                        str_add_n(&r->rest, bytes, (size_t)(newline - bytes));
                        rc = take_line(r, r->rest.text, r->rest.len, err);
                        str_reset(&r->rest);
                } else {
                        rc = take_line(r, bytes, (size_t)(newline - bytes), err);
                }
                if (rc < 0)
                        return rc;
                bytes = newline + 1;
        }
        if (bytes == end)
                return 0;
        if (r->rest.len + (size_t)(end - bytes) > RECORD_LINE_MAX)
                return err_set(err, -E2BIG, "line %llu: longer than %u bytes",
                               (unsigned long long)r->line + 1, RECORD_LINE_MAX);
        str_add_n(&r->rest, bytes, (size_t)(end - bytes));
        return 0;
}

static int compare_addresses(const void *a, const void *b)
{
        return address_compare(a, b);
}

int record_reader_end(struct record_reader *r, struct err *err)
{
        struct snapshot *to = r->to;
        int rc = r->rest.len ? take_line(r, r->rest.text, r->rest.len, err) : 0;

        if (rc < 0)
                return rc;
        if (!r->any)
                return err_set(err, -EINVAL, "it has no records");
        if (!r->summed) {
                snapshot_add_reason(to, "the records end without a summary: some may be missing");
                to->partial = 0;
        } else {
                to->absent = ~r->seen & ((1u << (ITEM_SERVICE + 1)) - 1);
        }
        vec_sort(&to->undecided, compare_addresses);
        return 0;
}
