/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Snapshots in SQLite: a row says from which look to which an item was so. */
#include "store/sqlite.h"

#include <errno.h>
#include <time.h>

#include "base/clock.h"
#include "base/map.h"
#include "base/str.h"
#include "drift/record_read.h"
#include "drift/record_write.h"

#define RESERVE_MAX 65536u /* items: a number in the file may be wrong */

/* --- saving --------------------------------------------------------------------------------------- */

struct saving {
        struct store *store;
        const struct snapshot *s;
        struct pool *pool;
        struct map open; /* the records that are so since earlier: interned text -> index in `rows` */
        vec(int64_t) rows;
        vec(bool) kept;
        int64_t series, look, id;
        struct str text;
};

static void saving_release(struct saving *v)
{
        map_release(&v->open);
        vec_clear(&v->rows);
        vec_clear(&v->kept);
        str_release(&v->text);
        pool_freep(&v->pool);
}

/* The id that the statement gives; 0: none; negative errno. */
static int64_t get_id(const struct store *store, sqlite3_stmt *statement, struct err *err)
{
        int step = sqlite3_step(statement);

        if (step == SQLITE_ROW)
                return sqlite3_column_int64(statement, 0);
        return step == SQLITE_DONE ? 0 : sqlite_failed(store, err, "reading");
}

/* The row with these texts, made when it is missing: `insert` and `select` have the same parameters. */
static int64_t find_or_make(const struct saving *v, const char *insert, const char *select,
                            const char *const texts[], int n, struct err *err)
{
        _cleanup_statement_ sqlite3_stmt *i = NULL, *s = NULL;
        int r = sqlite_prepare(v->store, insert, &i, err);

        if (r == 0)
                r = sqlite_prepare(v->store, select, &s, err);
        if (r < 0)
                return r;
        for (int at = 0; at < n; at++) {
                sqlite_bind(i, at + 1, texts[at]);
                sqlite_bind(s, at + 1, texts[at]);
        }
        if (sqlite3_step(i) != SQLITE_DONE)
                return sqlite_failed(v->store, err, "saving to");
        return get_id(v->store, s, err);
}

static int find_series(struct saving *v, const char *kind, struct err *err)
{
        const char *const texts[] = {v->s->asset ? v->s->asset : "", v->s->vantage ? v->s->vantage : "",
                                     kind};

        v->series = find_or_make(v, "INSERT OR IGNORE INTO series (asset, vantage, kind) VALUES (?, ?, ?)",
                                 "SELECT id FROM series WHERE asset = ? AND vantage = ? AND kind = ?", texts,
                                 3, err);
        return v->series < 0 ? (int)v->series : 0;
}

static int find_look(struct saving *v, struct err *err)
{
        const char *texts[] = {NULL, v->s->hostname, v->s->complete ? "1" : "0"};

        str_reset(&v->text);
        record_write_head(&v->text, v->s, true);
        texts[0] = v->text.text;
        v->look = find_or_make(
                v,
                "INSERT OR IGNORE INTO look (head, hostname, complete) VALUES (?1, ?2, CAST(?3 AS INTEGER))",
                "SELECT id FROM look WHERE head = ?1 AND (?2 IS ?2) AND (?3 IS ?3)", texts, 3, err);
        return v->look < 0 ? (int)v->look : 0;
}

static int add_snapshot(struct saving *v, const char *name, struct err *err)
{
        _cleanup_statement_ sqlite3_stmt *s = NULL;
        int r = sqlite_prepare(
                v->store, "INSERT INTO snapshot (series, time, look, items, name) VALUES (?, ?, ?, ?, ?)",
                &s, err);

        if (r < 0)
                return r;
        (void)sqlite3_bind_int64(s, 1, v->series);
        (void)sqlite3_bind_int64(s, 2, v->s->time_s);
        (void)sqlite3_bind_int64(s, 3, v->look);
        (void)sqlite3_bind_int64(s, 4, (int64_t)v->s->items.n);
        sqlite_bind(s, 5, name);
        r = sqlite3_step(s);
        if (r == SQLITE_CONSTRAINT_UNIQUE)
                return err_set(err, -EEXIST,
                               "there is a snapshot '%s' already: delete it, or take another name", name);
        if (r != SQLITE_DONE)
                return sqlite_failed(v->store, err, "saving to");
        v->id = sqlite3_last_insert_rowid(v->store->db);
        return 0;
}

