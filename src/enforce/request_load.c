/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enforce/request.h"

#include <errno.h>

#include "enforce/desk.h"
#include "enforce/table.h"
#include "enforce/tell.h"

/* Of the newest apply that is in force and confirmed. */
static int load_tables(const struct folder *folder, struct pool *pool, struct err *err)
{
        name_list ids = {0};
        const char *loaded[2] = {"", ""};
        size_t n = 0;
        int r = folder_applies(folder, pool, &ids, err);

        for (size_t i = ids.n; i-- > 0 && r == 0;) {
                _cleanup_apply_ struct apply apply = {.journal_fd = -1};

                if (apply_open(folder, ids.at[i], &apply, NULL) < 0 ||
                    !streq(apply_state(&apply), "confirmed"))
                        continue;
                vec_foreach(step, &apply.steps) {
                        if (step->op != STEP_TABLE || n == array_len(loaded) ||
                            streq(step->names[0], loaded[0]))
                                continue;
                        loaded[n++] = pool_intern(pool, step->names[0]);
                        r = r < 0 ? r : table_load(step->names[0], step->lines, err);
                }
        }
        vec_clear(&ids);
        return r;
}

int request_load(const struct asked *asked)
{
        _cleanup_(desk_release) struct desk desk;
        _cleanup_(pool_freep) struct pool *pool = pool_new();
        struct err err = {0};
        int r = desk_open(&desk, false, &err);

        if (r == 0 && folder_lock(&desk.folder, LOCK_MS, &err) == -EBUSY)
                r = -EBUSY; /* where it cannot be taken for another reason nothing is changed, either */
        if (r == 0)
                r = load_tables(&desk.folder, pool, &err);
        return tell_result(r, &err, NULL, 0, 0);
}
