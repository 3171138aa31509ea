/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Snapshots kept and read again: what a year costs, a newer file, a damaged one, a locked one, a process that is killed. */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "drift/drift.h"
#include "store/store.h"

#define YEAR (365 * 24)

static char folder[] = "/tmp/qm-store-XXXXXX", path[64];

static int setup(void **state)
{
        if (!mkdtemp(folder))
                return -1;
        (void)snprintf(path, sizeof(path), "%s/quaymaster.db", folder);
        return 0;
}

static int teardown(void **state)
{
        char *argv[] = {(char *)(uintptr_t) "rm", (char *)(uintptr_t) "-r", folder, NULL};
        pid_t pid = fork();

        if (pid == 0) {
                (void)execv("/bin/rm", argv);
                _exit(1);
        }
        return waitpid(pid, NULL, 0) == pid ? 0 : -1;
}

static struct store *open_store(void)
{
        struct err err = {0};
        struct store *store;

        assert_int_equal(store_sqlite.open(&store, path, STORE_CREATE, &err), 0);
        return store;
}

static int forget(void **state)
{
        static const char *const ends[] = {"", "-wal", "-shm"};

        for (size_t i = 0; i < array_len(ends); i++) {
                char name[80];

                (void)snprintf(name, sizeof(name), "%s%s", path, ends[i]);
                (void)unlink(name);
        }
        return 0;
}

static void make(struct snapshot *s, struct pool *pool, unsigned first, unsigned n, int64_t time_s)
{
        snapshot_init(s, pool);
        s->asset = pool_intern(pool, "machine:1");
        s->vantage = pool_intern(pool, "inside");
        s->time_s = time_s;
        for (unsigned i = 0; i < n; i++)
                *vec_push(&s->items) = (struct item){
                        .kind = ITEM_LISTENER,
                        .port = (uint16_t)(first + i),
                        .address = address_v4("\0\0\0\0"),
                        .asset = s->asset,
                        .netns = pool_intern(pool, "host"),
                        .exe = pool_printf(pool, "/usr/sbin/daemon-%u", first + i),
                };
}

static int save(struct store *store, unsigned first, unsigned n, int64_t time_s, const char *name)
{
        _cleanup_(pool_freep) struct pool *pool = pool_new();
        _cleanup_snapshot_ struct snapshot s;
        struct err err = {0};

        make(&s, pool, first, n, time_s);
        return store_sqlite.save(store, &s, name, "", false, &err);
}

/* How many events there are between what is kept and what was saved. */
static size_t compare(struct store *store, const char *name, unsigned first, unsigned n)
{
        _cleanup_(pool_freep) struct pool *pool = pool_new();
        _cleanup_snapshot_ struct snapshot s, kept;
        struct err err = {0};
        struct drift d;
        size_t events;

        make(&s, pool, first, n, 1);
        snapshot_init(&kept, pool);
        assert_int_equal(store_sqlite.load(store, name, &kept, &err), 0);
        assert_int_equal(kept.items.n, n);
        drift_compare(&kept, &s, &d);
        events = d.events.n;
        drift_release(&d);
        return events;
}

static void test_kept_as_it_was(void **state)
{
        struct store *store = open_store();
        struct err err = {0};

        assert_int_equal(save(store, 1, 10, 1000, "a"), 0);
        assert_int_equal(save(store, 5, 10, 2000, NULL), 0);
        assert_int_equal(save(store, 1, 10, 3000, "c"), 0);
        assert_int_equal(save(store, 1, 10, 3000, "c"), -EEXIST);
        assert_int_equal(compare(store, "a", 1, 10), 0);
        assert_int_equal(compare(store, "1970-01-01T00:33:20Z", 5, 10), 0);
        assert_int_equal(compare(store, "last", 1, 10), 0);
        assert_int_equal(save(store, 7, 10, 4000, NULL), 0); /* the newest, whether it has a name or not */
        assert_int_equal(compare(store, "last", 7, 10), 0);
        assert_int_equal(store_sqlite.remove(store, "a", &err), 0);
        assert_int_equal(store_sqlite.remove(store, "a", &err), -ENOENT);
        assert_int_equal(compare(store, "c", 1, 10), 0);
        assert_int_equal(compare(store, "1970-01-01T00:33:20Z", 5, 10), 0);
        (void)store_sqlite.close(store);
}

