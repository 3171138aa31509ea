/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TCP by connections of the kernel: needs no privilege. A probe is a connect(2); an open port is closed
 * again at once, without data.
 *
 * What a probe costs is system calls, so that there are few: a socket whose connection failed is connected
 * again for the next probe (the kernel gives it a fresh source port), and stays registered with epoll. A
 * closed port takes two calls of connect and one look at the socket's error queue. On loopback the answer
 * is there when connect returns, and epoll is not asked at all.
 */
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/queue.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/vec.h"
#include "scan/tcp_socket.h"

#define INFLIGHT_MOST 16384 /* without max_inflight: about 40 MiB of kernel memory */
#define EVENTS        256
#define NS_PER_MS     1000000u
/* How long after running out of descriptors all of them are tried again. */
#define RECOVER_NS 1000000000u

struct attempt {
        TAILQ_ENTRY(attempt) link;
        int fd; /* -1 = none yet */
        bool v6, registered, waiting;
        struct probe probe;
        uint64_t began_ns;
};

TAILQ_HEAD(attempts, attempt);

struct method_state {
        struct method_setup setup;
        int epoll_fd;
        struct attempt *all;
        unsigned n_all, n_busy;
        unsigned limit; /* of n_busy: shrinks when descriptors run out */
        uint64_t shrunk_ns;
        uint64_t timeout_ns;
        struct attempts empty;   /* have no socket */
        struct attempts idle[2]; /* have one to connect again: IPv4, IPv6 */
        struct attempts instant; /* under way on loopback: the answer is there already */
        struct attempts waiting; /* under way, oldest first: all have the same patience */
        vec(struct heard) known; /* verdicts found while sending, told by the next receive */
        struct method_statistics statistics;
};

static void drop_socket(struct attempt *a)
{
        fd_close(&a->fd); /* which takes it out of the epoll, too */
        a->registered = false;
}

/* The attempt is over; its socket is used again where that is safe. */
static void release(struct method_state *m, struct attempt *a, bool reusable)
{
        m->n_busy--;
        a->waiting = false;
        /* a link-local connection ties the socket to its interface for good */
        if (!reusable || a->probe.zone_index)
                drop_socket(a);
        if (a->fd < 0)
                TAILQ_INSERT_HEAD(&m->empty, a, link);
        else
                TAILQ_INSERT_HEAD(&m->idle[a->v6], a, link);
}

static struct heard heard_of(const struct probe *probe, struct tcp_outcome outcome, uint64_t now_ns)
{
        return (struct heard){
                .kind = outcome.kind,
                .reason = outcome.reason,
                .from = probe->to,
                .transport = TRANSPORT_TCP,
                .port = probe->port,
                .attempt = probe->attempt,
                .canary = probe->canary,
                .when_ns = now_ns,
        };
}

static void tell(struct method_state *m, const struct heard *heard)
{
        m->setup.hearing.hear(heard, m->setup.hearing.arg);
}

/* Told by receive and not from within send, so that the caller's books of what it sent are in order. */
static void keep(struct method_state *m, const struct probe *probe, struct tcp_outcome outcome)
{
        if (outcome.kind == HEARD_NOT_SENT)
                m->statistics.refused_by_kernel++;
        *vec_push(&m->known) = heard_of(probe, outcome, clock_monotonic_ns());
}

static void finish(struct method_state *m, struct attempt *a, struct tcp_outcome outcome, uint64_t now_ns)
{
        struct heard heard = heard_of(&a->probe, outcome, now_ns);
        bool open = outcome.kind == HEARD_OPEN, answered = open || outcome.kind == HEARD_CLOSED ||
                                                           outcome.kind == HEARD_PROHIBITED ||
                                                           outcome.kind == HEARD_UNREACHABLE;

        /* the kernel's own measure does not hold the time that other answers took here */
        if (open)
                heard.rtt_us = tcp_socket_rtt_us(a->fd);
        if (answered && !heard.rtt_us)
                heard.rtt_us = (uint32_t)((now_ns - a->began_ns) / 1000 + 1);
        m->statistics.received += answered;
        TAILQ_REMOVE(a->waiting ? &m->waiting : &m->instant, a, link);
        release(m, a, outcome.reusable);
        tell(m, &heard);
}

