/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Opening: making the file, its version, what to do with one that is damaged; and what went wrong, in words. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/str.h"
#include "store/sqlite.h"

#define APPLICATION_ID 0x514d5354 /* "QMST"; sqlite.org/fileformat2.html 1.3.14 */
#define BUSY_MS        5000
#define HASTY_MS       200

/*
 * The schema, and what makes each version of the one before: the number of a version is its place, from 1.
 * What stands here was in use: it is added to, never changed.
 */
static const char *const migrations[] = {
        /* series: looks that are of one kind. look: what is said of the whole, without its time. history: an
         * item's record, and from which snapshot to which (inclusive; NULL: it still is) it was so. */
        "CREATE TABLE series (id INTEGER PRIMARY KEY, asset TEXT NOT NULL, vantage TEXT NOT NULL, kind TEXT NOT NULL,"
        " UNIQUE (asset, vantage, kind)) STRICT;"
        "CREATE TABLE look (id INTEGER PRIMARY KEY, head TEXT NOT NULL UNIQUE, hostname TEXT,"
        " complete INTEGER NOT NULL) STRICT;"
        "CREATE TABLE snapshot (id INTEGER PRIMARY KEY AUTOINCREMENT, series INTEGER NOT NULL, time INTEGER NOT NULL,"
        " look INTEGER NOT NULL, items INTEGER NOT NULL, name TEXT) STRICT;"
        "CREATE UNIQUE INDEX snapshot_name ON snapshot (name) WHERE name IS NOT NULL;"
        "CREATE TABLE history (series INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER, record TEXT NOT NULL)"
        " STRICT;"
        "CREATE INDEX history_series ON history (series, first);"
        "CREATE INDEX history_open ON history (series) WHERE last IS NULL;"
        "CREATE TABLE change (id INTEGER PRIMARY KEY AUTOINCREMENT, ticket TEXT NOT NULL, expect TEXT NOT NULL,"
        " opened INTEGER NOT NULL, until INTEGER NOT NULL, closed INTEGER NOT NULL DEFAULT 0,"
        " happened INTEGER NOT NULL DEFAULT 0) STRICT;",
};

/* Named now, and done when nothing has it open any more. */
static int tell_damage(const struct store *store, struct err *err)
{
        if (store->full) /* another process may have made room meanwhile, and written while this one read */
                return err_set(err, -EUCLEAN, "'%s' cannot be read while the disk is full", store->path);
        if (!*store->aside)
                (void)snprintf(store->aside, SQLITE_ASIDE_SIZE, "%s.damaged-%lld", store->path,
                               (long long)clock_now_s());
        return err_set(err, -EUCLEAN,
                       "'%s' is damaged: it is kept as '%s', as it was (`sqlite3 FILE .recover` may save some); the "
                       "next save begins anew",
                       store->path, store->aside);
}

/* Out of the way under another name, with what belongs to it; never over a file that is there. */
static void keep_aside(const char *path, const char *aside)
{
        static const char *const parts[] = {"", "-wal", "-shm"};

        for (size_t i = 0; i < array_len(parts); i++) {
                _cleanup_free_ char *from = xasprintf("%s%s", path, parts[i]),
                                    *to = xasprintf("%s%s", aside, parts[i]);

                (void)renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE);
        }
}

int sqlite_failed(const struct store *store, struct err *err, const char *doing)
{
        static const struct {
                int code, result;
                const char *words;
        } words[] = {
                {SQLITE_BUSY, -EBUSY, "another process is writing to it; try again"},
                {SQLITE_LOCKED, -EBUSY, "another process is writing to it; try again"},
                {SQLITE_FULL, -ENOSPC,
                 "the disk is full; nothing was changed, and what was kept before is whole"},
                {SQLITE_READONLY, -EROFS, "it cannot be written"},
                {SQLITE_CANTOPEN, -EACCES, "it cannot be opened"},
        };
        int code = sqlite3_errcode(store->db), system = sqlite3_system_errno(store->db);

        if ((code & 0xff) == SQLITE_CORRUPT || (code & 0xff) == SQLITE_NOTADB)
                return tell_damage(store, err);
        if ((code & 0xff) == SQLITE_READONLY && store->full)
                return err_set(err, -ENOSPC, "%s '%s': the disk is full; nothing was changed", doing, store->path);
        for (size_t i = 0; i < array_len(words); i++)
                if ((code & 0xff) == words[i].code)
                        return err_set(err, words[i].result, "%s '%s': %s", doing, store->path,
                                       words[i].words);
        if ((code & 0xff) == SQLITE_IOERR && (system == ENOSPC || system == EDQUOT))
                return err_set(err, -ENOSPC, "%s '%s': the disk is full; nothing was changed", doing,
                               store->path);
        return err_set(err, -EIO, "%s '%s': %s", doing, store->path, sqlite3_errmsg(store->db));
}

