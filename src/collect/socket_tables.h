/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's own tables of sockets, in one network namespace after the other. A thread does it, since
 * setns(2) moves the calling thread for good.
 */
#pragma once

#include <pthread.h>

#include "base/err.h"
#include "collect/collector.h"
#include "collect/interfaces.h"
#include "collect/sock_diag.h"

struct visit { /* one namespace, as the visiting thread saw it */
        uint32_t netns;
        bool own, left_out;
        int error; /* 0, or why it could not be read; ENOENT: it is gone */
        char text[160];
        uint16_t ephemeral_low, ephemeral_high;
};

enum tables_what {
        TABLES_FULL,      /* sockets, interfaces, the range of ephemeral ports */
        TABLES_SOCKETS,   /* sockets alone */
        TABLES_AUTOBOUND, /* only those whose port the kernel chose; see sock_diag.h */
};

struct socket_tables { /* the visiting thread's own until it has ended */
        const struct collection *c;
        enum tables_what what;
        struct visit *visits; /* by namespace index */
        size_t n_visits;
        struct socket_list sockets;
        struct interface_list interfaces;
        pthread_t thread;
        bool running;
};

/* To be read in the namespaces of the view, but those left_out. Until it is done none may be added. */
void socket_tables_plan(struct socket_tables *tables, const struct collection *c, enum tables_what what);

/* Start reading; -EAGAIN and others when there is no thread to be had. socket_tables_wait ends it. */
int socket_tables_start(struct socket_tables *tables, struct err *err);
void socket_tables_wait(struct socket_tables *tables);

void socket_tables_release(struct socket_tables *tables); /* waits, frees and resets */
#define _cleanup_socket_tables_ _cleanup_(socket_tables_release)