/* True when the attempt is over. */
static bool check(struct method_state *m, struct attempt *a, uint64_t now_ns)
{
        const struct probe *p = &a->probe;
        struct tcp_outcome outcome = tcp_socket_check(m->setup.gate, a->fd, &p->to, p->zone_index, p->port);

        if (outcome.code == -EINPROGRESS)
                return false;
        finish(m, a, outcome, now_ns);
        return true;
}

/* Have epoll tell when it is decided. Edge-triggered: idle sockets, which hang up for ever, stay quiet. */
static int await(struct method_state *m, struct attempt *a)
{
        struct epoll_event event = {.events = EPOLLOUT | EPOLLET, .data.ptr = a};

        if (!a->registered && epoll_ctl(m->epoll_fd, EPOLL_CTL_ADD, a->fd, &event) < 0)
                return -errno;
        a->registered = a->waiting = true;
        TAILQ_INSERT_TAIL(&m->waiting, a, link);
        return 0;
}

static struct attempt *pop(struct attempts *list)
{
        struct attempt *a = TAILQ_FIRST(list);

        if (a)
                TAILQ_REMOVE(list, a, link);
        return a;
}

/* An idle socket of the other family gives its descriptor back; false when there is none. */
static bool give_back(struct method_state *m, bool v6)
{
        struct attempt *a = pop(&m->idle[v6]);

        if (!a)
                return false;
        drop_socket(a);
        TAILQ_INSERT_HEAD(&m->empty, a, link);
        return true;
}

/* A place with a socket of that family, out of all lists, into *ret. 0 or negative errno. */
static int take(struct method_state *m, bool v6, struct attempt **ret)
{
        struct attempt *a = pop(&m->idle[v6]);

        if (!a) {
                if (TAILQ_EMPTY(&m->empty))
                        (void)give_back(m, !v6); /* some place is free: fewer than all are busy */
                a = pop(&m->empty);
                a->v6 = v6;
                do
                        a->fd = tcp_socket_open(v6 ? 6 : 4);
                while (tcp_socket_later(a->fd) && give_back(m, !v6));
        }
        if (a->fd < 0) {
                int r = a->fd;

                a->fd = -1;
                TAILQ_INSERT_HEAD(&m->empty, a, link);
                return r;
        }
        *ret = a;
        return 0;
}

/* No more at once than there are now; only when something is under way does waiting help. */
static bool shrink(struct method_state *m)
{
        if (!m->n_busy)
                return false;
        m->limit = m->n_busy;
        m->shrunk_ns = clock_monotonic_ns();
        return true;
}

static bool on_loopback(const struct probe *probe)
{
        return address_is_loopback(&probe->to) || (probe->path && probe->path->loopback);
}

/* False: not now. */
static bool begin(struct method_state *m, const struct probe *probe)
{
        static const struct tcp_outcome local = {.kind = HEARD_NOT_SENT, .reason = REASON_LOCAL};
        struct tcp_outcome outcome;
        struct attempt *a;
        int r;

        if (m->n_busy >= m->limit)
                return false;
        r = take(m, probe->to.family == 6, &a);
        if (r < 0) {
                if (tcp_socket_later(r) && shrink(m))
                        return false;
                keep(m, probe, local);
                return true;
        }
        m->n_busy++;
        a->probe = *probe;
        a->began_ns = clock_monotonic_ns();
        outcome = tcp_socket_connect(m->setup.gate, a->fd, &probe->to, probe->zone_index, probe->port);
        if (outcome.code == -EINPROGRESS || outcome.code == 0) {
                m->statistics.sent++;
                if (outcome.code == 0 || on_loopback(probe))
                        TAILQ_INSERT_TAIL(&m->instant, a, link);
                else if (await(m, a) < 0) {
                        release(m, a, false);
                        keep(m, probe, local);
                }
                return true;
        }
        release(m, a, false);
        if (tcp_socket_later(outcome.code) && shrink(m))
                return false;
        keep(m, probe, outcome);
        return true;
}

static int connect_send(struct method_state *m, const struct probe *probes, unsigned n)
{
        unsigned i = 0;

        while (i < n && begin(m, &probes[i]))
                i++;
        return (int)i;
}

static unsigned connect_poll(struct method_state *m, struct pollfd *fds, unsigned max)
{
        if (!max)
                return 0;
        fds[0] = (struct pollfd){.fd = m->epoll_fd, .events = POLLIN};
        return 1;
}

static void tell_known(struct method_state *m)
{
        for (size_t i = 0; i < m->known.n; i++) {
                struct heard heard = m->known.at[i]; /* the list may grow while it is told */

                tell(m, &heard);
        }
        m->known.n = 0;
}

