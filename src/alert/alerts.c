/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "alert/alerts.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/epoll.h>

#include "alert/child.h"
#include "alert/group.h"
#include "alert/queue.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/hash.h"
#include "base/text.h"
#include "base/vec.h"

#define NS_PER_MS   1000000u
#define BACKOFF_MS  1000
#define BACKOFF_MAX 300000
#define DELIVERY_MS \
        ((int64_t)(SINK_TIMEOUT_S + 5) * 1000) /* a child that has not ended by itself is killed */
#define CHILD_IDLE_MS 60000                    /* then it ends, and is started anew when needed */
#define REFUSED_MAX   3    /* times in a row; then those behind it are tried first */
#define SYNC_MS       1000 /* what waits so long is put on the disk: what is delivered at once never need be */

/* An alert that the receiver refused, and that others were let past. */
struct refused {
        uint64_t number;    /* in the queue */
        uint64_t delivered; /* how many were when it was put back */
};

struct out {
        const struct sink_config *c;
        struct alerts *set;
        struct group *group;
        struct queue *queue; /* NULL: another watch has it */
        struct child child;
        bool in_flight, keeps; /* keeps: the last alert could not be written to the queue's file */
        unsigned failures;
        uint64_t dropped; /* not yet told to the sink */
        unsigned n_refused; /* times in a row that the first one was */
        vec(struct refused) refused;
        bool refused_told;
        uint64_t delivered;
        int64_t used_ms, retry_ms;
        int64_t sync_ms; /* when its queue is to be synced; 0: it is */
};

struct alerts {
        struct sinks sinks;
        struct out *outs;
        size_t n;
        int epoll_fd;
        bool paused;
        alerts_say *say;
        void *arg;
        char asset[64]; /* of the last event */
};

static int64_t now(void)
{
        return (int64_t)(clock_monotonic_ns() / NS_PER_MS);
}

static int64_t real_now_ms(void)
{
        return clock_now_s() * 1000;
}

static void say(const struct out *o, const char *fmt, ...) _printf_(2, 3);

static void say(const struct out *o, const char *fmt, ...)
{
        _cleanup_str_ struct str safe = {0};
        struct err text = {0};
        va_list ap;

        va_start(ap, fmt);
        (void)vsnprintf(text.text, sizeof(text.text), fmt, ap);
        va_end(ap);
        str_addf(&safe, "sink '%s': ", o->c->name);
        text_add_printable(&safe, text.text);
        o->set->say(str_text(&safe), o->set->arg);
}

int64_t alerts_backoff_ms(unsigned failures, uint64_t random)
{
        int64_t base = BACKOFF_MS;

        while (--failures && base < BACKOFF_MAX)
                base *= 2;
        base = base < BACKOFF_MAX ? base : BACKOFF_MAX;
        return base + (int64_t)(random % (uint64_t)(base / 2 + 1));
}

/* --- into the queue -------------------------------------------------------------------------------- */

static void count_dropped(struct out *o, unsigned dropped)
{
        if (dropped && !o->dropped)
                say(o, "its queue is full; the oldest alerts are dropped");
        o->dropped += dropped;
}

static void enqueue(const struct alert *a, const char *event_json, size_t event_len, void *arg)
{
        _cleanup_str_ struct str record = {0};
        struct out *o = arg;
        struct err err = {0};
        unsigned dropped;
        int r;

        alert_write(&record, a, event_json, event_len);
        r = queue_push(o->queue, record.text, record.len, o->in_flight, &dropped, &err);
        if (r < 0) {
                say(o, "an alert is lost: %s", err.text);
                o->dropped++;
        } else if (r && !o->keeps) {
                say(o, "alerts wait in memory, and would end with this process: %s", err.text);
        }
        o->keeps = r > 0;
        count_dropped(o, dropped);
}

static bool is_wanted(const struct sink_config *c, const struct alert_event *e)
{
        if (e->planned)
                return false;
        return c->verdicts ? c->verdicts & 1u << e->verdict : e->verdict != VERDICT_APPROVED;
}

void alerts_event(struct alerts *a, const struct alert_event *e, int64_t now_ms)
{
        (void)snprintf(a->asset, sizeof(a->asset), "%s", e->asset);
        for (size_t i = 0; i < a->n; i++)
                if (a->outs[i].queue && is_wanted(a->outs[i].c, e))
                        group_event(a->outs[i].group, e, now_ms);
}

