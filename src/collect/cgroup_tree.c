/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/cgroup_tree.h"

#include <fts.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/str.h"

#define MOUNTINFO_MAX (8 * 1024 * 1024)
#define MAX_GROUPS    65536

/*
 * The mount point of cgroup2: "... - cgroup2 cgroup2 rw" in mountinfo (proc(5)); hybrid systems have it
 * below /sys/fs/cgroup/unified.
 */
static bool find_mount(int proc_fd, struct str *ret_path)
{
        _cleanup_str_ struct str text = {0};
        const char *line, *end;

        if (fd_read_file(proc_fd, "self/mountinfo", MOUNTINFO_MAX, &text) < 0)
                return false;
        for (line = str_text(&text); *line; line = *end ? end + 1 : end) {
                const char *word = line, *after;

                end = strchrnul(line, '\n');
                if (!memmem(line, (size_t)(end - line), " - cgroup2 ", 11))
                        continue;
                for (int skip = 0; skip < 4; skip++)
                        word = strchrnul(word, ' ') + 1;
                after = strchrnul(word, ' ');
                if (after < end) {
                        str_add_n(ret_path, word, (size_t)(after - word));
                        return true;
                }
        }
        return false;
}

void cgroup_tree_read(int proc_fd, struct pool *pool, struct map *map)
{
        _cleanup_str_ struct str mount = {0};
        char *paths[2] = {0};
        FTSENT *entry;
        FTS *fts;

        if (!find_mount(proc_fd, &mount))
                return;
        paths[0] = mount.text;
        fts = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR | FTS_XDEV, NULL);
        while (fts && map->n < MAX_GROUPS && (entry = fts_read(fts))) {
                const char *path = entry->fts_path + mount.len;

                if (entry->fts_info == FTS_D)
                        map_put(map, entry->fts_statp->st_ino,
                                (uintptr_t)pool_intern(pool, *path ? path : "/"));
        }
        if (fts)
                (void)fts_close(fts);
}
