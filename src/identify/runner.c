/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "identify/engine.h"

#define CONNECTIONS      192u
#define HOST_CONNECTIONS 40u
#define MARGIN           64u /* descriptors for the rest of the program */
#define EVENTS           128
#define PROGRESS_NS      250000000ull

bool identify_knows(enum transport transport, uint16_t port)
{
        for (size_t i = 0; i < n_probes; i++)
                if (probes[i]->talk && probe_has_port(probes[i], transport, port))
                        return true;
        return false;
}

int identify_open(struct identify **ret, const struct identify_options *options, struct err *err)
{
        _cleanup_(identify_freep) struct identify *i = xcalloc(1, sizeof(*i));
        struct rlimit limit;
        int r = tls_start(err);

        i->options = *options;
        i->epoll = epoll_create1(EPOLL_CLOEXEC);
        if (r == 0 && i->epoll < 0)
                r = err_set(err, -errno, "epoll_create1: %m");
        if (r < 0)
                return r;
        if (!i->options.connections)
                i->options.connections = CONNECTIONS;
        if (!i->options.host_connections)
                i->options.host_connections = HOST_CONNECTIONS;
        if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && i->options.connections + MARGIN > limit.rlim_cur)
                i->options.connections =
                        limit.rlim_cur > 2 * MARGIN ? (unsigned)limit.rlim_cur - MARGIN : MARGIN / 2;
        *ret = i;
        i = NULL;
        return 0;
}

void identify_add(struct identify *i, const struct identify_job *job)
{
        *vec_push(&i->jobs) = *job;
}

/* Jobs of a host come one after the other, so the last one is nearly always it. */
static struct host_use *host_of(struct identify *i, const struct address *address)
{
        struct host_use *host;

        for (size_t n = i->hosts.n; n > 0; n--)
                if (address_compare(&i->hosts.at[n - 1]->address, address) == 0)
                        return i->hosts.at[n - 1];
        host = xcalloc(1, sizeof(*host));
        host->address = *address;
        *vec_push(&i->hosts) = host;
        return host;
}

/* --- works ---------------------------------------------------------------------------------------- */

static void work_free(struct work *w)
{
        str_release(&w->first);
        pool_free(w->pool);
        free(w);
}

static void work_end(struct identify *i, size_t at)
{
        struct work *w = i->works[at];
        struct identity id;

        strategy_result(w, i->now_ns, &id);
        i->options.done(&w->job, &id, i->options.arg);
        i->done++;
        i->works[at] = i->works[--i->n_works];
        work_free(w);
}

static void work_begin(struct identify *i)
{
        const struct identify_job *job = &i->jobs.at[i->next_job++];
        struct work *w = xcalloc(1, sizeof(*w));

        w->runner = i;
        w->job = *job;
        w->pool = pool_new();
        w->began_ns = i->now_ns;
        w->host = host_of(i, &job->endpoint.address);
        (void)address_format(&job->endpoint.address, w->address);
        identity_init(&w->best);
        i->works[i->n_works++] = w;
}

static bool has_room(const struct identify *i, const struct host_use *host)
{
        return i->n_conversations < i->options.connections && host->open < i->options.host_connections;
}

static void begin_conversations(struct identify *i, struct work *w)
{
        struct attempt attempt;
        int code;

        while (has_room(i, w->host) && strategy_next(w, i->now_ns, &attempt)) {
                struct conversation *c = conversation_new(w, &attempt, &code);

                if (!c) {
                        w->failed_connects++; /* refused, or nothing to connect with: given up after two */
                        continue;
                }
                w->host->open++;
                i->conversations[i->n_conversations++] = c;
        }
}

static void fill(struct identify *i)
{
        for (size_t n = 0; n < i->n_works; n++)
                begin_conversations(i, i->works[n]);
        while (i->next_job < i->jobs.n && i->n_works < i->options.connections &&
               has_room(i, host_of(i, &i->jobs.at[i->next_job].endpoint.address))) {
                work_begin(i);
                begin_conversations(i, i->works[i->n_works - 1]);
        }
}

/* --- the loop ------------------------------------------------------------------------------------- */

static void conversation_end(struct identify *i, size_t at)
{
        struct conversation *c = i->conversations[at];
        struct work *w = c->work;

        strategy_take(w, c);
        w->open--;
        w->host->open--;
        i->conversations[at] = i->conversations[--i->n_conversations];
        (void)conversation_free(c);
}

