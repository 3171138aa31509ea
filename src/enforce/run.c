/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enforce/run.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/launch.h"
#include "enforce/table.h"

#define TABLE_TRIES   5u
#define TABLE_WAIT_MS 1000

/* What systemd reads: units, and the links that its generator of System V units goes by. */
static bool is_of_systemd(const char *path)
{
        return str_after(path, "etc/systemd/") || str_after(path, "etc/rc") ||
               str_after(path, "etc/init.d/");
}

static int reload(struct run *run, struct err *err)
{
        int r = run->dirty && run->bus ? bus_reload(run->bus, err) : 0;

        run->dirty = run->dirty && r < 0;
        return r;
}

static void tell(const struct run *run, const char *event, const struct step *step, const char *words)
{
        if (run->tell)
                run->tell(event, step, words, run->arg);
}

/* --- scripts --------------------------------------------------------------------------------- */

/* Until it ends; it is killed when it takes longer than a unit may. */
static int wait_script(pid_t pid, const char *path, const char *verb, struct err *err)
{
        int r = launch_wait(pid, BUS_UNIT_MS);

        if (r == -ETIMEDOUT)
                return err_set(err, r, "'%s %s' did not end within %u s", path, verb, BUS_UNIT_MS / 1000);
        if (r < 0)
                return err_errno(err, -r, "waiting for '%s %s'", path, verb);
        return r ? err_set(err, -EIO, "'%s %s' failed", path, verb) : 0;
}

/* The name was checked (model/action.h): no '/', nothing that begins with '-' or '.'. */
static int run_script(const char *script, const char *verb, struct err *err)
{
        static const char *const environment[] = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", NULL};
        char path[PATH_MAX];
        const char *const argv[] = {path, verb, NULL};
        const struct launch how = {.program = path, .argv = argv, .environment = environment};
        pid_t pid;
        int r;

        (void)snprintf(path, sizeof(path), "/etc/init.d/%s", script);
        r = launch(&how, &pid, NULL);
        return r < 0 ? err_errno(err, -r, "starting '%s'", path) : wait_script(pid, path, verb, err);
}

/* --- doing ----------------------------------------------------------------------------------- */

static int do_node(struct run *run, const struct step *step, struct str *note, struct err *err)
{
        run->dirty = run->dirty || is_of_systemd(step->path);
        return node_put(run->root_fd, step->path, &step->after, err);
}

static int do_stop(struct run *run, const struct step *step, struct str *note, struct err *err)
{
        int r = reload(run, err);

        for (const char *const *name = step->names; *name && r == 0; name++)
                r = bus_stop(run->bus, *name, err);
        return r;
}

static int do_restart(struct run *run, const struct step *step, struct str *note, struct err *err)
{
        int r = reload(run, err);

        for (const char *const *name = step->names; *name && r == 0; name++)
                r = bus_restart(run->bus, *name, true, err);
        return r;
}

static int do_nothing(struct run *run, const struct step *step, struct str *note, struct err *err)
{
        return 0;
}

static int do_script(struct run *run, const struct step *step, struct str *note, struct err *err)
{
        return run_script(step->names[0], "stop", err);
}

static int do_table(struct run *run, const struct step *step, struct str *note, struct err *err)
{
        char hash[TABLE_HASH_SIZE];
        bool there;
        int r = table_load(step->names[0], step->lines, err);

        if (r == 0)
                r = table_has(step->names[0], &there, hash, err);
        if (r == 0)
                str_add(note, hash);
        return r;
}

static int do_step(struct run *run, uint32_t i, struct err *err)
{
        static int (*const ops[STEP_OP_MAX])(struct run *, const struct step *, struct str *,
                                             struct err *) = {
                [STEP_NODE] = do_node,          [STEP_STOP] = do_stop,
                [STEP_RESTART] = do_restart,    [STEP_RESTART_BACK] = do_nothing,
                [STEP_SCRIPT_STOP] = do_script, [STEP_TABLE] = do_table,
        };
        const struct step *step = &run->apply->steps.at[i];
        _cleanup_str_ struct str note = {0};
        int r = journal_add(run->apply->journal_fd, JOURNAL_BEGIN, i, NULL, err);

        if (r == 0)
                r = ops[step->op](run, step, &note, err);
        return r < 0 ? r
                     : journal_add(run->apply->journal_fd, JOURNAL_DONE, i, note.len ? note.text : NULL,
                                   err);
}

