/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/watch_output.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"

void watch_output_release(struct watch_output *o)
{
        str_release(&o->text);
        fd_close(&o->fd);
}

/* Appends, so that several may write and a file that is cut short (copytruncate) goes on at its new end. */
static int open_file(struct watch_output *o, struct err *err)
{
        fd_close(&o->fd);
        o->fd = open(o->path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);
        return o->fd < 0 ? err_errno(err, errno, "cannot open '%s'", o->path) : 0;
}

int watch_output_open(struct watch_output *o, struct err *err)
{
        return o->path ? open_file(o, err) : 0;
}

static bool was_moved(const struct watch_output *o)
{
        struct stat here, there;

        return fstat(o->fd, &here) < 0 || stat(o->path, &there) < 0 || here.st_ino != there.st_ino ||
               here.st_dev != there.st_dev;
}

int watch_output_flush(struct watch_output *o, struct err *err)
{
        int r = 0;

        if (!o->text.len || o->ended)
                return 0;
        if (o->path && (o->fd < 0 || was_moved(o)))
                r = open_file(o, err);
        if (r == 0) {
                r = fd_write_all(o->path ? o->fd : STDOUT_FILENO, o->text.text, o->text.len);
                if (r < 0 && r != -EPIPE)
                        r = err_errno(err, -r, "cannot write events");
        }
        str_reset(&o->text);
        o->ended = r == -EPIPE;
        return r == -EPIPE ? 0 : r;
}
