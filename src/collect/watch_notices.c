/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Destroy notices of sock_diag: sockets of the own namespace that were closed. There is none for one that is made. */
#include <errno.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/netlink.h"
#include "collect/watch.h"
#include "collect/watch_engine.h"

#define BUFFER_SIZE (64 * 1024)
#define ROOM        (1024 * 1024) /* of the socket: a busy server closes many connections */

struct sink {
        struct watch_note *notes;
        size_t n, max;
};

static void each_notice(uint16_t type, struct wire payload, void *arg)
{
        struct sink *to = arg;

        if (type == SOCK_DIAG_BY_FAMILY && to->n < to->max && watch_notice_parse(payload, &to->notes[to->n]))
                to->n++;
}

/* One datagram carries one notice. */
static int read_notices(struct watch *watch, struct watch_note *notes, size_t max, struct err *err)
{
        uint8_t buffer[4096] __attribute__((aligned(8)));
        struct sink to = {.notes = notes, .max = max};

        while (to.n < max) {
                ssize_t n = recv(watch->fd, buffer, sizeof(buffer), MSG_DONTWAIT);
                bool interrupted = false;

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0 && errno == ENOBUFS) { /* the kernel threw some away, and does not say how many */
                        watch->n_dropped++;
                        continue;
                }
                if (n < 0 && errno != EAGAIN)
                        return err_errno(err, errno, "cannot read destroy notices");
                if (n <= 0)
                        break;
                (void)netlink_parse(buffer, (size_t)n, 0, each_notice, &to, &interrupted);
        }
        return (int)to.n;
}

static uint64_t count_dropped(const struct watch *watch)
{
        return watch->n_dropped;
}

int watch_open_notices(struct watch **ret, struct err *err)
{
        _cleanup_(watch_freep) struct watch *watch = xcalloc(1, sizeof(*watch));
        int room = ROOM, r;

        *watch = (struct watch){.reach = WATCH_STOPS, .read = read_notices, .dropped = count_dropped};
        watch->fd = netlink_open(NETLINK_SOCK_DIAG, err);
        if (watch->fd < 0)
                return watch->fd;
        (void)setsockopt(watch->fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
        for (int group = SKNLGRP_INET_TCP_DESTROY; group <= SKNLGRP_INET6_UDP_DESTROY; group++)
                if ((r = netlink_join(watch->fd, group, err)) < 0)
                        return r;
        *ret = take_ptr(watch);
        return 0;
}
