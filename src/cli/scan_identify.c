/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/scan_identify.h"

static struct scan_identify_host *host_of(struct scan_identify *s, const struct identify_job *job)
{
        return &s->hosts.at[(uintptr_t)job->arg];
}

static void on_done(const struct identify_job *job, const struct identity *id, void *arg)
{
        struct scan_identify *s = arg;
        struct scan_identify_host *host = host_of(s, job);
        struct endpoint e = job->endpoint;

        if (job->doubtful && id->confidence > CONFIDENCE_REGISTERED && host->coverage) {
                e.state = ENDPOINT_OPEN;
                e.reason = REASON_REPLY;
                host->coverage->by_state[TRANSPORT_UDP][ENDPOINT_OPEN_FILTERED]--;
                host->coverage->by_state[TRANSPORT_UDP][ENDPOINT_OPEN]++;
                s->opened++;
        }
        s->endpoint(&e, e.state == ENDPOINT_OPEN ? id : NULL, s->arg);
        if (--host->left == 0 && host->coverage) {
                s->host(host->coverage, s->arg);
                free(host->coverage);
                host->coverage = NULL;
        }
}

static void on_progress(size_t done, size_t all, void *arg)
{
        struct scan_identify *s = arg;

        s->progress(done, all, s->arg);
}

int scan_identify_open(struct scan_identify *s, struct err *err)
{
        s->gate = (struct gate){.scope = s->scope};
        return identify_open(&s->engine,
                             &(struct identify_options){
                                     .gate = &s->gate,
                                     .stop = s->stop,
                                     .done = on_done,
                                     .progress = on_progress,
                                     .arg = s,
                             },
                             err);
}

/* Slow servers outlast a scan: RADIUS waits a second before it rejects. */
static bool is_doubtful(const struct endpoint *e)
{
        return e->state == ENDPOINT_OPEN_FILTERED && e->transport == TRANSPORT_UDP &&
               identify_knows(TRANSPORT_UDP, e->port);
}

void scan_identify_endpoint(struct scan_identify *s, const struct endpoint *endpoint)
{
        if (endpoint->state == ENDPOINT_OPEN || is_doubtful(endpoint))
                *vec_push(&s->endpoints) = *endpoint;
        else
                s->endpoint(endpoint, NULL, s->arg);
}

/*
 * Endpoints of several hosts may come mixed: those of this host are brought to the front of what no host has
 * yet. How many.
 */
static size_t gather(struct scan_identify *s, const struct address *address)
{
        size_t n = 0;

        for (size_t i = s->begun; i < s->endpoints.n; i++) {
                struct endpoint e = s->endpoints.at[i];

                if (address_compare(&e.address, address) != 0)
                        continue;
                s->endpoints.at[i] = s->endpoints.at[s->begun + n];
                s->endpoints.at[s->begun + n++] = e;
        }
        return n;
}

void scan_identify_host_done(struct scan_identify *s, const struct host_coverage *coverage)
{
        size_t n = gather(s, &coverage->address);
        struct scan_identify_host *host;

        if (!n) {
                s->host(coverage, s->arg);
                return;
        }
        host = vec_push(&s->hosts);
        host->coverage = xmalloc(sizeof(*host->coverage));
        *host->coverage = *coverage;
        host->first = s->begun;
        host->n = host->left = n;
        s->begun += n;
}

static void add_host(struct scan_identify *s, size_t at)
{
        const struct scan_identify_host *host = &s->hosts.at[at];
        const struct address *address = &host->coverage->address;
        struct device_limits limits =
                s->estate ? estate_limits(s->estate, address) : (struct device_limits){0};
        struct identify_job job = {
                .name = s->name(address, s->arg),
                .class = s->estate ? estate_class(s->estate, address) : DEVICE_NONE,
                .no_payload = limits.no_identify,
                .industrial = limits.industrial,
                .arg = (void *)(uintptr_t)at,
        };

        for (size_t i = host->first; i < host->first + host->n; i++) {
                job.endpoint = s->endpoints.at[i];
                job.doubtful = is_doubtful(&job.endpoint);
                identify_add(s->engine, &job);
        }
}

int scan_identify_run(struct scan_identify *s, struct err *err)
{
        /* a scan that broke off has hosts that were not done: what was found open there is told as it is */
        for (size_t i = s->begun; i < s->endpoints.n; i++)
                s->endpoint(&s->endpoints.at[i], NULL, s->arg);
        s->endpoints.n = s->begun;
        for (size_t i = 0; i < s->hosts.n; i++)
                add_host(s, i);
        return identify_run(s->engine, err);
}

void scan_identify_release(struct scan_identify *s)
{
        identify_freep(&s->engine);
        for (size_t i = 0; i < s->hosts.n; i++)
                free(s->hosts.at[i].coverage);
        vec_clear(&s->hosts);
        vec_clear(&s->endpoints);
}
