/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A small file tree in a temporary directory, for tests of what is read below a root directory. */
#pragma once

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"

struct tree {
        char path[64];
        int fd; /* the root directory */
};

static inline struct tree tree_new(void)
{
        struct tree tree = {.path = "/tmp/quaymaster-test-XXXXXX"};

        assert_non_null(mkdtemp(tree.path));
        tree.fd = open(tree.path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        assert_true(tree.fd >= 0);
        return tree;
}

static inline int tree_unlink(const char *path, const struct stat *st, int type, struct FTW *at)
{
        return remove(path);
}

static inline void tree_release(struct tree *tree)
{
        fd_close(&tree->fd);
        (void)nftw(tree->path, tree_unlink, 16, FTW_DEPTH | FTW_PHYS);
}
#define _cleanup_tree_ _cleanup_(tree_release)

/* Directories on the way to path (relative to the root). */
static inline void tree_parents(const struct tree *tree, const char *path)
{
        char part[512];

        for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
                (void)snprintf(part, sizeof(part), "%.*s", (int)(slash - path), path);
                (void)mkdirat(tree->fd, part, 0755);
        }
}

static inline void tree_bytes(const struct tree *tree, const char *path, const char *data, size_t len)
{
        _cleanup_close_ int fd = -1;

        tree_parents(tree, path);
        fd = openat(tree->fd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
        assert_true(fd >= 0);
        assert_int_equal(fd_write_all(fd, data, len), 0);
}

static inline void tree_file(const struct tree *tree, const char *path, const char *text)
{
        tree_bytes(tree, path, text, strlen(text));
}

static inline void tree_link(const struct tree *tree, const char *path, const char *target)
{
        tree_parents(tree, path);
        assert_int_equal(symlinkat(target, tree->fd, path), 0);
}

static inline void tree_read(const struct tree *tree, const char *path, struct str *to)
{
        _cleanup_close_ int fd = fd_open_in_root(tree->fd, path, O_RDONLY);

        assert_true(fd >= 0);
        assert_int_equal(fd_read_all(fd, 1 << 20, to), 0);
}
