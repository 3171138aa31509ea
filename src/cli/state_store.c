/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/state_store.h"

#include <errno.h>

#include "base/str.h"
#include "cli/command.h"
#include "cli/state_dir.h"

int state_store_open(struct store **ret, const struct store_engine **ret_engine, enum store_open how,
                     struct err *err)
{
        _cleanup_str_ struct str path = {0};
        int r = state_dir_make(&path, err);

        *ret = NULL;
        *ret_engine = &store_sqlite;
        if (r < 0)
                return r;
        str_add(&path, "/quaymaster.db");
        return store_sqlite.open(ret, path.text, how, err);
}

int state_store_load(const char *name, struct snapshot *to, struct err *err)
{
        const struct store_engine *engine;
        struct store *store;
        int r = state_store_open(&store, &engine, STORE_OPEN, err);

        if (r == 0)
                r = engine->load(store, name, to, err);
        (void)engine->close(store);
        return r;
}

int state_store_failed(int r)
{
        return r == -EBUSY || r == -ENOSPC || r == -EIO ? QM_EXIT_INCOMPLETE : QM_EXIT_USAGE;
}
