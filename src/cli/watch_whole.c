/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/watch_whole.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"

int watch_whole_open(struct watch_whole *w, struct err *err)
{
        w->done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        return w->done_fd < 0 ? err_errno(err, errno, "cannot make an eventfd") : 0;
}

static void *look(void *arg)
{
        struct watch_whole *w = arg;

        w->result = collect_inside(&w->options, &w->view, &w->err);
        (void)eventfd_write(w->done_fd, 1);
        return NULL;
}

int watch_whole_start(struct watch_whole *w, const struct collect_options *options, struct err *err)
{
        int r;

        w->options = *options;
        w->view = NULL;
        w->err = (struct err){0};
        w->began_ns = clock_monotonic_ns();
        r = pthread_create(&w->thread, NULL, look, w);
        w->running = r == 0;
        return r ? err_errno(err, r, "cannot start a thread") : 0;
}

int watch_whole_take(struct watch_whole *w, struct inside **ret, struct err *err)
{
        eventfd_t n;

        (void)pthread_join(w->thread, NULL);
        (void)eventfd_read(w->done_fd, &n);
        w->running = false;
        if (w->result < 0)
                *err = w->err;
        else
                *ret = w->view;
        return w->result;
}

void watch_whole_release(struct watch_whole *w)
{
        struct inside *view = NULL;
        struct err err;

        if (w->running && watch_whole_take(w, &view, &err) == 0)
                inside_freep(&view);
        fd_close(&w->done_fd);
}
