/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Windows of planned change as `watch` has them, beside a store that others lock, write to and remove. */
#include "test.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "cli/watch_planned.h"
#include "small_tree.h"

#define MS            1000000ull
#define PENDING_BYTE  0x40000000 /* sqlite.org/fileformat2.html 1.3: who opens the file locks bytes from here on */
#define LOCKED_BYTES  512

struct fixture {
        struct tree tree;
        char *path;
        struct watch_planned p;
};

static int set_up(void **state)
{
        struct fixture *f = xcalloc(1, sizeof(*f));

        f->tree = tree_new();
        f->path = xasprintf("%s/quaymaster.db", f->tree.path);
        str_add(&f->p.path, f->path);
        *state = f;
        return 0;
}

static int tear_down(void **state)
{
        struct fixture *f = *state;

        watch_planned_release(&f->p);
        free(f->path);
        tree_release(&f->tree);
        free(f);
        return 0;
}

static void plan(const struct fixture *f, const char *ticket, const char *expect)
{
        struct store_change change = {.ticket = ticket, .expect = expect, .opened_s = 1, .until_s = 1000};
        struct store_changes changes = {0};
        struct err err = {0};
        struct store *store;

        *vec_push(&changes.changes) = change;
        assert_int_equal(store_sqlite.open(&store, f->path, STORE_CREATE, &err), 0);
        assert_int_equal(store_sqlite.change_open(store, &changes, &err), 0);
        (void)store_sqlite.close(store);
        vec_clear(&changes.changes);
}

/* As another process that has the store to itself. The files stay as they are. */
static int lock(const struct fixture *f)
{
        struct flock range = {.l_type = F_WRLCK, .l_start = PENDING_BYTE, .l_len = LOCKED_BYTES};
        int fd = open(f->path, O_RDWR | O_CLOEXEC);

        assert_true(fd >= 0);
        assert_int_equal(fcntl(fd, F_OFD_SETLK, &range), 0);
        return fd;
}

static const char *ticket_of(struct fixture *f, uint16_t port)
{
        const struct item item = {.kind = ITEM_LISTENER, .port = port, .address = address_v4("\0\0\0\0")};
        const struct event e = {.kind = EVENT_OPENED, .after = &item, .time_s = 10};

        return watch_planned_ticket(&f->p, &e, "web1");
}

static void test_a_locked_store_is_read_soon(void **state)
{
        struct fixture *f = *state;
        uint64_t began;
        int fd;

        plan(f, "CHG-1", "opened 1/tcp");
        watch_planned_freshen(&f->p, 1000 * MS);
        assert_string_equal(ticket_of(f, 1), "CHG-1");
        plan(f, "CHG-2", "opened 2/tcp");
        fd = lock(f);
        began = clock_monotonic_ns();
        watch_planned_freshen(&f->p, 1000 * MS);
        assert_true(clock_monotonic_ns() - began < 1000 * MS);
        assert_string_equal(ticket_of(f, 1), "CHG-1"); /* what was known stays */
        assert_null(ticket_of(f, 2));
        (void)close(fd);
        watch_planned_freshen(&f->p, 1001 * MS);
        assert_string_equal(ticket_of(f, 2), "CHG-2");
        watch_planned_freshen(&f->p, 1001 * MS);
        fd = lock(f);
        watch_planned_freshen(&f->p, 1001 * MS); /* nothing has changed since: it is not even opened */
        assert_int_equal(f->p.failing_ns, 0);
        (void)close(fd);
        assert_null(watch_planned_trouble(&f->p, 9000 * MS));
}

static void test_a_store_that_stays_locked_holds_nothing_up(void **state)
{
        struct fixture *f = *state;
        uint64_t began;
        int fd;

        plan(f, "CHG-1", "opened 1/tcp");
        fd = lock(f);
        watch_planned_freshen(&f->p, 1000 * MS);
        watch_planned_freshen(&f->p, 2000 * MS);
        began = clock_monotonic_ns();
        for (unsigned i = 0; i < 100; i++)
                watch_planned_freshen(&f->p, 2999 * MS);
        assert_true(clock_monotonic_ns() - began < 1000 * MS);
        (void)close(fd);
        watch_planned_freshen(&f->p, 2999 * MS);
        assert_null(ticket_of(f, 1));
        watch_planned_freshen(&f->p, 3000 * MS);
        assert_string_equal(ticket_of(f, 1), "CHG-1");
}

static void test_what_lasts_is_told_once(void **state)
{
        struct fixture *f = *state;
        int fd;

        plan(f, "CHG-1", "opened 1/tcp");
        for (unsigned time = 0; time < 2; time++) { /* and once more when it comes back */
                uint64_t at = (1 + time * 100) * 1000 * MS;

                fd = lock(f);
                watch_planned_freshen(&f->p, at);
                assert_null(watch_planned_trouble(&f->p, at + 4999 * MS));
                watch_planned_freshen(&f->p, at + 5000 * MS);
                assert_non_null(strstr(watch_planned_trouble(&f->p, at + 5000 * MS), "another process"));
                assert_null(watch_planned_trouble(&f->p, at + 6000 * MS));
                (void)close(fd);
                watch_planned_freshen(&f->p, at + 7000 * MS);
                assert_string_equal(ticket_of(f, 1), "CHG-1");
                plan(f, "CHG-2", "opened 2/tcp");
        }
}

static void test_what_happened_is_noted_later(void **state)
{
        struct fixture *f = *state;
        struct store_changes changes = {0};
        _cleanup_(pool_freep) struct pool *pool = pool_new();
        struct err err = {0};
        struct store *store;
        int fd;

        plan(f, "CHG-1", "opened 1/tcp");
        watch_planned_freshen(&f->p, 0);
        assert_string_equal(ticket_of(f, 1), "CHG-1");
        fd = lock(f);
        watch_planned_note(&f->p, 0);
        (void)close(fd);
        watch_planned_note(&f->p, 999 * MS);
        assert_int_equal(f->p.windows.list.at[0].happened_s, 10);
        watch_planned_note(&f->p, 1000 * MS);
        assert_int_equal(f->p.windows.list.at[0].happened_s, 0);
        assert_int_equal(store_sqlite.open(&store, f->path, STORE_OPEN, &err), 0);
        assert_int_equal(store_sqlite.change_list(store, pool, &changes, &err), 0);
        assert_int_equal(changes.changes.at[0].happened_s, 10);
        (void)store_sqlite.close(store);
        vec_clear(&changes.changes);
}

static void test_a_store_that_is_gone(void **state)
{
        struct fixture *f = *state;

        plan(f, "CHG-1", "opened 1/tcp");
        watch_planned_freshen(&f->p, 0);
        assert_string_equal(ticket_of(f, 1), "CHG-1");
        assert_int_equal(unlink(f->path), 0);
        watch_planned_freshen(&f->p, 0);
        assert_null(ticket_of(f, 1));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_a_locked_store_is_read_soon, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_a_store_that_stays_locked_holds_nothing_up, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_what_lasts_is_told_once, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_what_happened_is_noted_later, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_a_store_that_is_gone, set_up, tear_down),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
