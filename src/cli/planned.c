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

/* How many events it expected. */
static size_t file_one(const struct store_change *c, struct drift *d, const char *hostname,
                       struct pool *pool)
{
        struct expect x;
        struct err err;
        size_t n = 0;

        if (expect_parse(c->expect, &x, &err) < 0)
                return 0;
        vec_foreach(e, &d->events) {
                if (!expect_matches(&x, e, hostname))
                        continue;
                e->planned = pool_intern(pool, c->ticket);
                n++;
        }
        return n;
}

static int file_all(struct planned *p, const struct store_engine *engine, struct store *store,
                    struct drift *d, const struct snapshot *before, const struct snapshot *after,
                    struct err *err)
{
        int r = engine->change_list(store, after->pool, &p->changes, err);

        vec_foreach(c, &p->changes.changes) {
                bool happened;

                if (r < 0)
                        break;
                if (!was_open(c, before, after))
                        continue;
                happened = file_one(c, d, after->hostname, after->pool) > 0;
                if (happened && !c->happened_s)
                        r = engine->change_happened(store, c->id, after->time_s, err);
                else if (!happened && !c->happened_s && !c->closed_s && c->until_s <= after->time_s)
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
