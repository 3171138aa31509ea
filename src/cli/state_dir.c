/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/state_dir.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

/* As mkdir -p: every part after the first `from` bytes. */
static int make_path(char *path, size_t from, struct err *err)
{
        for (char *at = path + from; (at = strchr(at + 1, '/'));) {
                *at = '\0';
                (void)mkdir(path, 0700); /* what is wrong shows below */
                *at = '/';
        }
        if (mkdir(path, 0700) < 0 && errno != EEXIST)
                return err_errno(err, errno, "cannot make '%s'", path);
        return 0;
}

int state_dir_make(struct str *path, struct err *err)
{
        const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
        size_t from = path->len;

        if (geteuid() == 0)
                str_add(path, "/var/lib/quaymaster");
        else if (state && *state == '/')
                str_addf(path, "%s/quaymaster", state);
        else if (home && *home == '/')
                str_addf(path, "%s/.local/state/quaymaster", home);
        else
                return err_set(err, -EINVAL, "no place for state: HOME is not set");
        return make_path(path->text, from, err);
}
