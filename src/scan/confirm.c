/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "scan/confirm.h"

#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/vec.h"
#include "scan/tcp_socket.h"

#define INFLIGHT_MOST 256
#define EVENTS        64
#define NS_PER_MS     1000000u
#define NS_PER_US     1000u

/* An empty line: what people type into anything, and most line protocols answer. */
static const char line[] = "\r\n\r\n";
#define LINE_LEN (sizeof(line) - 1)

enum phase { PHASE_FREE, PHASE_CONNECT, PHASE_BANNER, PHASE_ANSWER };

struct task {
        enum confirm_kind kind;
        struct address to;
        uint32_t zone_index;
        uint16_t port;
        enum device_class class;
};

struct place {
        int fd;
        enum phase phase;
        struct task task;
        struct confirm_look look;
        uint64_t began_ns, phase_end_ns;
        uint64_t acknowledged; /* bytes, before our line */
        uint64_t line_ns;      /* when it was sent */
        unsigned left;         /* bytes that may still be read */
        bool ended;            /* reset or closed */
};

struct confirmer {
        struct gate *gate;
        int epoll_fd;
        struct place *places;
        unsigned n_places, n_busy;
        unsigned limit; /* of n_busy: shrinks when descriptors run out */
        vec(struct task) queue;
        size_t head; /* of the queue: those before it are begun */
        void (*done)(const struct confirm_look *look, void *arg);
        void *arg;
};

int confirmer_open(struct confirmer **ret, struct gate *gate, unsigned max_inflight, struct err *err)
{
        _cleanup_close_ int fd = epoll_create1(EPOLL_CLOEXEC);
        struct confirmer *c;

        if (fd < 0)
                return err_errno(err, errno, "cannot make an epoll");
        c = xcalloc(1, sizeof(*c));
        c->gate = gate;
        c->n_places = c->limit = tcp_socket_limit(max_inflight, INFLIGHT_MOST);
        c->places = xcalloc(c->n_places, sizeof(*c->places));
        for (unsigned i = 0; i < c->n_places; i++)
                c->places[i].fd = -1;
        c->epoll_fd = take_fd(fd);
        *ret = c;
        return 0;
}

struct confirmer *confirmer_close(struct confirmer *c)
{
        if (!c)
                return NULL;
        for (unsigned i = 0; i < c->n_places; i++)
                fd_close(&c->places[i].fd);
        fd_close(&c->epoll_fd);
        vec_clear(&c->queue);
        free(c->places);
        free(c);
        return NULL;
}

void confirmer_add(struct confirmer *c, enum confirm_kind kind, const struct address *to,
                   uint32_t zone_index, uint16_t port, enum device_class class)
{
        *vec_push(&c->queue) = (struct task){kind, *to, zone_index, port, class};
}

unsigned confirmer_pending(const struct confirmer *c)
{
        return (unsigned)(c->queue.n - c->head) + c->n_busy;
}

unsigned confirmer_poll(struct confirmer *c, struct pollfd *fds, unsigned max)
{
        if (!max)
                return 0;
        fds[0] = (struct pollfd){.fd = c->epoll_fd, .events = POLLIN};
        return 1;
}

uint64_t confirmer_deadline(const struct confirmer *c)
{
        uint64_t first = UINT64_MAX;

        if (c->head < c->queue.n && c->n_busy < c->limit)
                return 0;
        for (unsigned i = 0; i < c->n_places; i++)
                if (c->places[i].phase != PHASE_FREE && c->places[i].phase_end_ns < first)
                        first = c->places[i].phase_end_ns;
        return first;
}

/* A place is free again before the caller hears, so that it may add looks. */
static void finish(struct confirmer *c, struct place *p)
{
        struct confirm_look look = p->look;

        fd_close(&p->fd);
        p->phase = PHASE_FREE;
        c->n_busy--;
        c->done(&look, c->arg);
}

static uint64_t limit_ns(const struct place *p)
{
        return p->began_ns + (uint64_t)CONFIRM_LIMIT_MS * NS_PER_MS;
}

