/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/cgroup_tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/str.h"
#include "base/vec.h"
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

struct tree {
        int mount_fd;
        struct pool *pool;
        struct map *map;
        vec(const char *) paths; /* all that are in the map, but the root's is "" */
};

static void add_group(struct tree *tree, uint64_t id, const char *path)
{
        map_put(tree->map, id, (uintptr_t)(*path ? path : pool_intern(tree->pool, "/")));
        *vec_push(&tree->paths) = path;
}

/* By what the listing tells: no call for each of the fifty files that every group has. */
static void read_group(struct tree *tree, const char *path)
{
        _cleanup_close_ int fd =
                openat(tree->mount_fd, *path ? path + 1 : ".", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        _cleanup_close_dir_ DIR *dir = fd_to_dir(&fd);
        const struct dirent *entry;

        while (dir && tree->map->n < MAX_GROUPS && (entry = readdir(dir)))
                if (entry->d_type == DT_DIR && entry->d_name[0] != '.')
                        add_group(tree, entry->d_ino, pool_printf(tree->pool, "%s/%s", path, entry->d_name));
}

void cgroup_tree_read(int proc_fd, struct pool *pool, struct map *map)
{
        char mount[PATH_MAX];
        _cleanup_close_ int fd = -1;
        struct tree tree = {.pool = pool, .map = map};
        struct stat st;

        if (!find_mount(proc_fd, mount, sizeof(mount)))
                return;
        tree.mount_fd = fd = open(mount, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0 || fstat(fd, &st) < 0)
                return;
        add_group(&tree, st.st_ino, "");
        for (size_t i = 0; i < tree.paths.n; i++)
                read_group(&tree, tree.paths.at[i]);
        vec_clear(&tree.paths);
}