static void test_a_year_costs_kilobytes(void **state)
{
        struct store *store = open_store();
        struct stat st;

        for (int i = 0; i < YEAR; i++) {
                if (i == 1) { /* not what is tested, and 9000 syncs of the disk are slow */
                        sqlite3 *db = *(sqlite3 **)store;

                        assert_int_equal(sqlite3_exec(db, "PRAGMA synchronous = OFF", NULL, NULL, NULL),
                                         SQLITE_OK);
                }
                assert_int_equal(save(store, 1, 20, 1000000 + i * 3600, NULL), 0);
        }
        assert_int_equal(compare(store, "last", 1, 20), 0);
        (void)store_sqlite.close(store);
        assert_int_equal(stat(path, &st), 0);
        assert_true(st.st_size < 400 * 1024);
}

static void run_sql(const char *sql)
{
        sqlite3 *db;

        assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
        assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
        (void)sqlite3_close(db);
}

static void test_newer_is_refused(void **state)
{
        struct store *store = open_store();
        struct err err = {0};

        assert_int_equal(save(store, 1, 3, 1, "a"), 0);
        (void)store_sqlite.close(store);
        run_sql("PRAGMA user_version = 99");
        assert_int_equal(store_sqlite.open(&store, path, STORE_CREATE, &err), -ENOTSUP);
        run_sql("PRAGMA user_version = 1");
        store = open_store();
        assert_int_equal(compare(store, "a", 1, 3), 0);
        (void)store_sqlite.close(store);
}

/* The file of the first version is read by this one, and goes on; twice, since a migration is done once. */
static void test_first_version(void **state)
{
        _cleanup_(pool_freep) struct pool *pool = pool_new();
        _cleanup_str_ struct str sql = {0};
        struct store_changes changes = {0};
        struct err err = {0};

        assert_int_equal(fd_read_file(AT_FDCWD, SOURCE_DIR "/tests/data/store-1.sql", 1u << 20, &sql), 0);
        run_sql(str_text(&sql));
        assert_int_equal(chmod(path, 0600), 0);
        for (unsigned turn = 0; turn < 2; turn++) {
                struct store *store = open_store();

                assert_int_equal(compare(store, "first", 1, 3), 0);
                assert_int_equal(compare(store, "2026-01-02T00:00:00Z", 2, 3), 0);
                assert_int_equal(store_sqlite.change_list(store, pool, &changes, &err), 0);
                assert_int_equal(changes.changes.n, turn + 1);
                assert_string_equal(changes.changes.at[0].expect, "opened 4/tcp");
                assert_int_equal(save(store, 2 + turn, 3, 1800000000 + turn, turn ? "b" : "a"), 0);
                assert_int_equal(compare(store, "last", 2 + turn, 3), 0);
                (void)store_sqlite.close(store);
        }
        vec_clear(&changes.changes);
}

static void test_damaged_is_kept_aside(void **state)
{
        static const char junk[] =
                "this is no database, and it is longer than the head of one would be: sixteen bytes";
        struct store *store;
        struct err err = {0};
        struct stat st;
        char *aside;
        int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

        assert_int_equal(write(fd, junk, sizeof(junk)), sizeof(junk));
        (void)close(fd);
        assert_int_equal(store_sqlite.open(&store, path, STORE_CREATE, &err), -EUCLEAN);
        aside = strstr(err.text, "kept as '");
        assert_non_null(aside);
        aside += strlen("kept as '");
        *strchr(aside, '\'') = '\0';
        assert_int_equal(stat(aside, &st), 0);
        assert_int_equal(st.st_size, sizeof(junk));
        assert_int_not_equal(stat(path, &st), 0);
}