/* The receiver learns that it does not know all, once it can be reached. */
static void tell_dropped(struct out *o)
{
        _cleanup_str_ struct str id = {0}, message = {0};
        uint64_t dropped = o->dropped;
        struct alert a = {
                .asset = o->set->asset,
                .kind = "alerts-dropped",
                .subject = o->c->name,
                .count = dropped,
                .first_ms = real_now_ms(),
                .time_ms = real_now_ms(),
        };

        str_addf(&id, "dropped-%llx-%llu", (unsigned long long)clock_monotonic_ns(),
                 (unsigned long long)dropped);
        str_addf(&message,
                 "%llu alerts were dropped, as this sink could not be reached and its queue was full",
                 (unsigned long long)dropped);
        a.id = str_text(&id);
        a.message = str_text(&message);
        o->dropped = 0;
        enqueue(&a, NULL, 0, o);
}

/* --- out of the queue ------------------------------------------------------------------------------ */

static void failed(struct out *o, int64_t now_ms, const struct err *err)
{
        if (!o->failures++)
                say(o, "cannot deliver, will try again: %s", err->text);
        o->retry_ms = now_ms + alerts_backoff_ms(o->failures, hash_u64((uint64_t)clock_monotonic_ns()));
}

static struct refused *find_refused(struct out *o, uint64_t number)
{
        vec_foreach(one, &o->refused)
                if (one->number == number)
                        return one;
        return NULL;
}

static void forget_refused(struct out *o, uint64_t number)
{
        struct refused *one = find_refused(o, number);

        if (one)
                *one = o->refused.at[--o->refused.n];
}

static void take_off(struct out *o)
{
        struct err err = {0};

        o->n_refused = 0;
        forget_refused(o, queue_first_number(o->queue));
        if (queue_done(o->queue, &err) < 0)
                say(o, "an alert that was delivered may be sent again after a restart: %s", err.text);
}

static void delivered(struct out *o)
{
        take_off(o);
        if (o->failures)
                say(o, "delivers again; %zu wait", queue_count(o->queue));
        o->failures = 0;
        o->refused_told = false;
        o->delivered++;
        if (o->dropped)
                tell_dropped(o);
}

static void let_others_past(struct out *o)
{
        uint64_t before = queue_first_number(o->queue), number = queue_put_back(o->queue);

        if (!number)
                return;
        o->n_refused = 0;
        forget_refused(o, before);
        *vec_push(&o->refused) = (struct refused){number, o->delivered};
}

/*
 * It may be refused for what it says, as a name that a mail filter does not like: others must not wait behind it for
 * ever. When they were taken meanwhile and it is not, it is given up.
 */
static void refused(struct out *o, const struct err *err)
{
        const struct refused *before = find_refused(o, queue_first_number(o->queue));

        if (++o->n_refused < REFUSED_MAX)
                return;
        if (before && o->delivered > before->delivered) {
                say(o, "an alert is given up, as others were taken and it was not: %s", err->text);
                take_off(o);
                return;
        }
        if (queue_count(o->queue) < 2)
                return;
        if (!o->refused_told)
                say(o, "the first alert was refused %d times, so those behind it are tried: %s", REFUSED_MAX,
                    err->text);
        o->refused_told = true;
        let_others_past(o);
}

static int give(struct out *o, const struct str *record, struct err *err)
{
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = o};
        int r = 0;

        if (!o->child.pid) {
                r = child_start(&o->child, &o->set->sinks, o->c, err);
                if (r == 0 && epoll_ctl(o->set->epoll_fd, EPOLL_CTL_ADD, o->child.fd, &event) < 0)
                        r = err_errno(err, errno, "cannot wait for a process");
        }
        return r < 0 ? r : child_give(&o->child, record, err);
}

static void begin_delivery(struct out *o, int64_t now_ms)
{
        _cleanup_str_ struct str record = {0};
        struct err err = {0};
        int r = queue_first(o->queue, &record);

        if (r < 0) {
                say(o, "an alert is lost: its queue cannot be read: %s", strerror(-r));
                take_off(o);
                return;
        }
        o->used_ms = now_ms;
        if (give(o, &record, &err) < 0) {
                child_end(&o->child);
                failed(o, now_ms, &err);
                return;
        }
        o->in_flight = true;
}

static void take_answer(struct out *o, int64_t now_ms)
{
        struct err err = {0};
        int result = 0, r = child_answer(&o->child, &result, &err);

        if (r == -EAGAIN)
                return;
        o->used_ms = now_ms;
        if (r < 0) {
                (void)err_set(&err, -EAGAIN, "the process that sends has ended");
                result = r;
                child_end(&o->child);
        }
        if (!o->in_flight)
                return;
        o->in_flight = false;
        if (result == 0) {
                delivered(o);
        } else if (result == -EBADMSG) {
                say(o, "an alert is given up: %s", err.text);
                take_off(o);
        } else {
                failed(o, now_ms, &err);
                if (result == -EREMOTEIO)
                        refused(o, &err);
        }
}