static int read_open(struct saving *v, struct err *err)
{
        _cleanup_statement_ sqlite3_stmt *s = NULL;
        int r = sqlite_prepare(
                v->store, "SELECT rowid, record FROM history WHERE series = ? AND last IS NULL", &s, err);
        int step;

        if (r < 0)
                return r;
        (void)sqlite3_bind_int64(s, 1, v->series);
        while ((step = sqlite3_step(s)) == SQLITE_ROW) {
                const char *text = sqlite_text(s, 1, v->pool);

                map_put(&v->open, (uintptr_t)text, v->rows.n);
                *vec_push(&v->rows) = sqlite3_column_int64(s, 0);
                *vec_push(&v->kept) = false;
        }
        return step == SQLITE_DONE ? 0 : sqlite_failed(v->store, err, "reading");
}

/* What does not change from look to look stands in the series and the snapshot, not in each item. */
static void make_record(struct saving *v, const struct item *item)
{
        struct json j = json_to(&v->text);

        str_reset(&v->text);
        json_open_object(&j, NULL);
        json_str(&j, "type", record_type_word(item));
        if (item->asset != v->s->asset || item->kind == ITEM_ENDPOINT)
                json_str(&j, "asset", item->asset);
        record_write_item(&j, item);
        json_end(&j);
}

static int add_items(struct saving *v, struct err *err)
{
        _cleanup_statement_ sqlite3_stmt *s = NULL;
        int r = sqlite_prepare(v->store, "INSERT INTO history (series, first, record) VALUES (?, ?, ?)", &s,
                               err);

        if (r < 0)
                return r;
        vec_foreach(item, &v->s->items) {
                const char *text;
                uint64_t at;

                make_record(v, item);
                text = pool_intern_n(v->pool, v->text.text, v->text.len);
                if (map_get(&v->open, (uintptr_t)text, &at)) {
                        if (at != UINT64_MAX)
                                v->kept.at[at] = true;
                        continue; /* it still is, or stands in this snapshot twice */
                }
                map_put(&v->open, (uintptr_t)text, UINT64_MAX);
                (void)sqlite3_bind_int64(s, 1, v->series);
                (void)sqlite3_bind_int64(s, 2, v->id);
                sqlite_bind(s, 3, text);
                if (sqlite3_step(s) != SQLITE_DONE)
                        return sqlite_failed(v->store, err, "saving to");
                (void)sqlite3_reset(s);
        }
        return 0;
}

static int end_items(struct saving *v, struct err *err)
{
        _cleanup_statement_ sqlite3_stmt *s = NULL;
        int r = sqlite_prepare(v->store, "UPDATE history SET last = ? WHERE rowid = ?", &s, err);

        for (size_t i = 0; i < v->rows.n && r == 0; i++) {
                if (v->kept.at[i])
                        continue;
                (void)sqlite3_bind_int64(s, 1, v->id - 1);
                (void)sqlite3_bind_int64(s, 2, v->rows.at[i]);
                if (sqlite3_step(s) != SQLITE_DONE)
                        return sqlite_failed(v->store, err, "saving to");
                (void)sqlite3_reset(s);
        }
        return r;
}

static int remove_row(struct store *store, const char *name, struct err *err);

static int save_all(struct saving *v, const char *name, const char *series, bool replace, struct err *err)
{
        int r = replace && name ? remove_row(v->store, name, err) : 0;

        if (r == -ENOENT) { /* there was nothing to replace */
                *err = (struct err){0};
                r = 0;
        }
        if (r == 0)
                r = find_series(v, series, err);
        if (r == 0)
                r = find_look(v, err);
        if (r == 0)
                r = add_snapshot(v, name, err);
        if (r == 0)
                r = read_open(v, err);
        if (r == 0)
                r = add_items(v, err);
        return r == 0 ? end_items(v, err) : r;
}

