/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/watch_known.h"

#include "base/map.h"
#include "base/str.h"
#include "model/zone_states.h"

#define CROWD 65536u /* 24 bytes each */

struct known {
        struct pool *pool;
        vec(struct known_listener) listeners;
        vec(struct known_listener) services;
        struct map by_key;    /* interned text of the key -> index of the listener */
        struct map by_cookie; /* index of the listener; NONE: closed */
        struct map by_name;   /* of services */
        size_t n_open;
};

static const char *key_text(struct str *to, const struct item *item)
{
        char address[ADDRESS_TEXT_SIZE];

        str_reset(to);
        str_addf(to, "%s %u %s %u %s", item->netns, item->transport,
                 item->address.family ? address_format(&item->address, address) : "*", item->port,
                 item->device ? item->device : "");
        return str_text(to);
}

struct item known_key(const struct listener *l)
{
        return (struct item){
                .kind = ITEM_LISTENER,
                .transport = (uint8_t)l->transport,
                .address = l->address,
                .port = l->port,
                .port_last = l->port_last,
                .netns = l->netns->role,
                .device = l->device,
        };
}

static struct known_listener describe(struct pool *pool, const struct listener *l)
{
        const struct process *p = l->n_processes ? l->processes[0] : NULL;
        struct known_listener known = {.item = known_key(l), .forward = l->kind == LISTENER_FORWARD};
        struct item *item = &known.item;

        for (size_t i = 0; i < l->n_processes; i++)
                if (l->processes[i]->pid != 1) {
                        p = l->processes[i];
                        break;
                }
        item->netns = pool_intern(pool, item->netns);
        item->device = pool_intern(pool, item->device);
        item->unit = pool_intern(pool, l->unit ? l->unit->name : NULL);
        item->package = pool_intern(pool, l->package ? l->package->name : NULL);
        item->version = pool_intern(pool, l->package ? l->package->version : NULL);
        item->container = pool_intern(pool, l->container ? l->container->name : NULL);
        item->protocol = pool_intern(pool, l->protocol);
        item->exposure = exposure_scope_name(l->exposure.scope);
        item->zones = zone_states_of(pool, &l->exposure);
        item->verdict = verdict_name(l->judgement.verdict);
        known.judgement = l->judgement;
        known.judgement.why = pool_intern(pool, l->judgement.why);
        known.judgement.note = pool_intern(pool, l->judgement.note);
        if (p) {
                item->exe = pool_intern(pool, p->exe);
                item->user = pool_intern(pool, p->user);
                known.process = pool_intern(pool, p->name);
                known.pid = p->pid;
        }
        return known;
}

static struct known_listener *find(const struct known *known, const struct item *key)
{
        _cleanup_str_ struct str text = {0};
        uint64_t index;

        return map_get_str(&known->by_key, key_text(&text, key), &index) ? &known->listeners.at[index] : NULL;
}

const struct known_listener *known_find(const struct known *known, const struct item *key)
{
        return find(known, key);
}

static struct known_listener *add(struct known *known, const struct listener *l)
{
        _cleanup_str_ struct str text = {0};
        struct known_listener new = describe(known->pool, l);

        map_put_str(&known->by_key, pool_intern(known->pool, key_text(&text, &new.item)), known->listeners.n);
        *vec_push(&known->listeners) = new;
        return &known->listeners.at[known->listeners.n - 1];
}

static void add_sockets(struct known *known, const struct inside *view)
{
        vec_foreach(s, &view->sockets) {
                struct item key = {
                        .transport = (uint8_t)s->transport,
                        .address = s->address,
                        .port = s->port,
                        .netns = view->netns.at[s->netns].role,
                        .device = s->device,
                };
                struct known_listener *l = find(known, &key);

                if (!l) /* a client's */
                        continue;
                l->n_sockets++;
                if (s->cookie)
                        map_put(&known->by_cookie, s->cookie, (uint64_t)(l - known->listeners.at));
                else
                        l->n_anonymous++;
        }
}

