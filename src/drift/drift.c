/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "drift/drift.h"

#include "base/hash.h"
#include "base/order.h"
#include "base/str.h"
#include "drift/moves.h"
#include "model/zone_states.h"

/* --- keys ----------------------------------------------------------------------------------------- */

/*
 * A table of the earlier items by their key, with open addressing. Its slots have a part of the hash, so that most
 * looks at items that are others are saved.
 */
struct table {
        uint32_t *slots; /* index + 1; 0: free */
        uint32_t *tags;
        uint64_t mask;
};

struct compare {
        const struct snapshot *before, *after;
        struct drift *drift;
        bool by_asset; /* endpoints have an asset on both sides */
        struct table table;
        bool *met; /* of the earlier items: the later side has its key */
        vec(const struct item *) gone, came;
        size_t unsure[ITEM_SERVICE + 1];
        size_t not_looked[ITEM_SERVICE + 1], elsewhere, compared;
};

static uint64_t key_hash(const struct compare *c, const struct item *item)
{
        uint64_t parts[7] = {
                (uint64_t)item->kind << 48 | (uint64_t)item->transport << 40 |
                        (uint64_t)item->address.family << 32 | (uint64_t)item->port << 16 | item->port_last,
                0,
                0,
                (uintptr_t)item->netns,
                (uintptr_t)item->device,
                (uintptr_t)item->name,
                item->kind == ITEM_ENDPOINT && !c->by_asset ? 0 : (uintptr_t)item->asset,
        };

        memcpy(&parts[1], item->address.bytes, sizeof(item->address.bytes));
        return hash_bytes(parts, sizeof(parts));
}

static bool same_key(const struct compare *c, const struct item *a, const struct item *b)
{
        return a->kind == b->kind && a->transport == b->transport && a->port == b->port &&
               a->port_last == b->port_last && a->netns == b->netns && a->device == b->device &&
               a->name == b->name && (a->asset == b->asset || (a->kind == ITEM_ENDPOINT && !c->by_asset)) &&
               address_compare(&a->address, &b->address) == 0;
}

static bool have_assets(const struct snapshot *s)
{
        vec_foreach(item, &s->items)
                if (item->kind == ITEM_ENDPOINT && !item->asset)
                        return false;
        return true;
}

static void make_table(struct compare *c)
{
        size_t n = 16;

        while (n < c->before->items.n * 2)
                n *= 2;
        c->table = (struct table){xcalloc(n, sizeof(uint32_t)), xcalloc(n, sizeof(uint32_t)), n - 1};
        for (size_t i = 0; i < c->before->items.n; i++) {
                uint64_t hash = key_hash(c, &c->before->items.at[i]), at = hash & c->table.mask;

                while (c->table.slots[at])
                        at = (at + 1) & c->table.mask;
                c->table.slots[at] = (uint32_t)i + 1;
                c->table.tags[at] = (uint32_t)(hash >> 32);
        }
}

static unsigned likeness(const struct item *a, const struct item *b)
{
        return memcmp(a, b, sizeof(*a)) == 0 ? 2 : a->exe == b->exe;
}

/*
 * The earlier item of the same place, and mark all of them as met. A place may be there twice (two programs that
 * share it): then the same, or that of the same program, is it.
 */
static const struct item *find(struct compare *c, const struct item *item)
{
        uint64_t hash = key_hash(c, item);
        const struct item *found = NULL;

        for (uint64_t at = hash & c->table.mask; c->table.slots[at]; at = (at + 1) & c->table.mask) {
                const struct item *other = &c->before->items.at[c->table.slots[at] - 1];

                if (c->table.tags[at] != (uint32_t)(hash >> 32) || !same_key(c, other, item))
                        continue;
                c->met[other - c->before->items.at] = true;
                if (!found || likeness(other, item) > likeness(found, item))
                        found = other;
        }
        return found;
}

/* --- events --------------------------------------------------------------------------------------- */

static void add(struct compare *c, enum event_kind kind, const struct item *before, const struct item *after,
                const char *what)
{
        *vec_push(&c->drift->events) = (struct event){
                .kind = kind, .before = before, .after = after, .what = what, .time_s = c->after->time_s};
        c->drift->counts[kind]++;
}

static bool known(const char *word)
{
        return word && !streq(word, "unknown");
}

/* Both are known, and differ. */
static bool differ(const char *a, const char *b)
{
        return a != b && known(a) && known(b) && !streq(a, b);
}

static const char *change(struct compare *c, const char *of, const char *a, const char *b)
{
        return pool_printf(c->after->pool, "%s %s -> %s", of, a, b);
}

