/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/watch_planned.h"

#include <errno.h>

#include "cli/state_dir.h"

#define AT_ONCE_NS 1000000000ull /* so long what another process writes may take: each event waits for it */
#define RETRY_NS   1000000000ull /* then the loop has other things to do, too */
#define LASTS_NS   5000000000ull /* a store that is busy for longer is in trouble */

void watch_planned_release(struct watch_planned *p)
{
        vec_clear(&p->windows.list);
        pool_freep(&p->pool);
        str_release(&p->path);
}

static bool is_same(const struct stat *a, const struct stat *b)
{
        return a->st_ino == b->st_ino && a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
               a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* What is written to SQLite's store is in its journal first. */
static void look_at_files(const struct watch_planned *p, struct stat *store, struct stat *journal)
{
        _cleanup_free_ char *path = xasprintf("%s-wal", str_text(&p->path));

        if (stat(str_text(&p->path), store) < 0)
                *store = (struct stat){0};
        if (stat(path, journal) < 0)
                *journal = (struct stat){0};
}

/* What happened and is not written yet must not be forgotten over it. */
static void take_windows(struct watch_planned *p, struct pool *pool, const struct store_changes *changes)
{
        struct watch_windows windows = {0};

        vec_foreach(c, &changes->changes) {
                struct watch_window window = {.change = *c};
                struct err err = {0};

                if (expect_parse(c->expect, &window.expect, &err) < 0)
                        continue;
                vec_foreach(old, &p->windows.list)
                        if (old->change.id == c->id && !c->happened_s)
                                window.happened_s = old->happened_s;
                *vec_push(&windows.list) = window;
        }
        vec_clear(&p->windows.list);
        p->windows = windows;
        pool_free(p->pool);
        p->pool = pool;
}

/* A store that is gone plans nothing. */
static void forget_windows(struct watch_planned *p)
{
        vec_clear(&p->windows.list);
        p->store = p->journal = (struct stat){0};
        p->read_at_ns = p->failing_ns = 0;
        p->told = false;
}

static int read_windows(struct watch_planned *p, struct err *err)
{
        struct store_changes changes = {0};
        struct pool *pool = pool_new();
        struct store *store;
        int r = store_sqlite.open(&store, str_text(&p->path), STORE_HASTY, err);

        if (r == 0)
                r = store_sqlite.change_list(store, pool, &changes, err);
        (void)store_sqlite.close(store);
        if (r == 0)
                take_windows(p, pool, &changes);
        else
                pool_free(pool);
        vec_clear(&changes.changes);
        return r;
}

void watch_planned_freshen(struct watch_planned *p, uint64_t now_ns)
{
        struct stat store, journal;
        struct err err = {0};

        if (!p->path.len) {
                if (state_dir_make(&p->path, &err) < 0)
                        str_reset(&p->path);
                if (!p->path.len)
                        return;
                str_add(&p->path, "/quaymaster.db");
        }
        look_at_files(p, &store, &journal);
        if (!store.st_ino) {
                forget_windows(p);
                return;
        }
        if (now_ns < p->read_at_ns || (is_same(&store, &p->store) && is_same(&journal, &p->journal)))
                return;
        if (read_windows(p, &err) < 0) {
                p->failing_ns = p->failing_ns ? p->failing_ns : now_ns;
                p->read_at_ns = now_ns - p->failing_ns < AT_ONCE_NS ? 0 : now_ns + RETRY_NS;
                p->why = err;
                return;
        }
        p->read_at_ns = p->failing_ns = 0;
        p->told = false;
        /* As they were before: what came while it was read is seen the next time. */
        p->store = store;
        p->journal = journal;
}

const char *watch_planned_trouble(struct watch_planned *p, uint64_t now_ns)
{
        if (!p->failing_ns || p->told || now_ns - p->failing_ns < LASTS_NS)
                return NULL;
        p->told = true;
        return p->why.text;
}

static bool is_open(const struct store_change *c, int64_t time_s)
{
        return c->opened_s <= time_s && c->until_s >= time_s && (!c->closed_s || c->closed_s >= time_s);
}

const char *watch_planned_ticket(struct watch_planned *p, const struct event *e, const char *hostname)
{
        const char *ticket = NULL;

        vec_foreach(w, &p->windows.list) {
                if (!is_open(&w->change, e->time_s) || !expect_matches(&w->expect, e, hostname))
                        continue;
                ticket = ticket ? ticket : w->change.ticket;
                if (!w->change.happened_s && !w->happened_s)
                        w->happened_s = e->time_s;
        }
        return ticket;
}

static int note_windows(struct watch_planned *p, struct store *store, struct err *err)
{
        int r = 0;

        vec_foreach(w, &p->windows.list) {
                if (!w->happened_s)
                        continue;
                r = store_sqlite.change_happened(store, w->change.id, w->happened_s, err);
                if (r < 0)
                        break;
                w->change.happened_s = w->happened_s;
                w->happened_s = 0;
        }
        return r;
}

void watch_planned_note(struct watch_planned *p, uint64_t now_ns)
{
        struct store *store;
        struct err err = {0};
        bool any = false;
        int r;

        vec_foreach(w, &p->windows.list)
                any = any || w->happened_s;
        if (!any || now_ns < p->note_at_ns)
                return;
        r = store_sqlite.open(&store, str_text(&p->path), STORE_HASTY, &err);
        if (r == 0)
                r = note_windows(p, store, &err);
        (void)store_sqlite.close(store);
        p->note_at_ns = r < 0 ? now_ns + RETRY_NS : 0;
}

const struct store_change *watch_planned_missed(struct watch_planned *p, size_t *i, int64_t now)
{
        while (*i < p->windows.list.n) {
                const struct watch_window *w = &p->windows.list.at[(*i)++];

                if (!w->change.closed_s && !w->change.happened_s && !w->happened_s &&
                    w->change.until_s > p->checked_s && w->change.until_s <= now)
                        return &w->change;
        }
        return NULL;
}

void watch_planned_checked(struct watch_planned *p, int64_t now)
{
        p->checked_s = now;
}
