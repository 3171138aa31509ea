/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enforce/rollback.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>

#include "enforce/arm.h"

#define TICK_MS 200

/* The undo is over: nothing is pending any more, and nothing waits for the next boot. */
static int settle_undone(struct desk *desk, struct apply *apply, struct err *err)
{
        int r = journal_add(apply->journal_fd, JOURNAL_UNDONE, JOURNAL_NO_STEP, NULL, err);

        /* without this line its firewall would be loaded again at the next boot */
        if (r == -ENOSPC) {
                folder_drop_ballast(&desk->folder);
                r = journal_add(apply->journal_fd, JOURNAL_UNDONE, JOURNAL_NO_STEP, NULL, err);
        }
        if (r == 0)
                r = disarm(desk->root_fd, err);
        return r < 0 ? r : folder_clear_pending(&desk->folder, err);
}

/*
 * A connection of its own: the one that was opened long ago ends when systemd executes itself anew (an update does
 * that). Files and tables are taken back without it; then it is all tried again.
 */
static int reconnect(struct desk *desk, struct err *err)
{
        int r;

        bus_close(&desk->bus);
        for (unsigned waited_ms = 0; (r = bus_open(&desk->bus, err)) < 0 && waited_ms < LOCK_MS;
             waited_ms += TICK_MS)
                (void)poll(NULL, 0, TICK_MS);
        return r;
}

int undo_apply(struct desk *desk, struct apply *apply, const char *why, bool at_boot, size_t *left,
               struct err *err)
{
        const struct pending p = pending_of(apply->id, PENDING_UNDOING, 0);
        struct err lost = {0};
        int connected = reconnect(desk, &lost), r;
        struct run run = run_of(desk, apply);

        run.at_boot = at_boot;
        (void)folder_set_pending(&desk->folder, &p, NULL); /* a full disk: what is there says undo, too */
        (void)journal_add(apply->journal_fd, JOURNAL_UNDO, JOURNAL_NO_STEP, why, NULL);
        r = run_undo(&run, err);
        *left = run.n_left;
        if (r == 0 && connected < 0)
                r = err_set(err, connected, "%s", lost.text);
        return r < 0 ? r : settle_undone(desk, apply, err);
}

/* A confirmation that was killed between its two halves holds. */
static bool is_confirmed(const struct apply *apply, const struct pending *pending)
{
        return pending->state == PENDING_WAITING &&
               journal_last(&apply->journal, JOURNAL_CONFIRMED, JOURNAL_NO_STEP);
}

/* Nothing is kept of it (somebody removed it), so nothing can be undone, and nothing has to wait for it. */
static int forget_pending(struct desk *desk, struct err *err)
{
        int r = disarm(desk->root_fd, err);

        return r < 0 ? r : folder_clear_pending(&desk->folder, err);
}

/* Where no systemd runs, or its unit failed, what another boot left is found by the next request. */
static const char *why_rolled_back(const struct pending *pending, bool at_boot)
{
        static const char *const why[PENDING_STATE_MAX] = {
                [PENDING_RUNNING] = "the apply was interrupted",
                [PENDING_WAITING] = "it was not confirmed in time",
                [PENDING_UNDOING] = "the undo was interrupted",
        };
        char boot[BOOT_ID_SIZE];

        if (pending->state != PENDING_UNDOING && (at_boot || !streq(pending->boot_id, boot_id(boot))))
                return "this machine was started anew before it was confirmed";
        return why[pending->state];
}

int roll_back(struct desk *desk, const struct pending *pending, bool at_boot, size_t *left, struct err *err)
{
        _cleanup_apply_ struct apply apply = {.journal_fd = -1};
        int r = apply_open(&desk->folder, pending->id, &apply, err);

        if (r == -ENOENT || (r == 0 && is_confirmed(&apply, pending)))
                return forget_pending(desk, err);
        if (r < 0)
                return r;
        return undo_apply(desk, &apply, why_rolled_back(pending, at_boot), at_boot, left, err);
}

/* The newest that was begun, and neither confirmed nor undone. "" when there is none. */
static int find_unconfirmed(const struct folder *folder, char id[APPLY_ID_SIZE], struct err *err)
{
        _cleanup_(pool_freep) struct pool *pool = pool_new();
        name_list ids = {0};
        int r = folder_applies(folder, pool, &ids, err);

        id[0] = '\0';
        for (size_t i = ids.n; i-- > 0 && !id[0] && r == 0;) {
                _cleanup_apply_ struct apply apply = {.journal_fd = -1};

                if (apply_open(folder, ids.at[i], &apply, NULL) == 0 && apply_in_force(&apply) &&
                    !journal_last(&apply.journal, JOURNAL_CONFIRMED, JOURNAL_NO_STEP))
                        (void)snprintf(id, APPLY_ID_SIZE, "%s", ids.at[i]);
        }
        vec_clear(&ids);
        return r;
}

int read_pending(const struct desk *desk, struct pending *ret, struct err *err)
{
        int r = folder_pending(&desk->folder, ret, err);
        char id[APPLY_ID_SIZE];

        if (r != -EBADMSG)
                return r;
        r = find_unconfirmed(&desk->folder, id, err);
        if (r == 0 && id[0])
                *ret = pending_of(id, PENDING_RUNNING, 0);
        else if (r == 0)
                *ret = (struct pending){0};
        return r == 0 && !id[0] ? folder_clear_pending(&desk->folder, err) : r;
}

int finish_interrupted(struct desk *desk, struct pending *ret, size_t *left, struct err *err)
{
        char boot[BOOT_ID_SIZE];
        int r = read_pending(desk, ret, err);

        if (r < 0 || ret->state == PENDING_NONE)
                return r;
        if (pending_advise(ret, boot_clock_ns(), boot_id(boot)) == PENDING_WAIT) {
                *ret = (struct pending){0};
                return 0;
        }
        r = roll_back(desk, ret, false, left, err);
        return r < 0 ? err_prefix(err, "undoing what was left of apply %s", ret->id) : 0;
}
