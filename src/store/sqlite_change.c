/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "store/sqlite.h"

static int add_change(const struct store *store, const struct store_change *change, struct err *err)
{
        _cleanup_statement_ sqlite3_stmt *statement = NULL;
        int r = sqlite_prepare(store,
                               "INSERT INTO change (ticket, expect, opened, until) VALUES (?, ?, ?, ?)",
                               &statement, err);

        if (r < 0)
                return r;
        sqlite_bind(statement, 1, change->ticket);
        sqlite_bind(statement, 2, change->expect);
        (void)sqlite3_bind_int64(statement, 3, change->opened_s);
        (void)sqlite3_bind_int64(statement, 4, change->until_s);
        return sqlite3_step(statement) == SQLITE_DONE ? 0 : sqlite_failed(store, err, "writing");
}

int sqlite_change_open(struct store *store, const struct store_changes *changes, struct err *err)
{
        int r = sqlite_begin(store, err);

        if (r < 0)
                return r;
        vec_foreach(change, &changes->changes)
                if (r == 0)
                        r = add_change(store, change, err);
        return sqlite_end(store, r, "writing", err);
}

int sqlite_change_list(struct store *store, struct pool *pool, struct store_changes *ret, struct err *err)
{
        _cleanup_statement_ sqlite3_stmt *s = NULL;
        int r = sqlite_prepare(
                store, "SELECT id, ticket, expect, opened, until, closed, happened FROM change ORDER BY id",
                &s, err);
        int step;

        if (r < 0)
                return r;
        while ((step = sqlite3_step(s)) == SQLITE_ROW)
                *vec_push(&ret->changes) = (struct store_change){
                        .id = sqlite3_column_int64(s, 0),
                        .ticket = sqlite_text(s, 1, pool),
                        .expect = sqlite_text(s, 2, pool),
                        .opened_s = sqlite3_column_int64(s, 3),
                        .until_s = sqlite3_column_int64(s, 4),
                        .closed_s = sqlite3_column_int64(s, 5),
                        .happened_s = sqlite3_column_int64(s, 6),
                };
        return step == SQLITE_DONE ? 0 : sqlite_failed(store, err, "reading");
}

int sqlite_change_happened(struct store *store, int64_t id, int64_t time_s, struct err *err)
{
        _cleanup_statement_ sqlite3_stmt *statement = NULL;
        int r = sqlite_prepare(store, "UPDATE change SET happened = ? WHERE id = ? AND happened = 0",
                               &statement, err);

        if (r < 0)
                return r;
        (void)sqlite3_bind_int64(statement, 1, time_s);
        (void)sqlite3_bind_int64(statement, 2, id);
        return sqlite3_step(statement) == SQLITE_DONE ? 0 : sqlite_failed(store, err, "writing");
}

int sqlite_change_close(struct store *store, const char *ticket, int64_t time_s, struct err *err)
{
        _cleanup_statement_ sqlite3_stmt *statement = NULL;
        int r = sqlite_prepare(store, "UPDATE change SET closed = ? WHERE ticket = ? AND closed = 0",
                               &statement, err);

        if (r < 0)
                return r;
        (void)sqlite3_bind_int64(statement, 1, time_s);
        sqlite_bind(statement, 2, ticket);
        if (sqlite3_step(statement) != SQLITE_DONE)
                return sqlite_failed(store, err, "writing");
        if (!sqlite3_changes(store->db))
                return err_set(err, -ENOENT,
                               "no change of ticket '%s' is open (see: quaymaster change list)", ticket);
        return 0;
}
