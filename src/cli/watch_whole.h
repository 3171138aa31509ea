/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A look at the whole in a thread of its own: it takes a while, in which events are still to be told. One at a time.
 */
#pragma once

#include <pthread.h>

#include "collect/collect.h"

struct watch_whole {
        bool running;
        int done_fd;       /* eventfd: becomes readable (EPOLLIN) when it is done */
        uint64_t began_ns; /* CLOCK_MONOTONIC */
        /* of the thread, as long as it runs */
        pthread_t thread;
        struct collect_options options;
        struct inside *view;
        struct err err;
        int result;
};
#define WATCH_WHOLE_INIT ((struct watch_whole){.done_fd = -1})

int watch_whole_open(struct watch_whole *w, struct err *err); /* 0 or negative errno */
void watch_whole_release(struct watch_whole *w); /* waits for the thread */

/* What the options point to must last until it is taken. 0 or negative errno: no thread can be made. */
int watch_whole_start(struct watch_whole *w, const struct collect_options *options, struct err *err);
/* Wait for it, if need be. As collect_inside(). */
int watch_whole_take(struct watch_whole *w, struct inside **ret, struct err *err);
