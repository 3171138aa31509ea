/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/snapshot_find.h"

#include <errno.h>
#include <unistd.h>

#include "base/str.h"
#include "cli/snapshot_file.h"
#include "cli/snapshot_now.h"
#include "cli/state_store.h"

static bool is_file(const char *word)
{
        return streq(word, "-") || strchr(word, '/');
}

int snapshot_find(struct snapshot *to, const char *word, const struct invocation *in, struct err *err)
{
        int r;

        if (is_file(word))
                return snapshot_from_file(to, word, err);
        if (streq(word, "now"))
                return snapshot_now(to, in, err);
        r = state_store_load(word, to, err);
        if (r == 0 || (r != -ENOENT && access(word, F_OK) < 0))
                return r;
        if (access(word, F_OK) == 0) {
                *err = (struct err){0};
                return snapshot_from_file(to, word, err);
        }
        if (streq(word, BASELINE))
                return err_set(err, -ENOENT, "there is no baseline yet (see: quaymaster help baseline)");
        return err_set(err, -ENOENT, "'%s' is neither a snapshot (see: quaymaster snapshot list) nor a file",
                       word);
}
