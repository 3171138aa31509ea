/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A root directory of a test's own, below the temporary directory. */
#pragma once

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct tree {
        char path[64];
        int fd;
};

static inline int tree_remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
        return remove(path);
}

static inline void tree_release(struct tree *tree)
{
        (void)close(tree->fd);
        (void)nftw(tree->path, tree_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static inline struct tree tree_new(void)
{
        struct tree tree = {.path = "/tmp/quaymaster-test-XXXXXX"};

        assert_non_null(mkdtemp(tree.path));
        tree.fd = open(tree.path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        assert_true(tree.fd >= 0);
        return tree;
}

/* Make the directories that path (relative to the tree) lies in. */
static inline void tree_parents(const struct tree *tree, const char *path)
{
        char part[512];

        for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
                (void)snprintf(part, sizeof(part), "%.*s", (int)(slash - path), path);
                (void)mkdirat(tree->fd, part, 0755);
        }
}

static inline void tree_file(const struct tree *tree, const char *path, const char *text, mode_t mode)
{
        int fd;

        tree_parents(tree, path);
        fd = openat(tree->fd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
        assert_true(fd >= 0);
        assert_int_equal(write(fd, text, strlen(text)), strlen(text));
        (void)close(fd);
}

static inline void tree_link(const struct tree *tree, const char *path, const char *to)
{
        tree_parents(tree, path);
        assert_int_equal(symlinkat(to, tree->fd, path), 0);
}