static int sqlite_save(struct store *store, const struct snapshot *s, const char *name, const char *series,
                       bool replace, struct err *err)
{
        _cleanup_(saving_release) struct saving v = {.store = store, .s = s, .pool = pool_new()};
        int r = sqlite_begin(store, err);

        return r < 0 ? r : sqlite_end(store, save_all(&v, name, series, replace, err), "saving to", err);
}

/* --- finding -------------------------------------------------------------------------------------- */

static int64_t parse_time(const char *text)
{
        struct tm tm = {0};
        const char *end = strptime(text, "%Y-%m-%dT%H:%M:%SZ", &tm);

        return end && !*end ? timegm(&tm) : -1;
}

/* By name, by time, or the last one of those that are no baseline. Its id, or negative errno. */
static int64_t find_id(const struct store *store, const char *name, struct err *err)
{
        _cleanup_statement_ sqlite3_stmt *s = NULL;
        int64_t id = sqlite_prepare(store,
                                    "SELECT id FROM snapshot WHERE name = ?1 OR (name IS NULL AND time = ?2)"
                                    " OR (?1 = 'last' AND series IN (SELECT id FROM series WHERE kind = ''))"
                                    " ORDER BY name IS ?1 DESC, id DESC LIMIT 1",
                                    &s, err);

        if (id < 0)
                return id;
        sqlite_bind(s, 1, name);
        (void)sqlite3_bind_int64(s, 2, parse_time(name));
        id = get_id(store, s, err);
        return id ? id
                  : err_set(err, -ENOENT, "there is no snapshot '%s' (see: quaymaster snapshot list)", name);
}

static void take_row(sqlite3_stmt *s, struct pool *pool, struct store_snapshot *to)
{
        char time[CLOCK_TEXT_SIZE];
        const char *asset = sqlite_text(s, 3, pool), *vantage = sqlite_text(s, 4, pool);

        *to = (struct store_snapshot){
                .id = sqlite3_column_int64(s, 0),
                .name = sqlite_text(s, 1, pool),
                .time_s = sqlite3_column_int64(s, 2),
                .asset = asset && *asset ? asset : NULL,
                .vantage = vantage && *vantage ? vantage : NULL,
                .hostname = sqlite_text(s, 5, pool),
                .complete = sqlite3_column_int(s, 6),
                .items = (uint64_t)sqlite3_column_int64(s, 7),
        };
        if (!to->name)
                to->name = pool_intern(pool, clock_format(to->time_s, time));
}

#define COLUMNS                                                                                             \
        "snapshot.id, name, time, asset, vantage, hostname, complete, items, head, series.id FROM snapshot" \
        " JOIN series ON series.id = snapshot.series JOIN look ON look.id = snapshot.look"

static int sqlite_list(struct store *store, struct pool *pool, struct store_list *ret, struct err *err)
{
        _cleanup_statement_ sqlite3_stmt *s = NULL;
        int r = sqlite_prepare(store, "SELECT " COLUMNS " ORDER BY snapshot.id", &s, err), step;

        if (r < 0)
                return r;
        while ((step = sqlite3_step(s)) == SQLITE_ROW)
                take_row(s, pool, vec_push(&ret->snapshots));
        return step == SQLITE_DONE ? 0 : sqlite_failed(store, err, "reading");
}

/* --- loading -------------------------------------------------------------------------------------- */

static int feed(struct record_reader *reader, sqlite3_stmt *s, int column, struct err *err)
{
        const char *text = (const char *)sqlite3_column_text(s, column);
        size_t len = (size_t)sqlite3_column_bytes(s, column);
        int r = record_reader_feed(reader, text ? text : "", len, err);

        return r == 0 ? record_reader_feed(reader, "\n", 1, err) : r;
}

static int load_items(struct store *store, const struct store_snapshot *row, int64_t series,
                      struct record_reader *reader, struct err *err)
{
        _cleanup_statement_ sqlite3_stmt *s = NULL;
        int r = sqlite_prepare(store,
                               "SELECT record FROM history WHERE series = ?1 AND first <= ?2 AND"
                               " (last IS NULL OR last >= ?2) ORDER BY rowid",
                               &s, err);
        int step = SQLITE_DONE;