/* What was said to be kept is there, whenever the process was killed. */
static void test_killed(void **state)
{
        for (unsigned turn = 0; turn < 15; turn++) {
                struct store *store;
                int told[2], n = 0;
                pid_t pid;
                char byte;

                assert_int_equal(forget(NULL), 0);
                assert_int_equal(pipe2(told, O_CLOEXEC), 0);
                pid = fork();
                if (pid == 0) {
                        store = open_store();
                        for (unsigned i = 0;; i++)
                                if (save(store, i, 40, i + 1, NULL) < 0 || write(told[1], "x", 1) != 1)
                                        _exit(1);
                }
                (void)close(told[1]);
                (void)usleep(20000 + turn * 3700);
                (void)kill(pid, SIGKILL);
                (void)waitpid(pid, NULL, 0);
                while (read(told[0], &byte, 1) == 1)
                        n++;
                (void)close(told[0]);
                store = open_store();
                if (n) {
                        _cleanup_(pool_freep) struct pool *pool = pool_new();
                        struct store_list list = {0};
                        struct err err;

                        assert_int_equal(store_sqlite.list(store, pool, &list, &err), 0);
                        assert_true(list.snapshots.n >= (size_t)n);
                        for (size_t i = 0; i < list.snapshots.n; i += 7)
                                assert_int_equal(compare(store, list.snapshots.at[i].name, (unsigned)i, 40),
                                                 0);
                        vec_clear(&list.snapshots);
                }
                (void)store_sqlite.close(store);
        }
}

static void test_changes(void **state)
{
        _cleanup_(pool_freep) struct pool *pool = pool_new();
        struct store_change change = {
                .ticket = "CHG-1", .expect = "opened 80/tcp", .opened_s = 5, .until_s = 9};
        struct store_changes changes = {0};
        struct store *store = open_store();
        struct err err;

        *vec_push(&changes.changes) = change;
        change.expect = "bad";
        *vec_push(&changes.changes) = change;
        assert_int_equal(sqlite3_exec(*(sqlite3 **)store,
                                      "CREATE TRIGGER no BEFORE INSERT ON change WHEN new.expect = 'bad'"
                                      " BEGIN SELECT RAISE(ABORT, 'no'); END",
                                      NULL, NULL, NULL),
                         SQLITE_OK);
        assert_true(store_sqlite.change_open(store, &changes, &err) < 0); /* not the first alone */
        changes.changes.n = 1;
        assert_int_equal(store_sqlite.change_open(store, &changes, &err), 0);
        vec_clear(&changes.changes);
        assert_int_equal(store_sqlite.change_happened(store, 1, 7, &err), 0);
        assert_int_equal(store_sqlite.change_close(store, "CHG-1", 8, &err), 0);
        assert_int_equal(store_sqlite.change_close(store, "CHG-1", 8, &err), -ENOENT);
        assert_int_equal(store_sqlite.change_list(store, pool, &changes, &err), 0);
        assert_int_equal(changes.changes.n, 1);
        assert_int_equal(changes.changes.at[0].happened_s, 7);
        assert_int_equal(changes.changes.at[0].closed_s, 8);
        vec_clear(&changes.changes);
        (void)store_sqlite.close(store);
}

/* The numbers in the file are not believed: a load fails, or gives what is there. */
static void test_wrong_numbers(void **state)
{
        static const char *const wrong[] = {"9223372036854775807", "-1", "3"};
        struct store *store = open_store();

        assert_int_equal(save(store, 1, 10, 1000, "a"), 0);
        for (size_t i = 0; i < array_len(wrong); i++) {
                _cleanup_(pool_freep) struct pool *pool = pool_new();
                _cleanup_snapshot_ struct snapshot kept;
                struct err err = {0};
                char sql[80];

                snapshot_init(&kept, pool);
                (void)snprintf(sql, sizeof(sql), "UPDATE snapshot SET items = %s", wrong[i]);
                assert_int_equal(sqlite3_exec(*(sqlite3 **)store, sql, NULL, NULL, NULL), SQLITE_OK);
                assert_int_equal(store_sqlite.load(store, "a", &kept, &err), i < 2 ? 0 : -EUCLEAN);
                assert_int_equal(kept.items.n, 10);
        }
        (void)store_sqlite.close(store);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_teardown(test_kept_as_it_was, forget),
                cmocka_unit_test_teardown(test_a_year_costs_kilobytes, forget),
                cmocka_unit_test_teardown(test_newer_is_refused, forget),
                cmocka_unit_test_teardown(test_first_version, forget),
                cmocka_unit_test_teardown(test_damaged_is_kept_aside, forget),
                cmocka_unit_test_teardown(test_killed, forget),
                cmocka_unit_test_teardown(test_changes, forget),
                cmocka_unit_test_teardown(test_wrong_numbers, forget),
        };

        return cmocka_run_group_tests(tests, setup, teardown);
}
