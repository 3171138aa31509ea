/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/socket_tables.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>

#include "base/fd.h"
#include "collect/netns.h"

/*
 * /proc/sys/net shows the namespace of the thread that opens it (Documentation/networking/ip-sysctl.rst,
 * ip_local_port_range).
 */
static void read_ephemeral_range(struct visit *visit)
{
        _cleanup_str_ struct str text = {0};
        unsigned low, high;

        if (fd_read_file(AT_FDCWD, "/proc/sys/net/ipv4/ip_local_port_range", 64, &text) == 0 &&
            sscanf(str_text(&text), "%u %u", &low, &high) == 2 && low <= high && high <= 65535) {
                visit->ephemeral_low = (uint16_t)low;
                visit->ephemeral_high = (uint16_t)high;
        }
}

static int enter(const struct socket_tables *tables, const struct visit *visit)
{
        _cleanup_close_ int fd = -1;

        if (visit->own)
                return 0;
        fd = netns_open(tables->c, visit->netns);
        if (fd < 0)
                return fd;
        return setns(fd, CLONE_NEWNET) < 0 ? -errno : 0;
}

static void visit_namespace(struct visit *visit, struct socket_tables *tables)
{
        struct err err = {0};
        int r = enter(tables, visit);

        if (r < 0) {
                visit->error = -r;
                (void)err_errno(&err, -r, "it cannot be entered");
                (void)snprintf(visit->text, sizeof(visit->text), "%.150s", err.text);
                return;
        }
        if (tables->what == TABLES_FULL)
                read_ephemeral_range(visit);
        r = sock_diag_read(visit->netns, tables->what == TABLES_AUTOBOUND ? SOCK_DIAG_AUTOBOUND : SOCK_DIAG_ALL,
                           &tables->sockets, &err);
        if (r >= 0 && tables->what == TABLES_FULL)
                r = interfaces_read(visit->netns, &tables->interfaces, &err);
        if (r < 0) {
                visit->error = -err.code;
                (void)snprintf(visit->text, sizeof(visit->text), "%.150s", err.text);
        }
}

/* The own namespace comes first, before any setns. */
static void *visit_all(void *arg)
{
        struct socket_tables *tables = arg;

        for (int own = 1; own >= 0; own--)
                for (size_t i = 0; i < tables->n_visits; i++)
                        if (tables->visits[i].own == own && !tables->visits[i].left_out)
                                visit_namespace(&tables->visits[i], tables);
        return NULL;
}

void socket_tables_plan(struct socket_tables *tables, const struct collection *c, enum tables_what what)
{
        const struct inside *view = c->view;

        *tables = (struct socket_tables){.c = c, .what = what, .n_visits = view->netns.n};
        tables->visits = xcalloc(view->netns.n, sizeof(*tables->visits));
        for (uint32_t i = 0; i < view->netns.n; i++)
                tables->visits[i] = (struct visit){.netns = i, .own = view->netns.at[i].own};
}

int socket_tables_start(struct socket_tables *tables, struct err *err)
{
        int r = pthread_create(&tables->thread, NULL, visit_all, tables);

        tables->running = r == 0;
        return r ? err_errno(err, r, "cannot start a thread") : 0;
}

void socket_tables_wait(struct socket_tables *tables)
{
        if (tables->running)
                (void)pthread_join(tables->thread, NULL);
        tables->running = false;
}

void socket_tables_release(struct socket_tables *tables)
{
        socket_tables_wait(tables);
        free(tables->visits);
        vec_clear(&tables->sockets);
        vec_clear(&tables->interfaces);
        *tables = (struct socket_tables){0};
}