        if (r < 0)
                return r;
        (void)sqlite3_bind_int64(s, 1, series);
        (void)sqlite3_bind_int64(s, 2, row->id);
        while (r == 0 && (step = sqlite3_step(s)) == SQLITE_ROW)
                r = feed(reader, s, 0, err);
        return r < 0 || step == SQLITE_DONE ? r : sqlite_failed(store, err, "reading");
}

static void finish(struct snapshot *to, const struct store_snapshot *row)
{
        to->asset = row->asset;
        to->vantage = row->vantage;
        to->time_s = row->time_s;
        to->source = row->name;
        vec_foreach(item, &to->items)
                if (!item->asset && item->kind != ITEM_ENDPOINT)
                        item->asset = to->asset;
}

static int load_row(struct store *store, sqlite3_stmt *s, struct snapshot *to, struct err *err)
{
        _cleanup_(record_reader_freep) struct record_reader *reader = record_reader_new(to);
        struct store_snapshot row;
        int r;

        take_row(s, to->pool, &row);
        vec_reserve(&to->items, row.items < RESERVE_MAX ? row.items : RESERVE_MAX);
        r = load_items(store, &row, sqlite3_column_int64(s, 9), reader, err);
        if (r == 0)
                r = feed(reader, s, 8, err);
        if (r == 0)
                r = record_reader_end(reader, err);
        if (r < 0)
                return err_prefix(err, "snapshot '%s'", row.name);
        finish(to, &row);
        if (to->items.n > row.items) /* fewer: one stood there twice */
                return err_set(err, -EUCLEAN,
                               "snapshot '%s' has %zu items, and should have %llu: the file is damaged",
                               row.name, to->items.n, (unsigned long long)row.items);
        return 0;
}

static int sqlite_load(struct store *store, const char *name, struct snapshot *to, struct err *err)
{
        _cleanup_statement_ sqlite3_stmt *s = NULL;
        int64_t id = find_id(store, name, err);
        int r;

        if (id < 0)
                return (int)id;
        r = sqlite_prepare(store, "SELECT " COLUMNS " WHERE snapshot.id = ?", &s, err);
        if (r < 0)
                return r;
        (void)sqlite3_bind_int64(s, 1, id);
        if (sqlite3_step(s) != SQLITE_ROW)
                return sqlite_failed(store, err, "reading");
        return load_row(store, s, to, err);
}

/* --- removing ------------------------------------------------------------------------------------- */

static int remove_row(struct store *store, const char *name, struct err *err)
{
        static const char *const steps[] = {
                "DELETE FROM snapshot WHERE id = ?1",
                /* what no snapshot shows any more */
                ("DELETE FROM history WHERE NOT EXISTS (SELECT 1 FROM snapshot WHERE snapshot.series = history.series"
                 " AND snapshot.id >= first AND (last IS NULL OR snapshot.id <= last)) AND ?1"),
                "DELETE FROM look WHERE id NOT IN (SELECT look FROM snapshot) AND ?1",
        };
        int64_t id = find_id(store, name, err);
        int r = id < 0 ? (int)id : 0;

        for (size_t i = 0; i < array_len(steps) && r == 0; i++) {
                _cleanup_statement_ sqlite3_stmt *s = NULL;

                r = sqlite_prepare(store, steps[i], &s, err);
                if (r < 0)
                        break;
                (void)sqlite3_bind_int64(s, 1, id);
                if (sqlite3_step(s) != SQLITE_DONE)
                        r = sqlite_failed(store, err, "writing");
        }
        return r;
}

static int sqlite_remove(struct store *store, const char *name, struct err *err)
{
        int r = sqlite_begin(store, err);

        return r < 0 ? r : sqlite_end(store, remove_row(store, name, err), "writing", err);
}

const struct store_engine store_sqlite = {
        .name = "sqlite",
        .open = sqlite_open,
        .close = sqlite_close,
        .save = sqlite_save,
        .list = sqlite_list,
        .load = sqlite_load,
        .remove = sqlite_remove,
        .change_open = sqlite_change_open,
        .change_list = sqlite_change_list,
        .change_happened = sqlite_change_happened,
        .change_close = sqlite_change_close,
};
