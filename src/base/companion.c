/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/companion.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fd.h"

#define SELF "/proc/self/exe"

static bool is_ours(const struct stat *st, const struct stat *self)
{
        bool of_group = !(st->st_mode & S_IWGRP) || st->st_gid == 0 ||
                        (self->st_mode & S_IWGRP && st->st_gid == self->st_gid);

        return S_ISREG(st->st_mode) && !(st->st_mode & S_IWOTH) && of_group &&
               (st->st_uid == self->st_uid || st->st_uid == 0);
}

/* What is looked at is what is held: a path could lead elsewhere a moment later. */
static int open_ours(const char *path, const struct stat *self)
{
        _cleanup_close_ int fd = open(path, O_PATH | O_CLOEXEC);
        struct stat st;

        if (fd < 0 || fstat(fd, &st) < 0)
                return -errno;
        return is_ours(&st, self) ? take_fd(fd) : -EPERM;
}

/* "/folder/of/the/program/" and its length; 0 when it is too long to have a name behind it. */
static size_t own_folder(char path[PATH_MAX])
{
        int len = fd_readlink(AT_FDCWD, SELF, path, PATH_MAX);
        char *slash = len > 0 ? strrchr(path, '/') : NULL;

        return slash ? (size_t)(slash + 1 - path) : 0;
}

static int failed(int r, const char *name, const char *path, struct err *err)
{
        if (r == -EPERM)
                return err_set(err, r, "'%s' is not taken: someone else could have put it there", path);
        if (r == -ENOENT)
                return err_set(err, r, "there is no '%s', and no %s beside the program", path, name);
        return err_errno(err, -r, "opening '%s'", path);
}

int companion_open(const char *name, const char *folder, char path[PATH_MAX], struct err *err)
{
        size_t len = own_folder(path), room = PATH_MAX - len;
        int beside = -ENOENT, installed;
        struct stat self;

        if (stat(SELF, &self) < 0)
                return failed(-errno, name, SELF, err);
        if (len && snprintf(path + len, room, "%s", name) < (int)room)
                beside = open_ours(path, &self);
        if (beside >= 0)
                return beside;
        if (beside != -ENOENT) /* kept when there is no other */
                (void)failed(beside, name, path, err);
        if (snprintf(path, PATH_MAX, "%s/%s", folder, name) >= PATH_MAX)
                return failed(-ENAMETOOLONG, name, folder, err);
        installed = open_ours(path, &self);
        if (installed == -ENOENT && beside != -ENOENT)
                return beside;
        return installed < 0 ? failed(installed, name, path, err) : installed;
}
