/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/output_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"

static int open_special(const char *path, struct err *err)
{
        _cleanup_close_ int fd = -1;
        struct stat st;

        if (lstat(path, &st) == 0 && S_ISFIFO(st.st_mode) && st.st_uid != geteuid() && st.st_uid != 0)
                return err_set(err, -EPERM, "cannot write '%s': it is a pipe of another user", path);
        fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
        if (fd < 0 || fstat(fd, &st) < 0)
                return err_errno(err, errno, "cannot write '%s'", path);
        if (S_ISREG(st.st_mode)) /* it was none a moment ago */
                return err_set(err, -EAGAIN, "cannot write '%s': it was replaced meanwhile", path);
        return take_fd(fd);
}

int output_file_open(struct output_file *file, const char *path, struct err *err)
{
        _cleanup_free_ char *temporary = NULL;
        struct stat st;

        *file = (struct output_file){.fd = -1};
        if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
                return err_set(err, -EISDIR, "cannot write '%s': it is a folder", path);
        if (stat(path, &st) == 0 && !S_ISREG(st.st_mode)) {
                file->fd = open_special(path, err);
                return file->fd < 0 ? file->fd : 0;
        }
        temporary = xasprintf("%s.XXXXXX", path);
        file->fd = mkostemp(temporary, O_CLOEXEC); /* mode 0600 */
        if (file->fd < 0)
                return err_errno(err, errno, "cannot make a file beside '%s'", path);
        file->temporary = take_ptr(temporary);
        file->path = xstrdup(path);
        return 0;
}

int output_file_place(struct output_file *file, struct err *err)
{
        if (!file->temporary)
                return 0;
        if (fsync(file->fd) < 0 || rename(file->temporary, file->path) < 0)
                return err_errno(err, errno, "cannot write '%s'", file->path);
        free(take_ptr(file->temporary));
        return 0;
}

void output_file_release(struct output_file *file)
{
        if (file->temporary)
                (void)unlink(file->temporary);
        free(take_ptr(file->temporary));
        free(take_ptr(file->path));
        fd_close(&file->fd);
}
