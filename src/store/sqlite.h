/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the SQLite engine share. */
#pragma once

#include <sqlite3.h>

#include "store/store.h"

struct store {
        sqlite3 *db;
        char *path;
        bool full;   /* there was no room to open it but for reading what it has */
        char *aside; /* the name under which a damaged file is kept once it is closed; "": it is not damaged */
};

#define SQLITE_ASIDE_SIZE 4096u /* bytes of `aside` */

int sqlite_open(struct store **ret, const char *path, enum store_open how, struct err *err);
struct store *sqlite_close(struct store *store);

/*
 * A negative errno and words for what SQLite said last; `doing` begins the sentence: "saving". A damaged file goes
 * aside when the store is closed.
 */
int sqlite_failed(const struct store *store, struct err *err, const char *doing);

static inline void sqlite_statement_release(sqlite3_stmt **statement)
{
        (void)sqlite3_finalize(*statement);
        *statement = NULL;
}
#define _cleanup_statement_ _cleanup_(sqlite_statement_release)

int sqlite_prepare(const struct store *store, const char *sql, sqlite3_stmt **ret, struct err *err);
int sqlite_run(const struct store *store, const char *sql, const char *doing, struct err *err);
/* NULL is NULL. The text must live until the statement is reset. */
void sqlite_bind(sqlite3_stmt *statement, int at, const char *text);
/* A text of a column, interned; NULL for NULL. */
const char *sqlite_text(sqlite3_stmt *statement, int at, struct pool *pool);

/* A transaction that writes; -EBUSY when another does for too long. */
int sqlite_begin(const struct store *store, struct err *err);
/* Ends it: commits when r is 0, else takes all back and passes r on. */
int sqlite_end(const struct store *store, int r, const char *doing, struct err *err);

int sqlite_change_open(struct store *store, const struct store_changes *changes, struct err *err);
int sqlite_change_list(struct store *store, struct pool *pool, struct store_changes *ret, struct err *err);
int sqlite_change_happened(struct store *store, int64_t id, int64_t time_s, struct err *err);
int sqlite_change_close(struct store *store, const char *ticket, int64_t time_s, struct err *err);