static void compare_owner(struct compare *c, const struct item *a, const struct item *b)
{
        const char *const pairs[][3] = {
                {"executable", a->exe, b->exe},
                {"container", a->container, b->container},
                {"unit", drift_lasting_unit(a), drift_lasting_unit(b)},
                {"product", a->product, b->product},
                {"user", a->user, b->user},
        };

        for (size_t i = 0; i < array_len(pairs); i++)
                if (differ(pairs[i][1], pairs[i][2])) {
                        add(c, EVENT_OWNER_CHANGED, a, b, change(c, pairs[i][0], pairs[i][1], pairs[i][2]));
                        return;
                }
        if (differ(a->exe_hash, b->exe_hash))
                add(c, EVENT_OWNER_CHANGED, a, b,
                    pool_printf(c->after->pool, "the contents of %s: SHA-256 %.12s... -> %.12s...",
                                b->exe ? b->exe : "the executable", a->exe_hash, b->exe_hash));
}

static void compare_protocol(struct compare *c, const struct item *a, const struct item *b)
{
        if (differ(a->protocol, b->protocol))
                add(c, EVENT_PROTOCOL_CHANGED, a, b, change(c, "protocol", a->protocol, b->protocol));
        else if (differ(a->encryption, b->encryption))
                add(c, EVENT_PROTOCOL_CHANGED, a, b, change(c, "encryption", a->encryption, b->encryption));
}

/* A version is one of the same thing. */
static void compare_version(struct compare *c, const struct item *a, const struct item *b)
{
        const char *of = b->package ? b->package : b->product ? b->product : "version";

        if (differ(a->package, b->package))
                add(c, EVENT_VERSION_CHANGED, a, b,
                    pool_printf(c->after->pool, "package %s %s -> %s %s", a->package,
                                a->version ? a->version : "", b->package, b->version ? b->version : ""));
        else if (differ(a->version, b->version) && !differ(a->product, b->product))
                add(c, EVENT_VERSION_CHANGED, a, b, change(c, of, a->version, b->version));
}

static void compare_exposure(struct compare *c, const struct item *a, const struct item *b)
{
        _cleanup_str_ struct str what = {0};

        str_add(&what, "exposure ");
        if (item_exposure_differs(a, b, &what))
                add(c, EVENT_EXPOSURE_CHANGED, a, b, pool_intern(c->after->pool, what.text));
}

static void compare_state(struct compare *c, const struct item *a, const struct item *b)
{
        if (a->kind == ITEM_SERVICE) {
                if (differ(a->startup, b->startup))
                        add(c, EVENT_STARTUP_CHANGED, a, b, change(c, "start-up", a->startup, b->startup));
                return;
        }
        compare_owner(c, a, b);
        compare_protocol(c, a, b);
        compare_version(c, a, b);
        compare_exposure(c, a, b);
        if (a->verdict && b->verdict && streq(b->verdict, "expired") && !streq(a->verdict, "expired"))
                add(c, EVENT_APPROVAL_EXPIRED, a, b, NULL);
}

/* --- what only one side has ----------------------------------------------------------------------- */

static bool lacks_kind(const struct snapshot *s, const struct item *item)
{
        return s->absent >> item->kind & 1;
}

/* It is in a network namespace that this side did not look into. */
static bool is_elsewhere(const struct snapshot *s, const struct item *item)
{
        return s->netns && item->kind == ITEM_LISTENER && item->netns && item->netns != s->netns;
}

static void take_later(struct compare *c, const struct item *item)
{
        const struct item *earlier;

        if (is_elsewhere(c->before, item)) {
                c->elsewhere++;
                return;
        }
        if (lacks_kind(c->before, item)) {
                c->not_looked[item->kind]++;
                return;
        }
        c->compared++;
        earlier = find(c, item);
        if (earlier)
                compare_state(c, earlier, item);
        else
                *vec_push(&c->came) = item;
}

static void take_earlier(struct compare *c, const struct item *item)
{
        if (c->met[item - c->before->items.at])
                return;
        if (is_elsewhere(c->after, item))
                c->elsewhere++;
        else if (lacks_kind(c->after, item))
                c->not_looked[item->kind]++;
        else {
                c->compared++;
                *vec_push(&c->gone) = item;
        }
}

/* The same place may be there twice on the later side: it came once. */
static void drop_repeated(struct compare *c)
{
        size_t to = 0;

        for (size_t i = 0; i < c->came.n; i++)
                if (!to || !same_key(c, c->came.at[to - 1], c->came.at[i]))
                        c->came.at[to++] = c->came.at[i];
        c->came.n = to;
        to = 0;
        for (size_t i = 0; i < c->gone.n; i++)
                if (!to || !same_key(c, c->gone.at[to - 1], c->gone.at[i]))
                        c->gone.at[to++] = c->gone.at[i];
        c->gone.n = to;
}

static int compare_items(const void *a, const void *b)
{
        return drift_item_compare(*(const struct item *const *)a, *(const struct item *const *)b);
}

