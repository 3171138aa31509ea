/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/apk.h"

#include <errno.h>
#include <string.h>

#include "base/fd.h"
#include "collect/lines.h"

/* Empty when it does not fit: then nothing is owned by it. */
static void copy(char *to, size_t size, const char *text, size_t len)
{
        to[0] = '\0';
        if (len >= size || memchr(text, '\0', len))
                return;
        memcpy(to, text, len);
        to[len] = '\0';
}

/* "F:usr/bin" makes "/usr/bin/", "F:" the root directory "/". */
static void enter(struct apk_reader *reader, const char *dir, size_t len)
{
        size_t n = 0;

        reader->dir_len = 0;
        if (len + 2 >= sizeof(reader->path))
                return;
        reader->path[n++] = '/';
        memcpy(reader->path + n, dir, len);
        n += len;
        if (len)
                reader->path[n++] = '/';
        reader->dir_len = n;
}

static void take_file(struct apk_reader *reader, const char *name, size_t len)
{
        const struct path_entry *entry;
        struct package *owner;

        if (!reader->dir_len || !reader->name[0] || len == 0 || len > sizeof(reader->path) - reader->dir_len)
                return;
        memcpy(reader->path + reader->dir_len, name, len);
        entry = path_set_find(reader->paths, reader->path, reader->dir_len + len);
        if (!entry)
                return;
        owner = &reader->queries[entry->value].owner;
        if (owner->name)
                return;
        owner->name = pool_intern(reader->pool, reader->name);
        owner->version = reader->version[0] ? pool_intern(reader->pool, reader->version) : NULL;
        owner->manager = "apk";
}

void apk_line(void *arg, const char *line, size_t len)
{
        struct apk_reader *reader = arg;

        if (len == 0) {
                reader->name[0] = reader->version[0] = '\0';
                reader->dir_len = 0;
                return;
        }
        if (len < 2 || line[1] != ':')
                return;
        switch (line[0]) {
        case 'P':
                copy(reader->name, sizeof(reader->name), line + 2, len - 2);
                break;
        case 'V':
                copy(reader->version, sizeof(reader->version), line + 2, len - 2);
                break;
        case 'F':
                enter(reader, line + 2, len - 2);
                break;
        case 'R':
                take_file(reader, line + 2, len - 2);
                break;
        default:
                break;
        }
}

/* Alpine with merged /usr (3.23 on) keeps it below /usr; /lib is a link there, but not in every image. */
static int open_database(int root_fd)
{
        int fd = fd_open_regular(root_fd, "/lib/apk/db/installed");

        return fd == -ENOENT ? fd_open_regular(root_fd, "/usr/lib/apk/db/installed") : fd;
}

int apk_owners(int root_fd, struct package_query *queries, size_t n, struct pool *pool, uint64_t *budget,
               struct err *err)
{
        _cleanup_close_ int fd = open_database(root_fd);
        _cleanup_path_set_ struct path_set paths = {0};
        _cleanup_free_ struct lines *lines = NULL;
        struct apk_reader reader = {.paths = &paths, .queries = queries, .pool = pool};
        int r;

        if (fd < 0)
                return err_errno(err, -fd, "cannot open '/lib/apk/db/installed'");
        usr_merge_read(&paths.merge, root_fd);
        for (uint32_t i = 0; i < n; i++)
                path_set_add(&paths, queries[i].path, i);
        lines = xmalloc(sizeof(*lines));
        lines_init(lines, apk_line, &reader);
        r = lines_read(lines, fd, budget);
        return r < 0 ? err_errno(err, -r, "cannot read '/lib/apk/db/installed'") : 0;
}
