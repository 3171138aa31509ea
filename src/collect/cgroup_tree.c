/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/cgroup_tree.h"

#include <fts.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/str.h"
#include "collect/mountinfo.h"

#define MOUNTINFO_MAX (8 * 1024 * 1024)
#define MAX_GROUPS    65536

/* The mount point of cgroup2; hybrid systems have it below /sys/fs/cgroup/unified. */
static bool find_mount(int proc_fd, char *ret_path, size_t size)
{
        _cleanup_str_ struct str text = {0};
        const char *line, *end;

        if (fd_read_file(proc_fd, "self/mountinfo", MOUNTINFO_MAX, &text) < 0)
                return false;
        for (line = str_text(&text); *line; line = *end ? end + 1 : end) {
                struct mountinfo mount;

                end = strchrnul(line, '\n');
                if (mountinfo_parse(line, (size_t)(end - line), &mount) && mount_word_is(mount.type, "cgroup2") &&
                    mountinfo_unescape(mount.point, ret_path, size))
                        return true;
        }
        return false;
}

void cgroup_tree_read(int proc_fd, struct pool *pool, struct map *map)
{
        char mount[PATH_MAX];
        char *paths[2] = {mount, NULL};
        size_t mount_len;
        FTSENT *entry;
        FTS *fts;

        if (!find_mount(proc_fd, mount, sizeof(mount)))
                return;
        mount_len = strlen(mount);
        fts = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR | FTS_XDEV, NULL);
        while (fts && map->n < MAX_GROUPS && (entry = fts_read(fts))) {
                const char *path = entry->fts_path + mount_len;

                if (entry->fts_info == FTS_D)
                        map_put(map, entry->fts_statp->st_ino,
                                (uintptr_t)pool_intern(pool, *path ? path : "/"));
        }
        if (fts)
                (void)fts_close(fts);
}