static void end_what_is_over(struct identify *i)
{
        for (size_t n = i->n_conversations; n > 0; n--)
                if (i->conversations[n - 1]->state == CONVERSATION_OVER)
                        conversation_end(i, n - 1);
        for (size_t n = i->n_conversations; n > 0;
             n--) { /* what others of the same port would tell is not needed any more */
                struct conversation *c = i->conversations[n - 1];

                if (c->work->decided && c->attempt.kind != ATTEMPT_HELLO)
                        conversation_end(i, n - 1);
        }
        for (size_t n = i->n_works; n > 0; n--)
                if (strategy_over(i->works[n - 1], i->now_ns))
                        work_end(i, n - 1);
}

static int wait_ms(const struct identify *i)
{
        uint64_t next = i->now_ns + 1000 * 1000000ull;

        for (size_t n = 0; n < i->n_conversations; n++)
                if (i->conversations[n]->deadline_ns < next)
                        next = i->conversations[n]->deadline_ns;
        for (size_t n = 0; n < i->n_works; n++)
                if (i->works[n]->next_ns > i->now_ns && i->works[n]->next_ns < next)
                        next = i->works[n]->next_ns;
        return next > i->now_ns ? (int)((next - i->now_ns + 999999) / 1000000) : 0;
}

static int turn(struct identify *i, struct err *err)
{
        struct epoll_event events[EVENTS];
        int n = epoll_wait(i->epoll, events, EVENTS, wait_ms(i));

        if (n < 0 && errno != EINTR)
                return err_set(err, -errno, "epoll_wait: %m");
        i->now_ns = clock_monotonic_ns();
        for (int e = 0; e < n; e++) {
                struct conversation *c = events[e].data.ptr;

                if (c->state != CONVERSATION_OVER)
                        conversation_go(c, events[e].events, i->now_ns);
        }
        for (size_t k = 0; k < i->n_conversations; k++) {
                struct conversation *c = i->conversations[k];

                if (c->state != CONVERSATION_OVER && i->now_ns >= c->deadline_ns)
                        conversation_go(c, 0, i->now_ns);
        }
        end_what_is_over(i);
        return 0;
}

static void stopped(struct identify *i)
{
        for (size_t n = i->n_conversations; n > 0; n--)
                conversation_end(i, n - 1);
        for (size_t n = i->n_works; n > 0; n--)
                work_end(i, n - 1);
        for (; i->next_job < i->jobs.n; i->next_job++, i->done++) {
                struct identity id;

                identity_init(&id);
                id.behaviour = BEHAVIOUR_NOT_ASKED;
                id.why = "the scan was stopped before its turn";
                i->options.done(&i->jobs.at[i->next_job], &id, i->options.arg);
        }
}

static void tell_progress(struct identify *i)
{
        if (!i->options.progress || i->now_ns < i->next_progress_ns)
                return;
        i->next_progress_ns = i->now_ns + PROGRESS_NS;
        i->options.progress(i->done, i->jobs.n, i->options.arg);
}

int identify_run(struct identify *i, struct err *err)
{
        int r = 0;

        if (!i->works) {
                i->works = xcalloc(i->options.connections, sizeof(*i->works));
                i->conversations = xcalloc(i->options.connections, sizeof(*i->conversations));
        }
        i->now_ns = clock_monotonic_ns();
        while (r == 0 && i->done < i->jobs.n) {
                if (i->options.stop && *i->options.stop) {
                        stopped(i);
                        break;
                }
                fill(i);
                end_what_is_over(i);
                if (i->n_conversations || i->n_works)
                        r = turn(i, err);
                tell_progress(i);
        }
        return r;
}

struct identify *identify_free(struct identify *i)
{
        if (!i)
                return NULL;
        for (size_t n = 0; n < i->n_conversations; n++)
                (void)conversation_free(i->conversations[n]);
        for (size_t n = 0; n < i->n_works; n++)
                work_free(i->works[n]);
        for (size_t n = 0; n < i->hosts.n; n++)
                free(i->hosts.at[n]);
        free(i->works);
        free(i->conversations);
        vec_clear(&i->hosts);
        vec_clear(&i->jobs);
        if (i->epoll >= 0)
                (void)close(i->epoll);
        free(i);
        return NULL;
}
