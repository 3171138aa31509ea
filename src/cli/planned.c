/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/planned.h"

#include <errno.h>

#include "cli/state_store.h"
#include "drift/expect.h"

void planned_release(struct planned *p)
{
        vec_clear(&p->changes.changes);
        vec_clear(&p->missed);
}

static int64_t end_of(const struct store_change *c)
{
        return c->closed_s && c->closed_s < c->until_s ? c->closed_s : c->until_s;
}

/* It was open at some time between the two looks, or when the later was made. */
static bool was_open(const struct store_change *c, const struct snapshot *before,
                     const struct snapshot *after)
{
        return c->opened_s <= after->time_s && end_of(c) > before->time_s;
}

struct window { /* a change that was open, and what it expects */
        const struct store_change *change;
        struct expect expect;
        bool happened;
};

struct windows {
        vec(struct window) list;
};

static void windows_release(struct windows *w)
{
        vec_clear(&w->list);
}

static void open_windows(const struct store_changes *changes, const struct snapshot *before,
                         const struct snapshot *after, struct windows *to)
{
        vec_foreach(c, &changes->changes) {
                struct window window = {.change = c};
                struct err err;

                if (was_open(c, before, after) && expect_parse(c->expect, &window.expect, &err) == 0)
                        *vec_push(&to->list) = window;
        }
}

/* The one that expects this end of a move; NULL: none does. */
static struct window *find_end(const struct windows *windows, const struct event *e, enum event_kind end,
                               const char *hostname)
{
        vec_foreach(w, &windows->list)
                if (expect_matches_end(&w->expect, e, end, hostname))
                        return w;
        return NULL;
}

static void file_one(const struct windows *windows, struct event *e, const char *hostname, struct pool *pool)
{
        struct window *came, *left;

        vec_foreach(w, &windows->list)
                if (expect_matches(&w->expect, e, hostname)) {
                        e->planned = pool_intern(pool, w->change->ticket);
                        w->happened = true;
                }
        if (e->kind != EVENT_MOVED)
                return;
        came = find_end(windows, e, EVENT_OPENED, hostname);
        left = find_end(windows, e, EVENT_CLOSED, hostname);
        if (!came || !left) /* an end that nobody expects alarms */
                return;
        e->planned = pool_intern(pool, came->change->ticket);
        came->happened = left->happened = true;
}

static int file_all(struct planned *p, const struct store_engine *engine, struct store *store,
                    struct drift *d, const struct snapshot *before, const struct snapshot *after,
                    struct err *err)
{
        _cleanup_(windows_release) struct windows windows = {0};
        int r = engine->change_list(store, after->pool, &p->changes, err);

        if (r == 0)
                open_windows(&p->changes, before, after, &windows);
        vec_foreach(e, &d->events)
                if (windows.list.n)
                        file_one(&windows, e, after->hostname, after->pool);
        vec_foreach(w, &windows.list) {
                const struct store_change *c = w->change;

                if (r == 0 && w->happened && !c->happened_s)
                        r = engine->change_happened(store, c->id, after->time_s, err);
                else if (!w->happened && !c->happened_s && !c->closed_s && c->until_s <= after->time_s)
                        *vec_push(&p->missed) = pool_printf(after->pool, "%s: %s", c->ticket, c->expect);
        }
        if (p->missed.n)
                *vec_push(&p->missed) = NULL;
        vec_foreach(e, &d->events)
                p->n += e->planned != NULL;
        return r;
}

int planned_file(struct planned *p, struct drift *d, const struct snapshot *before,
                 const struct snapshot *after, struct err *err)
{
        const struct store_engine *engine;
        struct store *store;
        int r = state_store_open(&store, &engine, STORE_OPEN, err);

        if (r == -ENOENT) { /* nothing was ever kept, so nothing is planned */
                *err = (struct err){0};
                return 0;
        }
        if (r == 0)
                r = file_all(p, engine, store, d, before, after, err);
        (void)engine->close(store);
        return r;
}