static void enter(struct place *p, enum phase phase, uint64_t end_ns)
{
        p->phase = phase;
        p->phase_end_ns = end_ns < limit_ns(p) ? end_ns : limit_ns(p);
}

static uint64_t patience_ns(const struct place *p)
{
        return (uint64_t)CONFIRM_WAIT_MS * NS_PER_MS + (uint64_t)p->look.rtt_us * NS_PER_US;
}

/* Take in what came; the first bytes of a phase are what it is known by. */
static void read_some(struct place *p, uint32_t *hash)
{
        uint8_t buffer[1024];

        while (p->left) {
                ssize_t n = recv(p->fd, buffer, p->left < sizeof(buffer) ? p->left : sizeof(buffer), 0);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0 && errno == EAGAIN)
                        return;
                if (n <= 0) {
                        p->ended = true;
                        p->look.reset |= n < 0 && !p->look.answer_hash;
                        p->look.closed |= n == 0 && !p->look.answer_hash;
                        return;
                }
                if (!*hash)
                        *hash = confirm_signature(buffer, (size_t)n);
                p->left -= (unsigned)n;
        }
}

static bool over(const struct place *p)
{
        return p->ended || !p->left;
}

static bool may_send(const struct task *t)
{
        return t->kind == CONFIRM_DATA && gate_payload_allowed(t->port, t->class) &&
               !device_class_limits(t->class)->no_identify;
}

static void send_line(struct confirmer *c, struct place *p, uint64_t now_ns)
{
        const struct task *t = &p->task;
        int r;

        if (!may_send(t)) {
                finish(c, p);
                return;
        }
        p->acknowledged = tcp_socket_acknowledged(p->fd);
        r = gate_send(c->gate, p->fd, &t->to, t->port, t->class, line, LINE_LEN);
        if (r < 0) {
                p->look.reset |= r == -ECONNRESET || r == -EPIPE;
                finish(c, p);
                return;
        }
        p->look.sent = true;
        p->line_ns = now_ns;
        enter(p, PHASE_ANSWER, now_ns + patience_ns(p));
}

static void in_banner(struct confirmer *c, struct place *p, uint64_t now_ns)
{
        read_some(p, &p->look.banner_hash);
        if (over(p))
                finish(c, p);
        else if (p->look.banner_hash || now_ns >= p->phase_end_ns)
                send_line(c, p, now_ns);
}

/* Silence is no answer before the line was acknowledged, or had time to be sent again. */
static void in_answer(struct confirmer *c, struct place *p, uint64_t now_ns)
{
        bool late = now_ns >= p->phase_end_ns;
        uint64_t last_ns = p->line_ns + (uint64_t)CONFIRM_ACK_MS * NS_PER_MS + patience_ns(p);

        read_some(p, &p->look.answer_hash);
        if (!over(p) && !p->look.answer_hash && !late)
                return;
        p->look.acknowledged = tcp_socket_acknowledged(p->fd) >= p->acknowledged + LINE_LEN;
        if (over(p) || p->look.acknowledged || now_ns >= last_ns || now_ns >= limit_ns(p))
                finish(c, p);
        else if (late)
                enter(p, PHASE_ANSWER, last_ns);
}

static void connected(struct confirmer *c, struct place *p, uint64_t now_ns)
{
        p->look.rtt_us = tcp_socket_rtt_us(p->fd);
        if (!p->look.rtt_us)
                p->look.rtt_us = (uint32_t)((now_ns - p->began_ns) / NS_PER_US + 1);
        if (p->task.kind == CONFIRM_HANDSHAKE) {
                finish(c, p);
                return;
        }
        enter(p, PHASE_BANNER, now_ns + patience_ns(p));
        in_banner(c, p, now_ns);
}

static void settle(struct confirmer *c, struct place *p, struct tcp_outcome outcome, uint64_t now_ns)
{
        if (outcome.code == 0) {
                connected(c, p, now_ns);
                return;
        }
        p->look.connect_errno = -outcome.code;
        p->look.local_fault = outcome.kind == HEARD_NOT_SENT;
        finish(c, p);
}