int run_steps(struct run *run, struct err *err)
{
        int r = 0;

        for (uint32_t i = 0; i < run->apply->steps.n && r == 0; i++) {
                const struct step *step = &run->apply->steps.at[i];

                r = do_step(run, i, err);
                if (r < 0) {
                        (void)journal_add(run->apply->journal_fd, JOURNAL_FAILED, i, err->text, NULL);
                        tell(run, "failed", step, err->text);
                } else {
                        tell(run, "done", step, NULL);
                }
        }
        return r < 0 ? r : reload(run, err);
}

/* --- what is there now ----------------------------------------------------------------------- */

enum found { FOUND_BEFORE, FOUND_AFTER, FOUND_OTHER };

/*
 * What steps up to i found at the path: of a file that is changed twice, an undo may have been beyond this step
 * already.
 */
static bool was_before(const struct run *run, uint32_t i, const struct node *now)
{
        const struct step *step = &run->apply->steps.at[i];

        for (uint32_t k = 0; k <= i; k++) {
                const struct step *earlier = &run->apply->steps.at[k];

                if (earlier->op == STEP_NODE && streq(earlier->path, step->path) &&
                    node_same(now, &earlier->before))
                        return true;
        }
        return false;
}

static int find_node(const struct run *run, uint32_t i, struct pool *pool, enum found *ret, struct err *err)
{
        const struct step *step = &run->apply->steps.at[i];
        struct node now;
        int r = node_read(run->root_fd, step->path, pool, &now, err);

        if (r < 0)
                return r;
        *ret = was_before(run, i, &now)        ? FOUND_BEFORE
               : node_same(&now, &step->after) ? FOUND_AFTER
                                               : FOUND_OTHER;
        return 0;
}

static int find_table(const struct run *run, const struct step *step, uint32_t i, enum found *ret,
                      struct err *err)
{
        const struct journal_line *done = journal_last(&run->apply->journal, JOURNAL_DONE, i);
        char hash[TABLE_HASH_SIZE];
        bool there;
        int r = table_has(step->names[0], &there, hash, err);

        if (r < 0)
                return r;
        /* where it was begun and no more, what makes connections known may be there, and the table may yet come */
        if (!there)
                *ret = step->had_table || !done ? FOUND_AFTER : FOUND_BEFORE;
        else
                *ret = !done || streq_ptr(done->note, hash) ? FOUND_AFTER : FOUND_OTHER;
        return 0;
}

/* FOUND_AFTER for what is no state of its own. */
static int find(const struct run *run, uint32_t i, enum found *ret, struct err *err)
{
        const struct step *step = &run->apply->steps.at[i];

        *ret = FOUND_AFTER;
        if (step->op == STEP_NODE) {
                _cleanup_(pool_freep) struct pool *pool = pool_new();

                return find_node(run, i, pool, ret, err);
        }
        return step->op == STEP_TABLE ? find_table(run, step, i, ret, err) : 0;
}

static bool was_begun(const struct run *run, uint32_t i)
{
        return journal_last(&run->apply->journal, JOURNAL_BEGIN, i) != NULL;
}

/* Whether a later step of the same apply changed the same file: then that one is to be looked at. */
static bool is_covered(const struct run *run, uint32_t i)
{
        const struct step *step = &run->apply->steps.at[i];

        for (uint32_t k = i + 1; step->op == STEP_NODE && k < run->apply->steps.n; k++) {
                const struct step *later = &run->apply->steps.at[k];

                if (later->op == STEP_NODE && streq(later->path, step->path) && was_begun(run, k))
                        return true;
        }
        return false;
}

static void describe(const struct step *step, struct str *to)
{
        if (step->op == STEP_NODE)
                str_addf(to, "/%s", step->path);
        else
                str_addf(to, "the firewall table '%s'", step->names[0]);
}

int run_check(struct run *run, struct err *err)
{
        for (uint32_t i = 0; i < run->apply->steps.n; i++) {
                _cleanup_str_ struct str what = {0};
                enum found found = FOUND_AFTER;
                int r = was_begun(run, i) && !is_covered(run, i) ? find(run, i, &found, err) : 0;

                if (r < 0)
                        return r;
                if (found != FOUND_OTHER)
                        continue;
                describe(&run->apply->steps.at[i], &what);
                return err_set(
                        err, -EEXIST,
                        "somebody changed %s since; nothing was undone. Undo that change first, or what was "
                        "applied by hand: its steps are in " HARDEN_FOLDER "/%s/steps",
                        what.text, run->apply->id);
        }
        return 0;
}

/* --- undoing --------------------------------------------------------------------------------- */