static void add_services(struct known *known, const struct inside *view)
{
        vec_foreach(service, &view->services) {
                struct known_listener new = {.item = {.kind = ITEM_SERVICE}};

                new.item.name = pool_intern(known->pool, service->name);
                new.item.startup = pool_intern(known->pool, service->startup);
                new.item.running = pool_intern(known->pool, service->state);
                new.has_file = service->file && !streq_ptr(service->startup, "transient");
                map_put_str(&known->by_name, new.item.name, known->services.n);
                *vec_push(&known->services) = new;
        }
}

struct known *known_of(const struct assessment *a)
{
        struct known *known = xcalloc(1, sizeof(*known));

        known->pool = pool_new();
        vec_foreach(l, &a->listeners) {
                struct item key = known_key(l);
                struct known_listener *new = find(known, &key) ? NULL : add(known, l);

                if (new && new->forward)
                        new->n_sockets = 1;
        }
        add_sockets(known, a->view);
        add_services(known, a->view);
        known->n_open = known->listeners.n;
        return known;
}

struct known *known_free(struct known *known)
{
        if (!known)
                return NULL;
        vec_clear(&known->listeners);
        vec_clear(&known->services);
        map_release(&known->by_key);
        map_release(&known->by_cookie);
        map_release(&known->by_name);
        pool_free(known->pool);
        free(known);
        return NULL;
}

size_t known_count(const struct known *known)
{
        return known->n_open;
}

/* Units are loaded and forgotten all the time; those that have a file are known by it either way. */
bool known_is_news(const struct known *known, const char *unit, bool gone)
{
        uint64_t index;
        bool is_known;

        if (!unit)
                return true;
        if (!str_ends(unit, ".service") && !str_ends(unit, ".socket"))
                return false;
        is_known = map_get_str(&known->by_name, unit, &index);
        return gone ? is_known && !known->services.at[index].has_file : !is_known;
}

bool known_is_crowded(const struct known *known)
{
        return known->by_cookie.n + known->listeners.n > CROWD + 4 * known->n_open;
}

/* --- one socket ------------------------------------------------------------------------------------ */

bool known_has_socket(const struct known *known, uint64_t cookie)
{
        uint64_t index;

        return map_get(&known->by_cookie, cookie, &index) && index != NONE;
}

const struct known_listener *known_open(struct known *known, const struct listener *l, uint64_t cookie)
{
        struct item key = known_key(l);
        struct known_listener *there = find(known, &key);
        bool first = !there || !there->n_sockets;

        if (!there)
                there = add(known, l);
        else if (first)
                *there = describe(known->pool, l);
        there->n_sockets++;
        known->n_open += first;
        map_put(&known->by_cookie, cookie, (uint64_t)(there - known->listeners.at));
        return first ? there : NULL;
}

const struct known_listener *known_close(struct known *known, uint64_t cookie, const struct item *key)
{
        struct known_listener *l = NULL;
        uint64_t index;

        if (map_get(&known->by_cookie, cookie, &index)) {
                if (index == NONE)
                        return NULL;
                map_put(&known->by_cookie, cookie, NONE);
                l = &known->listeners.at[index];
        } else if (key) { /* one of those whose cookie was not told when the whole was looked at */
                l = find(known, key);
                if (!l || !l->n_anonymous)
                        return NULL;
                l->n_anonymous--;
        }
        if (!l || !l->n_sockets || --l->n_sockets)
                return NULL;
        known->n_open--;
        return l;
}

/* --- a table that was made meanwhile --------------------------------------------------------------- */

static struct known_listener *adopt(struct known *to, const struct known_listener *from)
{
        _cleanup_str_ struct str text = {0};
        struct known_listener copy = *from;
        const char **const texts[] = {
                &copy.item.netns,   &copy.item.device,   &copy.item.exe,       &copy.item.unit, &copy.item.package,
                &copy.item.version, &copy.item.protocol, &copy.item.container, &copy.item.user, &copy.item.zones,
                &copy.process,      &copy.judgement.why, &copy.judgement.note,
        };

        for (size_t i = 0; i < array_len(texts); i++)
                *texts[i] = pool_intern(to->pool, *texts[i]);
        copy.n_sockets = copy.n_anonymous = 0;
        map_put_str(&to->by_key, pool_intern(to->pool, key_text(&text, &copy.item)), to->listeners.n);
        *vec_push(&to->listeners) = copy;
        return &to->listeners.at[to->listeners.n - 1];
}