static void tell_moves(struct compare *c)
{
        struct drift_pairs found = {0};

        drift_find_moves(c->gone.at, &c->gone.n, c->came.at, &c->came.n, &found);
        vec_foreach(pair, &found.pairs) {
                add(c, EVENT_MOVED, pair->before, pair->after, NULL);
                compare_state(c, pair->before, pair->after);
        }
        vec_clear(&found.pairs);
}

static void tell_rest(struct compare *c)
{
        vec_foreach(item, &c->came) {
                const char *what = snapshot_may_lack(c->before, *item)
                                           ? "perhaps not new: the earlier look was incomplete"
                                           : NULL;

                add(c, (*item)->kind == ITEM_SERVICE ? EVENT_SERVICE_ADDED : EVENT_OPENED, NULL, *item,
                    what);
        }
        vec_foreach(item, &c->gone) {
                if (snapshot_may_lack(c->after, *item))
                        c->unsure[(*item)->kind]++;
                else
                        add(c, (*item)->kind == ITEM_SERVICE ? EVENT_SERVICE_REMOVED : EVENT_CLOSED, *item,
                            NULL, NULL);
        }
}

/* --- what is said besides ------------------------------------------------------------------------- */

static const char *const kinds[] = {"listeners", "endpoints", "services"};

static void note(struct compare *c, const char *text)
{
        *vec_push(&c->drift->notes) = text;
}

static void tell_notes(struct compare *c)
{
        struct pool *pool = c->after->pool;
        const struct snapshot *a = c->before, *b = c->after;

        c->drift->nothing_compared = (a->items.n || b->items.n) && !c->compared;
        c->drift->complete = a->complete && b->complete && !c->drift->nothing_compared;
        for (size_t kind = 0; kind < array_len(kinds); kind++) {
                if (c->unsure[kind])
                        note(c,
                             pool_printf(
                                     pool,
                                     "%zu %s are not seen any more, and not told as closed: %s is incomplete",
                                     c->unsure[kind], kinds[kind],
                                     b->source ? b->source : "the later side"));
                if (c->not_looked[kind])
                        note(c,
                             pool_printf(pool, "%s are on one side only, and were not compared: %zu of them",
                                         kinds[kind], c->not_looked[kind]));
                c->drift->unsure += c->unsure[kind];
        }
        if (c->elsewhere)
                note(c,
                     pool_printf(
                             pool,
                             "%zu listeners are in network namespaces that only one side looked into, and were "
                             "not compared",
                             c->elsewhere));
        if (a->asset && b->asset && a->asset != b->asset && !streq(a->asset, b->asset))
                note(c, "the two sides are of different hosts: all listeners differ");
}

/* --- the whole ------------------------------------------------------------------------------------ */

int drift_item_compare(const struct item *a, const struct item *b)
{
        int r = text_order(a->asset, b->asset);

        if (!r)
                r = number_order(a->kind, b->kind);
        if (!r)
                r = text_order(a->netns, b->netns);
        if (!r)
                r = address_compare(&a->address, &b->address);
        if (!r)
                r = number_order(a->transport, b->transport);
        if (!r)
                r = number_order(a->port, b->port);
        if (!r)
                r = number_order(a->port_last, b->port_last);
        if (!r)
                r = text_order(a->device, b->device);
        return r ? r : text_order(a->name, b->name);
}

static int compare_events(const void *a, const void *b)
{
        const struct event *x = a, *y = b;
        int r = drift_item_compare(x->after ? x->after : x->before, y->after ? y->after : y->before);

        if (!r)
                r = number_order(x->kind, y->kind);
        return r ? r : text_order(x->what, y->what);
}

static void compare_release(struct compare *c)
{
        free(c->table.slots);
        free(c->table.tags);
        free(c->met);
        vec_clear(&c->gone);
        vec_clear(&c->came);
}

void drift_compare(const struct snapshot *before, const struct snapshot *after, struct drift *ret)
{
        _cleanup_(compare_release) struct compare c = {.before = before, .after = after, .drift = ret};

        *ret = (struct drift){0};
        c.by_asset = have_assets(before) && have_assets(after);
        c.met = xcalloc(before->items.n + 1, sizeof(*c.met));
        make_table(&c);
        vec_foreach(item, &after->items)
                take_later(&c, item);
        vec_foreach(item, &before->items)
                take_earlier(&c, item);
        vec_sort(&c.came, compare_items);
        vec_sort(&c.gone, compare_items);
        drop_repeated(&c);
        tell_moves(&c);
        tell_rest(&c);
        vec_sort(&ret->events, compare_events);
        tell_notes(&c);
}

void drift_release(struct drift *d)
{
        vec_clear(&d->events);
        vec_clear(&d->notes);
}
