/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enforce/watch.h"

#include <errno.h>
#include <poll.h>

#include "base/clock.h"
#include "base/fd.h"
#include "enforce/arm.h"
#include "enforce/request.h"
#include "enforce/rollback.h"
#include "enforce/tell.h"

#define TICK_MS  200
#define RETRY_MS 10000 /* after a file could not be written */

/* Past the deadline nobody may hold the lock for ever: one that does not get on is ended, and the next look undoes. */
static void end_stuck(const struct desk *desk, const struct pending *pending, struct holder_watch *seen)
{
        const struct holder holder = folder_holder(&desk->folder);

        if (holder.pid && boot_clock_ns() >= pending->deadline_ns &&
            holder_is_stuck(seen, &holder, holder_is_stopped(&holder),
                            folder_progress(&desk->folder, pending->id), clock_monotonic_ns()))
                (void)holder_kill(&holder, NULL);
}

/* Look once: false when there is nothing left to watch. */
static bool watch_once(struct desk *desk, const char *id, struct holder_watch *seen, int *wait_ms)
{
        struct pending pending;
        struct err err = {0};
        char boot[BOOT_ID_SIZE];
        size_t left = 0;
        int r = read_pending(desk, &pending, &err);

        *wait_ms = r < 0 ? RETRY_MS : TICK_MS;
        if (r < 0)
                return true;
        if (pending.state == PENDING_NONE || !streq(pending.id, id)) {
                /* whoever confirmed may have been killed before the unit for the boot was gone */
                if (pending.state == PENDING_NONE && folder_lock(&desk->folder, 0, NULL) == 0 &&
                    folder_pending(&desk->folder, &pending, NULL) == 0 && pending.state == PENDING_NONE)
                        (void)disarm(desk->root_fd, NULL);
                return false;
        }
        if (pending_advise(&pending, boot_clock_ns(), boot_id(boot)) == PENDING_WAIT)
                return true;
        if (folder_lock(&desk->folder, 0, NULL) < 0) {
                end_stuck(desk, &pending, seen);
                return true;
        }
        /* again, now that nobody else writes it */
        if (read_pending(desk, &pending, &err) == 0 && streq(pending.id, id) &&
            pending_advise(&pending, boot_clock_ns(), boot) == PENDING_UNDO_WITH_LOCK &&
            roll_back(desk, &pending, false, &left, &err) < 0)
                *wait_ms = RETRY_MS;
        fd_close(&desk->folder.lock_fd);
        return true;
}

void watch_pending(const char *id)
{
        _cleanup_(desk_release) struct desk desk;
        struct holder_watch seen = {0};
        int wait_ms, r;

        while ((r = desk_open(&desk, false, NULL)) < 0) {
                if (r == -ENOENT) /* all that was kept is gone: nothing can be undone */
                        return;
                desk_release(&desk);
                (void)poll(NULL, 0, RETRY_MS);
        }
        while (watch_once(&desk, id, &seen, &wait_ms))
                (void)poll(NULL, 0, wait_ms);
}

int request_rollback(const struct asked *asked)
{
        watch_pending(asked->id);
        return STATUS_DONE;
}

int request_boot(const struct asked *asked)
{
        _cleanup_(desk_release) struct desk desk;
        struct pending pending;
        struct err err = {0};
        size_t left = 0;
        int r = desk_open(&desk, false, &err);

        if (r == 0)
                r = folder_lock(&desk.folder, LOCK_MS, &err);
        if (r == 0)
                r = read_pending(&desk, &pending, &err);
        if (r == 0 && pending.state != PENDING_NONE)
                r = roll_back(&desk, &pending, true, &left, &err);
        return tell_result(r, &err, r == 0 ? pending.id : NULL, 0, left);
}