int sqlite_prepare(const struct store *store, const char *sql, sqlite3_stmt **ret, struct err *err)
{
        return sqlite3_prepare_v2(store->db, sql, -1, ret, NULL) == SQLITE_OK
                       ? 0
                       : sqlite_failed(store, err, "reading");
}

int sqlite_run(const struct store *store, const char *sql, const char *doing, struct err *err)
{
        return sqlite3_exec(store->db, sql, NULL, NULL, NULL) == SQLITE_OK
                       ? 0
                       : sqlite_failed(store, err, doing);
}

void sqlite_bind(sqlite3_stmt *statement, int at, const char *text)
{
        if (text)
                (void)sqlite3_bind_text(statement, at, text, -1, SQLITE_STATIC);
        else
                (void)sqlite3_bind_null(statement, at);
}

const char *sqlite_text(sqlite3_stmt *statement, int at, struct pool *pool)
{
        return pool_intern(pool, (const char *)sqlite3_column_text(statement, at));
}

int sqlite_begin(const struct store *store, struct err *err)
{
        return sqlite_run(store, "BEGIN IMMEDIATE", "writing", err);
}

int sqlite_end(const struct store *store, int r, const char *doing, struct err *err)
{
        if (r == 0)
                r = sqlite_run(store, "COMMIT", doing, err);
        if (r < 0 && !sqlite3_get_autocommit(store->db))
                (void)sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
        return r;
}

/* --- opening -------------------------------------------------------------------------------------- */

static int check_trust(const char *path, int fd, struct err *err)
{
        const char *why;
        struct stat st;

        if (fstat(fd, &st) < 0)
                return err_errno(err, errno, "'%s' cannot be read", path);
        if (!S_ISREG(st.st_mode))
                return err_set(err, -EINVAL, "'%s' is no regular file", path);
        why = fd_distrust(&st);
        return why ? err_set(err, -EPERM, "'%s' is refused: %s", path, why) : 0;
}

static int check_folder(const char *path, struct err *err)
{
        _cleanup_free_ char *folder = xstrndup(path, (size_t)(str_basename(path) - path));
        const char *why;
        struct stat st;

        if (stat(*folder ? folder : ".", &st) < 0)
                return err_errno(err, errno, "'%s' cannot be read", folder);
        why = fd_distrust(&st);
        return why ? err_set(err, -EPERM, "'%s' is refused: %s", folder, why) : 0;
}

/* Made here and not by SQLite, for its mode: the files beside it (-wal, -shm) get the same. */
static int make_file(const char *path, bool create, struct err *err)
{
        _cleanup_close_ int fd =
                open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | (create ? O_CREAT : 0), 0600);
        int r = check_folder(path, err);

        if (r < 0)
                return r;
        if (fd < 0 && errno == ENOENT)
                return err_set(err, -ENOENT, "nothing has been kept yet: '%s' is not there", path);
        if (fd < 0)
                return err_errno(err, errno, "'%s' cannot be opened", path);
        return check_trust(path, fd, err);
}

/* Its number, or negative errno. */
static int get_number(const struct store *store, const char *sql, struct err *err)
{
        _cleanup_statement_ sqlite3_stmt *statement = NULL;
        int r = sqlite_prepare(store, sql, &statement, err);

        if (r < 0)
                return r;
        if (sqlite3_step(statement) != SQLITE_ROW)
                return sqlite_failed(store, err, "opening");
        return sqlite3_column_int(statement, 0);
}

static int migrate(const struct store *store, struct err *err)
{
        _cleanup_free_ char *set = NULL;
        int r = sqlite_begin(store, err), version;

        if (r < 0)
                return r;
        version =
                get_number(store, "PRAGMA user_version", err); /* another process may have been here first */
        for (r = version < 0 ? version : 0; r == 0 && version < (int)array_len(migrations); version++)
                r = sqlite_run(store, migrations[version], "making", err);
        set = xasprintf("PRAGMA user_version = %d; PRAGMA application_id = %d", (int)array_len(migrations),
                        APPLICATION_ID);
        if (r == 0)
                r = sqlite_run(store, set, "making", err);
        return sqlite_end(store, r, "making", err);
}