static void sync_queue(struct out *o)
{
        struct err err = {0};

        o->sync_ms = 0;
        if (queue_sync(o->queue, &err) < 0)
                say(o, "a power cut would lose alerts: %s", err.text);
}

/* A sync may take long on a busy disk, and the watch waits for it: one a second at most, whatever comes. */
static void sync_when_due(struct out *o, int64_t now_ms)
{
        if (!queue_is_unsynced(o->queue))
                o->sync_ms = 0;
        else if (!o->sync_ms)
                o->sync_ms = now_ms + SYNC_MS;
        else if (now_ms >= o->sync_ms)
                sync_queue(o);
}

static bool may_begin(const struct out *o, int64_t now_ms)
{
        return !o->in_flight && !o->set->paused && queue_count(o->queue) &&
               (!o->failures || now_ms >= o->retry_ms);
}

static void step_out(struct out *o, int64_t now_ms)
{
        struct err err = {0};

        group_step(o->group, now_ms);
        if (o->in_flight && now_ms - o->used_ms >= DELIVERY_MS) {
                child_end(&o->child);
                o->in_flight = false;
                (void)err_set(&err, -ETIMEDOUT, "no answer within %u s", (unsigned)(DELIVERY_MS / 1000));
                failed(o, now_ms, &err);
        }
        if (may_begin(o, now_ms))
                begin_delivery(o, now_ms);
        if (!o->in_flight && o->child.pid && now_ms - o->used_ms >= CHILD_IDLE_MS)
                child_end(&o->child);
        sync_when_due(o, now_ms);
}

static int64_t earlier(int64_t a, int64_t b)
{
        return a < b ? a : b;
}

static int64_t next_of(const struct out *o, int64_t now_ms)
{
        int64_t next = group_next_ms(o->group);

        if (o->sync_ms)
                next = earlier(next, o->sync_ms);
        if (o->in_flight)
                return earlier(next, o->used_ms + DELIVERY_MS);
        if (queue_count(o->queue) && !o->set->paused)
                next = earlier(next, o->failures ? o->retry_ms : now_ms);
        if (o->child.pid)
                next = earlier(next, o->used_ms + CHILD_IDLE_MS);
        return next;
}

int64_t alerts_step(struct alerts *a, int64_t now_ms)
{
        struct epoll_event events[SINKS_MAX];
        int n = epoll_wait(a->epoll_fd, events, SINKS_MAX, 0);
        int64_t next = INT64_MAX;

        for (int i = 0; i < n; i++)
                take_answer(events[i].data.ptr, now_ms);
        for (size_t i = 0; i < a->n; i++)
                if (a->outs[i].queue) {
                        step_out(&a->outs[i], now_ms);
                        next = earlier(next, next_of(&a->outs[i], now_ms));
                }
        return next;
}

/* --- life ------------------------------------------------------------------------------------------ */

static int open_queue(struct out *o, const char *folder, struct err *err)
{
        _cleanup_free_ char *path = xasprintf("%s/%s.queue", folder, o->c->name);
        size_t lost = 0;
        int r = queue_open(path, o->c->queue, &o->queue, &lost, err);

        if (r == -EBUSY) {
                say(o, "not used, as another watch has it");
                return 0;
        }
        if (r < 0)
                return r;
        if (lost)
                say(o, "its queue was damaged: %zu bytes are lost, and the alerts that were there", lost);
        if (queue_count(o->queue))
                say(o, "%zu alerts wait from before", queue_count(o->queue));
        return 0;
}

int alerts_open(const struct sinks *sinks, const char *folder, alerts_say *say_it, void *arg,
                struct alerts **ret, struct err *err)
{
        _cleanup_(alerts_freep) struct alerts *a = xcalloc(1, sizeof(*a));

        *a = (struct alerts){.sinks = *sinks, .epoll_fd = epoll_create1(EPOLL_CLOEXEC), .say = say_it, .arg = arg};
        if (a->epoll_fd < 0)
                return err_errno(err, errno, "cannot make an epoll");
        a->outs = xcalloc(sinks->n ? sinks->n : 1, sizeof(*a->outs));
        for (; a->n < sinks->n; a->n++) {
                struct out *o = &a->outs[a->n];
                int r;

                *o = (struct out){.c = &sinks->at[a->n], .set = a, .child = {.fd = -1}};
                o->group = group_new((int64_t)o->c->group_s * 1000, o->c->kinds, enqueue, o);
                r = open_queue(o, folder, err);
                if (r < 0) {
                        a->n++;
                        return err_prefix(err, "sink '%s'", o->c->name);
                }
        }
        *ret = take_ptr(a);
        return 0;
}

