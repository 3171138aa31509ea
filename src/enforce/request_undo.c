/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enforce/request.h"

#include <errno.h>
#include <stdio.h>

#include "enforce/arm.h"
#include "enforce/rollback.h"
#include "enforce/tell.h"
#include "enforce/watch.h"

/* What is pending, even if it cannot be read: one before it is not what is meant. Else the newest that is in force. */
static int find_last(const struct folder *folder, char id[APPLY_ID_SIZE], struct err *err)
{
        _cleanup_(pool_freep) struct pool *pool = pool_new();
        struct pending pending;
        name_list ids = {0};
        bool found;
        int r = folder_pending(folder, &pending, err);

        (void)snprintf(id, APPLY_ID_SIZE, "%s", pending.id);
        found = r == 0 && pending.state != PENDING_NONE;
        if (r == 0 && !found)
                r = folder_applies(folder, pool, &ids, err);

        for (size_t i = ids.n; i-- > 0 && !found && r == 0;) {
                _cleanup_apply_ struct apply apply = {.journal_fd = -1};

                found = apply_open(folder, ids.at[i], &apply, NULL) == 0 && apply_in_force(&apply);
                if (found)
                        (void)snprintf(id, APPLY_ID_SIZE, "%s", ids.at[i]);
        }
        vec_clear(&ids);
        return r < 0 || found ? r : err_set(err, -ENOENT, "nothing that was applied is in force");
}

/* Of one that is confirmed, the rollback is armed anew: an undo that is killed is finished by it. */
static int undo_asked(struct desk *desk, struct apply *apply, size_t *left, struct err *err)
{
        const struct pending undoing = pending_of(apply->id, PENDING_UNDOING, 0);
        struct run run = run_of(desk, apply);
        _cleanup_str_ struct str why = {0};
        struct pending pending;
        int r = folder_pending(&desk->folder, &pending, err);

        if (r < 0)
                return r;
        if (pending.state != PENDING_NONE && !streq(pending.id, apply->id))
                return err_set(err, -EBUSY, "apply %s is not confirmed yet; confirm or undo it first",
                               pending.id);
        r = run_check(&run, err);
        if (r == 0 && pending.state == PENDING_NONE) {
                r = folder_set_pending(&desk->folder, &undoing, err);
                if (r == 0)
                        r = arm(apply->id, desk->program, desk->bus, desk->root_fd, watch_pending, err);
                if (r < 0)
                        (void)folder_clear_pending(&desk->folder, NULL);
        }
        by_whom("asked for", &why);
        return r < 0 ? r : undo_apply(desk, apply, why.text, false, left, err);
}

int request_undo(const struct asked *asked)
{
        _cleanup_(desk_release) struct desk desk;
        _cleanup_apply_ struct apply apply = {.journal_fd = -1};
        struct pending finished = {0};
        char id[APPLY_ID_SIZE] = "";
        struct err err = {0};
        size_t left = 0;
        int r = desk_open(&desk, false, &err);

        if (r == 0)
                r = folder_lock(&desk.folder, LOCK_MS, &err);
        if (r == 0)
                r = finish_interrupted(&desk, &finished, &left, &err);
        /* that was the one that is meant; "last" is not to reach for the one before it */
        if (finished.state != PENDING_NONE && (streq(asked->id, "last") || streq(asked->id, finished.id)))
                return tell_result(r, &err, finished.id, 0, left);
        if (r == 0 && streq(asked->id, "last"))
                r = find_last(&desk.folder, id, &err);
        if (r == 0)
                r = apply_open(&desk.folder, id[0] ? id : asked->id, &apply, &err);
        if (r == 0 && !apply_in_force(&apply))
                r = err_set(&err, -EALREADY, "apply %s is undone already", apply.id);
        if (r == 0)
                r = undo_asked(&desk, &apply, &left, &err);
        return tell_result(r, &err, apply.id[0] ? apply.id : NULL, 0, left);
}