static void in_connect(struct confirmer *c, struct place *p, uint64_t now_ns)
{
        const struct task *t = &p->task;
        struct tcp_outcome outcome = tcp_socket_check(c->gate, p->fd, &t->to, t->zone_index, t->port);

        if (outcome.code == -EINPROGRESS && now_ns >= p->phase_end_ns)
                outcome = (struct tcp_outcome){.code = -ETIMEDOUT, .kind = HEARD_SILENCE};
        if (outcome.code != -EINPROGRESS)
                settle(c, p, outcome, now_ns);
}

static void go_on(struct confirmer *c, struct place *p, uint64_t now_ns)
{
        static void (*const phases[])(struct confirmer *, struct place *, uint64_t) = {
                [PHASE_CONNECT] = in_connect,
                [PHASE_BANNER] = in_banner,
                [PHASE_ANSWER] = in_answer,
        };

        if (p->phase != PHASE_FREE)
                phases[p->phase](c, p, now_ns);
}

static struct place *free_place(struct confirmer *c)
{
        struct place *p = c->places;

        if (c->n_busy >= c->limit)
                return NULL;
        while (p->phase != PHASE_FREE)
                p++;
        return p;
}

static struct tcp_outcome local_fault(int code)
{
        return (struct tcp_outcome){.code = code, .kind = HEARD_NOT_SENT};
}

/* -EINPROGRESS, or what the connection came to at once. */
static struct tcp_outcome start_connect(struct confirmer *c, struct place *p)
{
        struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.ptr = p};
        const struct task *t = &p->task;
        struct tcp_outcome outcome;

        p->fd = tcp_socket_open(t->to.family);
        if (p->fd < 0)
                return local_fault(p->fd);
        outcome = tcp_socket_connect(c->gate, p->fd, &t->to, t->zone_index, t->port);
        if ((outcome.code == 0 || outcome.code == -EINPROGRESS) &&
            epoll_ctl(c->epoll_fd, EPOLL_CTL_ADD, p->fd, &event) < 0)
                return local_fault(-errno);
        return outcome;
}

/* False: no look can be begun now. */
static bool start(struct confirmer *c)
{
        struct place *p = c->head < c->queue.n ? free_place(c) : NULL;
        struct tcp_outcome outcome;
        uint64_t now_ns;

        if (!p)
                return false;
        now_ns = clock_monotonic_ns();
        *p = (struct place){
                .fd = -1, .task = c->queue.at[c->head], .began_ns = now_ns, .left = CONFIRM_READ_MOST};
        p->look.address = p->task.to;
        p->look.port = p->task.port;
        outcome = start_connect(c, p);
        if (tcp_socket_later(outcome.code) && c->n_busy) {
                fd_close(&p->fd);
                c->limit = c->n_busy; /* one of these ends within seconds */
                return false;
        }
        c->head++;
        c->n_busy++;
        enter(p, PHASE_CONNECT, limit_ns(p));
        if (outcome.code != -EINPROGRESS)
                settle(c, p, outcome, now_ns);
        return true;
}

static void start_all(struct confirmer *c)
{
        while (start(c))
                ;
        if (c->head == c->queue.n)
                c->head = c->queue.n = 0;
}

static void take_events(struct confirmer *c, uint64_t now_ns)
{
        struct epoll_event events[EVENTS];
        int n;

        do {
                n = epoll_wait(c->epoll_fd, events, EVENTS, 0);
                for (int i = 0; i < n; i++)
                        go_on(c, events[i].data.ptr, now_ns);
        } while (n == EVENTS);
}

void confirmer_run(struct confirmer *c, uint64_t now_ns,
                   void (*done)(const struct confirm_look *look, void *arg), void *arg)
{
        unsigned busy = c->n_busy;

        c->done = done;
        c->arg = arg;
        take_events(c, now_ns);
        for (unsigned i = 0; i < c->n_places; i++)
                if (c->places[i].phase_end_ns <= now_ns)
                        go_on(c, &c->places[i], now_ns);
        if (c->n_busy < busy)
                c->limit = c->n_places;
        start_all(c);
}