struct alerts *alerts_free(struct alerts *a)
{
        if (!a)
                return NULL;
        for (size_t i = 0; i < a->n; i++) {
                child_end(&a->outs[i].child);
                group_freep(&a->outs[i].group);
                queue_freep(&a->outs[i].queue);
                vec_clear(&a->outs[i].refused);
        }
        free(a->outs);
        fd_close(&a->epoll_fd);
        free(a);
        return NULL;
}

int alerts_fd(const struct alerts *a)
{
        return a->epoll_fd;
}

void alerts_pause(struct alerts *a, int64_t now_ms)
{
        a->paused = true;
        for (size_t i = 0; i < a->n; i++)
                if (a->outs[i].queue)
                        group_flush(a->outs[i].group, now_ms);
}

bool alerts_busy(const struct alerts *a)
{
        for (size_t i = 0; i < a->n; i++)
                if (a->outs[i].in_flight)
                        return true;
        return false;
}

static bool can_deliver_more(const struct alerts *a, int64_t now_ms)
{
        for (size_t i = 0; i < a->n; i++)
                if (a->outs[i].queue && (a->outs[i].in_flight || may_begin(&a->outs[i], now_ms)))
                        return true;
        return false;
}

static void tell_left(const struct out *o)
{
        size_t kept = queue_kept(o->queue), n = queue_count(o->queue) - kept;

        if (n)
                say(o, "%zu alerts wait in its queue for the next start", n);
        if (kept)
                say(o, "%zu alerts are lost: they could not be written to its queue", kept);
}

void alerts_end(struct alerts *a, int64_t wait_ms)
{
        int64_t until = now() + wait_ms;

        alerts_pause(a, now());
        a->paused = false;
        (void)alerts_step(a, now());
        while (can_deliver_more(a, now()) && now() < until) {
                struct pollfd fd = {.fd = a->epoll_fd, .events = POLLIN};

                (void)poll(&fd, 1, (int)(until - now()) + 1);
                (void)alerts_step(a, now());
        }
        for (size_t i = 0; i < a->n; i++)
                if (a->outs[i].queue && queue_count(a->outs[i].queue)) {
                        sync_queue(&a->outs[i]);
                        tell_left(&a->outs[i]);
                }
}

/* --- test ------------------------------------------------------------------------------------------ */

static void write_test(const struct sink_config *c, const char *asset, struct str *to)
{
        struct alert a = {
                .asset = asset,
                .kind = "test",
                .subject = c->name,
                .message = "test of this sink by 'quaymaster watch --test-sinks': nothing happened",
                .count = 1,
                .first_ms = real_now_ms(),
                .time_ms = real_now_ms(),
                .test = true,
        };
        _cleanup_str_ struct str id = {0};

        str_addf(&id, "test-%llx-%llx", (unsigned long long)a.time_ms,
                 (unsigned long long)clock_monotonic_ns());
        a.id = str_text(&id);
        alert_write(to, &a, NULL, 0);
}

static int wait_for_answer(const struct child *child, int64_t until_ms, struct err *err)
{
        struct pollfd fd = {.fd = child->fd, .events = POLLIN};
        int result = 0, r = -EAGAIN;

        while (r == -EAGAIN && now() < until_ms) {
                (void)poll(&fd, 1, (int)(until_ms - now()));
                r = child_answer(child, &result, err);
        }
        if (r == 0)
                return result;
        return r == -EAGAIN ? err_set(err, -ETIMEDOUT, "no answer in time")
                            : err_set(err, r, "the process that sends has ended");
}

void alerts_test(const struct sinks *sinks, const char *asset, alerts_tested *tell, void *arg)
{
        for (size_t i = 0; i < sinks->n; i++) {
                _cleanup_(child_end) struct child child = {.fd = -1};
                _cleanup_str_ struct str record = {0};
                struct err err = {0};
                int r = child_start(&child, sinks, &sinks->at[i], &err);

                write_test(&sinks->at[i], asset, &record);
                if (r == 0)
                        r = child_give(&child, &record, &err);
                if (r == 0)
                        r = wait_for_answer(&child, now() + DELIVERY_MS, &err);
                tell(&sinks->at[i], r, &err, arg);
        }
}