static int check_version(const struct store *store, struct err *err)
{
        int version = get_number(store, "PRAGMA user_version", err), id, tables;

        if (version < 0)
                return version;
        id = get_number(store, "PRAGMA application_id", err);
        tables = id < 0 ? id : get_number(store, "SELECT count(*) FROM sqlite_schema", err);
        if (tables < 0)
                return tables;
        if (tables && id != APPLICATION_ID)
                return err_set(err, -EINVAL, "'%s' is a database of another program; it is left as it is",
                               store->path);
        if (version > (int)array_len(migrations))
                return err_set(
                        err, -ENOTSUP,
                        "'%s' was written by a newer quaymaster (its form is %d, this one knows %zu): update this "
                        "one; the file is left as it is",
                        store->path, version, array_len(migrations));
        return version < (int)array_len(migrations) ? migrate(store, err) : 0;
}

/* "file:" and the path, for a file in a folder that cannot be written: nobody else writes it either. */
static char *immutable_name(const char *path)
{
        _cleanup_str_ struct str name = {0};

        str_add(&name, "file:");
        for (; *path; path++)
                if (strchr("%?#", *path))
                        str_addf(&name, "%%%02x", (unsigned char)*path);
                else
                        str_add_char(&name, *path);
        str_add(&name, "?immutable=1");
        return xstrdup(name.text);
}

/* All of it stands in the file itself: a save that was cut left nothing beside it. */
static bool is_settled(const char *path)
{
        _cleanup_free_ char *wal = xasprintf("%s-wal", path);
        struct stat st;

        return stat(wal, &st) < 0 || !st.st_size;
}

static int open_database(struct store *store, bool read_only, int busy_ms, struct err *err)
{
        _cleanup_free_ char *name = read_only ? immutable_name(store->path) : xstrdup(store->path);
        int flags = read_only ? SQLITE_OPEN_READONLY | SQLITE_OPEN_URI : SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOFOLLOW;

        if (sqlite3_open_v2(name, &store->db, flags, NULL) != SQLITE_OK)
                return sqlite_failed(store, err, "opening");
        (void)sqlite3_extended_result_codes(store->db, 1);
        (void)sqlite3_busy_timeout(store->db, busy_ms);
        (void)sqlite3_db_config(store->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
        return sqlite_run(store, "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON", "opening", err);
}

static int open_store(struct store **ret, const char *path, bool read_only, bool full, int busy_ms, struct err *err)
{
        struct store *store = xcalloc(1, sizeof(*store));
        int r;

        store->path = xstrdup(path);
        store->aside = xcalloc(1, SQLITE_ASIDE_SIZE);
        store->full = full;
        r = open_database(store, read_only, busy_ms, err);
        if (r == 0)
                r = check_version(store, err);
        /* a commit is on the disk when it returns, whatever ends this process or the machine */
        if (r == 0 && !read_only)
                r = sqlite_run(store, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL", "opening",
                               err);
        *ret = r < 0 ? sqlite_close(store) : store;
        return r;
}

int sqlite_open(struct store **ret, const char *path, enum store_open how, struct err *err)
{
        int r = make_file(path, how == STORE_CREATE, err), busy_ms = how == STORE_HASTY ? HASTY_MS : BUSY_MS;
        bool may_only_read = how != STORE_CREATE;

        *ret = NULL;
        if (r == -EROFS && may_only_read && is_settled(path))
                return open_store(ret, path, true, false, busy_ms, err);
        if (r == 0)
                r = open_store(ret, path, false, false, busy_ms, err);
        if (r != -ENOSPC || !may_only_read || !is_settled(path))
                return r;
        /* even reading needs room, for what readers and writers tell each other; but nobody can write now */
        *err = (struct err){0};
        return open_store(ret, path, true, true, busy_ms, err);
}

struct store *sqlite_close(struct store *store)
{
        if (!store)
                return NULL;
        if (*store->aside) /* as it was found */
                (void)sqlite3_db_config(store->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
        (void)sqlite3_close(store->db);
        if (*store->aside)
                keep_aside(store->path, store->aside);
        free(store->aside);
        free(store->path);
        free(store);
        return NULL;
}