static int undo_node(struct run *run, const struct step *step, struct err *err)
{
        int r;

        run->dirty = run->dirty || is_of_systemd(step->path);
        r = node_put(run->root_fd, step->path, &step->before, err);
        if (r == -ENOSPC) {
                folder_drop_ballast(run->folder);
                r = node_put(run->root_fd, step->path, &step->before, err);
        }
        return r;
}

static int undo_stop(struct run *run, const struct step *step, struct err *err)
{
        int r = reload(run, err), result = 0;

        for (const char *const *name = step->ran; *name && r == 0; name++) {
                bool runs = false;
                int one = bus_runs(run->bus, *name, &runs, err);

                if (one == 0 && !runs)
                        one = bus_start(run->bus, *name, !run->at_boot, err);
                result = one < 0 ? one : result;
        }
        return r < 0 ? r : result;
}

static int undo_restart(struct run *run, const struct step *step, struct err *err)
{
        int r = reload(run, err), result = 0;

        for (const char *const *name = step->names; *name && r == 0; name++) {
                int one = bus_restart(run->bus, *name, !run->at_boot, err);

                result = one < 0 ? one : result;
        }
        return r < 0 ? r : result;
}

static int undo_script(struct run *run, const struct step *step, struct err *err)
{
        return run->at_boot ? 0 : run_script(step->ran[0], "start", err);
}

static int undo_table(struct run *run, const struct step *step, struct err *err)
{
        return step->had_table ? table_load(step->names[0], step->lines_before, err)
                               : table_delete(step->names[0], err);
}

static int undo_nothing(struct run *run, const struct step *step, struct err *err)
{
        return 0;
}

/* -EEXIST: somebody changed it since. *undone: there was something to undo. */
static int try_undo(struct run *run, uint32_t i, bool *undone, struct err *err)
{
        static int (*const ops[STEP_OP_MAX])(struct run *, const struct step *, struct err *) = {
                [STEP_NODE] = undo_node,          [STEP_STOP] = undo_stop,
                [STEP_RESTART] = undo_nothing,    [STEP_RESTART_BACK] = undo_restart,
                [STEP_SCRIPT_STOP] = undo_script, [STEP_TABLE] = undo_table,
        };
        const struct step *step = &run->apply->steps.at[i];
        enum found found;
        int r = find(run, i, &found, err);

        *undone = r == 0 && found == FOUND_AFTER;
        if (r == 0 && found == FOUND_OTHER)
                return err_set(err, -EEXIST, "somebody changed it since; it stays as it is");
        if (*undone && !run->bus && step->op != STEP_NODE && step->op != STEP_TABLE &&
            step->op != STEP_SCRIPT_STOP)
                return err_set(err, -EOPNOTSUPP, "systemd does not run");
        return *undone ? ops[step->op](run, step, err) : r;
}

/* What cannot be undone is told and passed over: the rest is worth more. For files alone all is begun again later. */
static int undo_step(struct run *run, uint32_t i, struct err *err)
{
        const struct step *step = &run->apply->steps.at[i];
        bool undone;
        int r = try_undo(run, i, &undone, err);

        /* a table that stays may be what shuts one out; a moment without memory passes; all again restarts units */
        for (unsigned tries = 1; r < 0 && r != -EEXIST && step->op == STEP_TABLE && tries < TABLE_TRIES;
             tries++) {
                (void)poll(NULL, 0, TABLE_WAIT_MS);
                r = try_undo(run, i, &undone, err);
        }
        if (step->op == STEP_NODE)
                node_clean(run->root_fd, step->path);
        if (r == 0 && undone)
                tell(run, "undone", step, NULL);
        if (r == 0)
                return 0;
        run->n_left++;
        (void)journal_add(run->apply->journal_fd, JOURNAL_LEFT, i, err->text, NULL);
        tell(run, "left", step, err->text);
        return step->op == STEP_NODE && r != -EEXIST ? r : 0;
}

int run_undo(struct run *run, struct err *err)
{
        struct err why = {0};
        int result = 0, r;

        run->dirty = true; /* whoever began may have been killed before units were read again */
        for (uint32_t i = (uint32_t)run->apply->steps.n; i-- > 0;) {
                why = (struct err){0};
                r = was_begun(run, i) ? undo_step(run, i, &why) : 0;
                if (r < 0 && result == 0)
                        result = err_set(err, r, "%s", why.text);
        }
        r = reload(run, &why);
        if (r == 0 && run->bus && !bus_is_alive(run->bus))
                (void)err_set(&why, r = -ENOTCONN, "systemd went away meanwhile");
        return result < 0 ? result : r < 0 ? err_set(err, r, "%s", why.text) : 0;
}
