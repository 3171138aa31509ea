/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/watch_output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"

void watch_output_release(struct watch_output *o)
{
        str_release(&o->text);
        fd_close(&o->fd);
}

static void drop_start(struct str *text, size_t n)
{
        text->len -= n;
        memmove(text->text, text->text + n, text->len + 1);
}

/* One who wrote there before may have been killed, or had no room, in the middle of a line. */
static bool has_torn_end(const char *path, const struct stat *st)
{
        _cleanup_close_ int fd = S_ISREG(st->st_mode) && st->st_size ? open(path, O_RDONLY | O_CLOEXEC) : -1;
        char last;

        return fd >= 0 && pread(fd, &last, 1, st->st_size - 1) == 1 && last != '\n';
}

/* Appends, so that several may write and a file that is cut short (copytruncate) goes on at its new end. */
static int open_file(struct watch_output *o, struct err *err)
{
        struct stat st;

        fd_close(&o->fd);
        o->fd = open(o->path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);
        if (o->fd < 0 || fstat(o->fd, &st) < 0)
                return err_errno(err, errno, "cannot open '%s'", o->path);
        if (has_torn_end(o->path, &st))
                (void)fd_write_all(o->fd, "\n", 1);
        return 0;
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

/* The end of a line whose beginning is in the old file is nothing in the new. */
static void leave_torn(struct watch_output *o)
{
        const char *end = o->torn ? memchr(o->text.text, '\n', o->text.len) : NULL;

        if (!end)
                return;
        drop_start(&o->text, (size_t)(end + 1 - o->text.text));
        o->torn = false;
        o->n_lost++;
}

/* What could be written is taken off, whatever became of the rest. */
static int write_text(struct watch_output *o)
{
        int fd = o->path ? o->fd : STDOUT_FILENO, r = 0;
        size_t done = 0;

        while (done < o->text.len && r == 0) {
                ssize_t n = write(fd, o->text.text + done, o->text.len - done);

                if (n >= 0)
                        done += (size_t)n;
                else if (errno != EINTR)
                        r = -errno;
        }
        if (done)
                o->torn = o->text.text[done - 1] != '\n';
        drop_start(&o->text, done);
        return r;
}

static void keep_some(struct watch_output *o)
{
        const char *end = o->text.len > WATCH_OUTPUT_KEPT ? memrchr(o->text.text, '\n', WATCH_OUTPUT_KEPT) : NULL;

        if (!end)
                return;
        for (const char *at = end + 1; (at = memchr(at, '\n', (size_t)(o->text.text + o->text.len - at))); at++)
                o->n_lost++;
        o->text.len = (size_t)(end + 1 - o->text.text);
        o->text.text[o->text.len] = '\0';
}

static void tell_full(struct watch_output *o, const struct err *why)
{
        if (!o->full)
                fprintf(stderr, "quaymaster watch: %s; will try again\n", why->text);
        o->full = true;
}

static void tell_room(struct watch_output *o)
{
        if (o->full)
                fprintf(stderr, "quaymaster watch: events are written again; %llu were lost\n",
                        (unsigned long long)o->n_lost);
        o->full = false;
}

static int write_where_wanted(struct watch_output *o, struct err *err)
{
        int r;

        if (o->path && (o->fd < 0 || was_moved(o))) {
                leave_torn(o);
                r = open_file(o, err);
                if (r < 0)
                        return r;
        }
        r = write_text(o);
        return r < 0 ? err_errno(err, -r, "cannot write events") : 0;
}

int watch_output_flush(struct watch_output *o, struct err *err)
{
        struct err why = {0};
        int r;

        if (!o->text.len || o->ended)
                return 0;
        r = write_where_wanted(o, &why);
        if (r == -ENOSPC || r == -EDQUOT) {
                tell_full(o, &why);
                keep_some(o);
                return 0;
        }
        if (r == 0)
                tell_room(o);
        str_reset(&o->text);
        o->ended = r == -EPIPE;
        return r == 0 || o->ended ? 0 : err_set(err, r, "%s", why.text);
}