static void check_instant(struct method_state *m)
{
        static const struct tcp_outcome local = {.kind = HEARD_NOT_SENT, .reason = REASON_LOCAL};
        struct attempt *a;

        while ((a = TAILQ_FIRST(&m->instant))) {
                if (check(m, a, clock_monotonic_ns()))
                        continue;
                TAILQ_REMOVE(&m->instant, a, link); /* a filter on loopback keeps silent */
                if (await(m, a) < 0) {
                        keep(m, &a->probe, local);
                        release(m, a, false);
                }
        }
}

static void take_events(struct method_state *m)
{
        struct epoll_event events[EVENTS];
        int n;

        do {
                uint64_t now_ns;

                n = epoll_wait(m->epoll_fd, events, EVENTS, 0);
                now_ns = clock_monotonic_ns();
                for (int i = 0; i < n; i++) {
                        struct attempt *a = events[i].data.ptr;

                        if (a->waiting)
                                (void)check(m, a, now_ns);
                }
        } while (n == EVENTS);
}

static void expire(struct method_state *m, uint64_t now_ns)
{
        static const struct tcp_outcome silence = {
                .code = -ETIMEDOUT, .kind = HEARD_SILENCE, .reason = REASON_NO_REPLY};
        struct attempt *a;

        while ((a = TAILQ_FIRST(&m->waiting)) && a->began_ns + m->timeout_ns <= now_ns)
                finish(m, a, silence, now_ns);
}

static void connect_receive(struct method_state *m, uint64_t now_ns)
{
        tell_known(m);
        check_instant(m);
        take_events(m);
        expire(m, now_ns);
        if (m->limit < m->n_all && now_ns > m->shrunk_ns + RECOVER_NS)
                m->limit = m->n_all;
}

static uint64_t connect_deadline(struct method_state *m)
{
        const struct attempt *oldest = TAILQ_FIRST(&m->waiting);

        if (m->known.n || !TAILQ_EMPTY(&m->instant))
                return 0;
        return oldest ? oldest->began_ns + m->timeout_ns : UINT64_MAX;
}

static void connect_statistics(struct method_state *m, struct method_statistics *ret)
{
        *ret = m->statistics;
}

static struct method_state *connect_close(struct method_state *m)
{
        if (!m)
                return NULL;
        for (unsigned i = 0; i < m->n_all; i++)
                fd_close(&m->all[i].fd);
        fd_close(&m->epoll_fd);
        vec_clear(&m->known);
        free(m->all);
        free(m);
        return NULL;
}

/* No more than the pace can keep under way. */
static unsigned useful(const struct method_setup *setup)
{
        uint64_t most = (uint64_t)setup->rate * setup->timeout_ms / 1000 + 64;

        return setup->rate && most < INFLIGHT_MOST ? (unsigned)most : INFLIGHT_MOST;
}

static int connect_open(struct method_state **ret, const struct method_setup *setup, struct err *err)
{
        _cleanup_close_ int fd = epoll_create1(EPOLL_CLOEXEC);
        struct method_state *m;

        if (fd < 0)
                return err_errno(err, errno, "cannot make an epoll");
        m = xcalloc(1, sizeof(*m));
        m->setup = *setup;
        m->timeout_ns = (uint64_t)setup->timeout_ms * NS_PER_MS;
        m->n_all = m->limit = tcp_socket_limit(setup->max_inflight, useful(setup));
        m->all = xcalloc(m->n_all, sizeof(*m->all));
        TAILQ_INIT(&m->empty);
        TAILQ_INIT(&m->idle[false]);
        TAILQ_INIT(&m->idle[true]);
        TAILQ_INIT(&m->instant);
        TAILQ_INIT(&m->waiting);
        for (unsigned i = 0; i < m->n_all; i++) {
                m->all[i].fd = -1;
                TAILQ_INSERT_TAIL(&m->empty, &m->all[i], link);
        }
        m->epoll_fd = take_fd(fd);
        *ret = m;
        return 0;
}

const struct method method_connect = {
        .name = "connect",
        .summary = "full TCP connections by the kernel; needs no privilege",
        .transport = TRANSPORT_TCP,
        .answers_each = true,
        .open = connect_open,
        .send = connect_send,
        .poll = connect_poll,
        .receive = connect_receive,
        .deadline = connect_deadline,
        .statistics = connect_statistics,
        .close = connect_close,
};