struct known_step known_step_opened(const struct known *known, uint64_t cookie)
{
        uint64_t index = 0;

        (void)map_get(&known->by_cookie, cookie, &index);
        return (struct known_step){.cookie = cookie, .listener = (uint32_t)index};
}

/* One that came between the kernel's tables and the walk through open files was seen without its cookie. */
static void catch_up_opened(struct known *after, const struct known *before, const struct known_step *step)
{
        const struct known_listener *from = &before->listeners.at[step->listener];
        struct known_listener *to;

        if (map_get(&after->by_cookie, step->cookie, NULL))
                return;
        to = find(after, &from->item);
        if (!to)
                to = adopt(after, from);
        if (to->n_anonymous)
                to->n_anonymous--;
        else
                after->n_open += !to->n_sockets++;
        map_put(&after->by_cookie, step->cookie, (uint64_t)(to - after->listeners.at));
}

void known_catch_up(struct known *after, const struct known *before, const struct known_step *step)
{
        if (step->closed)
                (void)known_close(after, step->cookie, step->has_key ? &step->key : NULL);
        else
                catch_up_opened(after, before, step);
}

/* --- two tables ------------------------------------------------------------------------------------ */

static bool differ(const char *a, const char *b)
{
        return a && b && !streq(a, b); /* what is not known is no difference */
}

static void compare_state(const struct known_listener *a, const struct known_listener *b, known_event each, void *arg)
{
        _cleanup_str_ struct str what = {0};

        if (differ(a->item.exe, b->item.exe)) {
                str_addf(&what, "executable %s -> %s", a->item.exe, b->item.exe);
                each(EVENT_OWNER_CHANGED, a, b, str_text(&what), arg);
        }
        str_reset(&what);
        if (item_exposure_differs(&a->item, &b->item, &what))
                each(EVENT_EXPOSURE_CHANGED, a, b, str_text(&what), arg);
        if (a->judgement.verdict == VERDICT_APPROVED && b->judgement.verdict == VERDICT_EXPIRED)
                each(EVENT_APPROVAL_EXPIRED, a, b, b->judgement.why, arg);
        if (streq_ptr(a->item.package, b->item.package) && differ(a->item.version, b->item.version)) {
                str_reset(&what);
                str_addf(&what, "%s %s -> %s", b->item.package, a->item.version, b->item.version);
                each(EVENT_VERSION_CHANGED, a, b, str_text(&what), arg);
        }
}

static void compare_services(const struct known *before, const struct known *after, known_event each, void *arg)
{
        if (!before->services.n || !after->services.n)
                return;
        vec_foreach(b, &before->services)
                if (!map_get_str(&after->by_name, b->item.name, NULL))
                        each(EVENT_SERVICE_REMOVED, b, NULL, NULL, arg);
        vec_foreach(a, &after->services) {
                _cleanup_str_ struct str what = {0};
                const struct known_listener *b;
                uint64_t index;

                if (!map_get_str(&before->by_name, a->item.name, &index)) {
                        each(EVENT_SERVICE_ADDED, NULL, a, NULL, arg);
                        continue;
                }
                b = &before->services.at[index];
                if (!differ(b->item.startup, a->item.startup) || streq(b->item.startup, "unknown") ||
                    streq(a->item.startup, "unknown"))
                        continue;
                str_addf(&what, "%s -> %s", b->item.startup, a->item.startup);
                each(EVENT_STARTUP_CHANGED, b, a, str_text(&what), arg);
        }
}

void known_compare(const struct known *before, const struct known *after, known_event each, void *arg)
{
        vec_foreach(b, &before->listeners) {
                const struct known_listener *a = b->n_sockets ? find(after, &b->item) : NULL;

                if (b->n_sockets && (!a || !a->n_sockets))
                        each(EVENT_CLOSED, b, NULL, NULL, arg);
        }
        vec_foreach(a, &after->listeners) {
                const struct known_listener *b = a->n_sockets ? find(before, &a->item) : NULL;

                if (!a->n_sockets)
                        continue;
                if (!b || !b->n_sockets)
                        each(EVENT_OPENED, NULL, a, NULL, arg);
                else
                        compare_state(b, a, each, arg);
        }
        compare_services(before, after, each, arg);
}
