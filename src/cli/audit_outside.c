/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/audit_outside.h"

#include <errno.h>

#include "assess/assess.h"
#include "base/clock.h"
#include "cli/inside_files.h"
#include "cli/outside_run.h"
#include "cli/policy_run.h"

/* A host that was looked at, and where its inside view is. */
struct audited_host {
        struct host_coverage *coverage;
        const char *asset; /* NULL: there is no inside view of it */
        const char *netns;
        const struct listener *listeners;
        size_t n_listeners;
        bool complete, itself;
};

struct audit {
        struct policy_run policy;
        struct outside *outside;
        struct assessment *self; /* of this machine; NULL: not among the targets, or not to be looked at */
        const char *self_netns;
        bool self_complete;
        struct inside_files inside;
        vec(struct audited_host) hosts;
        struct str failure; /* what the user wanted joined, and could not be */
};

static void release(struct outside_run *run)
{
        struct audit *audit = run->use_data;

        vec_foreach(host, &audit->hosts)
                free(host->coverage);
        vec_clear(&audit->hosts);
        outside_freep(&audit->outside);
        assess_freep(&audit->self);
        inside_files_release(&audit->inside);
        policy_run_release(&audit->policy);
        str_release(&audit->failure);
        free(audit);
}

/* --- the inside views ---------------------------------------------------------------------------- */

static void look_at_self(struct outside_run *run, struct audit *audit)
{
        const struct inside *view = run->self.view;

        if (!run->self.sockets)
                return;
        audit->self = assess_correlate(view, run->knowledge);
        assess_reach(audit->self, audit->policy.has_estate ? &audit->policy.estate : NULL);
        audit->self_complete = true;
        vec_foreach(gap, &view->gaps)
                audit->self_complete &= !gap->incomplete;
        vec_foreach(netns, &view->netns)
                if (netns->own)
                        audit->self_netns = netns->role;
}

static int open_inside(struct outside_run *run)
{
        struct audit *audit = run->use_data;
        const char *what = invocation_get(run->in, "inside");
        int r = policy_run_open(&audit->policy, run->in, run->err);

        if (r == 0)
                r = fail_on_check(&audit->policy, invocation_get(run->in, "fail-on"), run->err);
        if (r < 0)
                return r;
        look_at_self(run, audit);
        if (!what)
                return 0;
        if (!streq(what, "self"))
                return inside_files_open(&audit->inside, what, run->err);
        if (run->request.no_inside)
                return err_set(run->err, -EINVAL, "'--inside self' and '--no-inside' contradict each other");
        if (!scan_self_among(&run->own, &run->targets))
                return err_set(run->err, -EINVAL, "'--inside self': none of the targets is this machine");
        return audit->self ? 0
                           : err_set(run->err, -EIO,
                                     "'--inside self': the sockets of this machine cannot be read");
}

static const char *name_of(struct outside_run *run, const struct address *address)
{
        return outside_subject(address, run).name;
}

/* Whose inside view tells of that address; host->asset stays NULL where there is none. */
static void find_inside(struct outside_run *run, const struct address *address, struct audited_host *host)
{
        struct audit *audit = run->use_data;
        const struct inside_place *place = NULL;
        const struct records_asset *asset;

        if (audit->self && scan_self_has(&run->self, address)) {
                host->asset = run->self.view->asset;
                host->netns = audit->self_netns;
                host->listeners = audit->self->listeners.at;
                host->n_listeners = audit->self->listeners.n;
                host->complete = audit->self_complete;
                host->itself = true;
                return;
        }
        if (audit->inside.places.n)
                place = inside_files_find(&audit->inside, address, name_of(run, address));
        if (!place)
                return;
        asset = inside_files_asset(&audit->inside, place);
        host->asset = asset->asset;
        host->netns = place->netns;
        host->listeners = asset->listeners.at;
        host->n_listeners = asset->listeners.n;
        host->complete = asset->summary && asset->complete;
}

/* What records call the asset of an address: as the inside view does, so that both are one. */
static struct scan_subject subject(const struct address *address, void *arg)
{
        struct outside_run *run = arg;
        struct scan_subject subject = outside_subject(address, run);
        struct audited_host host = {0};

        find_inside(run, address, &host);
        if (host.asset)
                subject.asset = host.asset;
        return subject;
}

/* --- what is seen -------------------------------------------------------------------------------- */

static int begin(struct outside_run *run)
{
        struct audit *audit = run->use_data;

        run->head.subject = subject;
        return inside_files_read(&audit->inside, run->err);
}

/* Closed and filtered ports are asked for, or tell why a listener is not reached. */
static bool is_wanted(struct outside_run *run, const struct endpoint *e)
{
        struct audited_host host = {0};

        if (run->request.all_states || e->state == ENDPOINT_OPEN || e->state == ENDPOINT_OPEN_FILTERED)
                return true;
        find_inside(run, &e->address, &host);
        return host.asset != NULL;
}

static void on_endpoint(const struct endpoint *endpoint, const struct identity *identity,
                        struct outside_run *run)
{
        struct outside *o = ((struct audit *)run->use_data)->outside;

        if (is_wanted(run, endpoint))
                outside_add(o, endpoint, identity ? identity_copy(o->pool, identity) : NULL);
}

static void on_host(const struct host_coverage *coverage, struct outside_run *run)
{
        struct audit *audit = run->use_data;
        struct audited_host host = {.coverage = xmalloc(sizeof(*coverage))};

        *host.coverage = *coverage;
        find_inside(run, &coverage->address, &host);
        *vec_push(&audit->hosts) = host;
}

/* --- judgement ----------------------------------------------------------------------------------- */

static int compare_hosts(const void *a, const void *b)
{
        const struct audited_host *x = a, *y = b;

        return address_compare(&x->coverage->address, &y->coverage->address);
}

/* One reconciliation takes all addresses of one namespace of one machine. */
static bool is_together(const struct audited_host *a, const struct audited_host *b)
{
        return b->asset && a->listeners == b->listeners && streq(a->asset, b->asset) &&
               streq(a->netns, b->netns);
}

static void join(struct outside_run *run, struct audit *audit, size_t first)
{
        const struct audited_host *host = &audit->hosts.at[first];
        vec(struct address) addresses = {0};
        vec(const struct host_coverage *) coverage = {0};
        struct reconcile_input in = {
                .knowledge = run->knowledge,
                .asset = host->asset,
                .listeners = host->listeners,
                .n_listeners = host->n_listeners,
                .netns = host->netns,
                .complete = host->complete,
                .from_itself = host->itself,
                .asked = {&run->ports.of[TRANSPORT_TCP], &run->ports.of[TRANSPORT_UDP]},
        };

        for (size_t i = first; i < audit->hosts.n; i++)
                if (is_together(host, &audit->hosts.at[i])) {
                        *vec_push(&addresses) = audit->hosts.at[i].coverage->address;
                        *vec_push(&coverage) = audit->hosts.at[i].coverage;
                }
        in.addresses = addresses.at;
        in.n_addresses = addresses.n;
        in.hosts = coverage.at;
        outside_reconcile(audit->outside, &in);
        vec_clear(&addresses);
        vec_clear(&coverage);
}

static bool is_first(const struct audit *audit, size_t at)
{
        for (size_t i = 0; i < at; i++)
                if (audit->hosts.at[i].asset && is_together(&audit->hosts.at[i], &audit->hosts.at[at]))
                        return false;
        return audit->hosts.at[at].asset != NULL;
}

static void judge(struct outside_run *run, struct audit *audit)
{
        outside_judge(audit->outside, run->knowledge, outside_estate(run), clock_now_s());
        policy_run_judge_outside(&audit->policy, run->knowledge, audit->outside);
        vec_sort(&audit->hosts, compare_hosts);
        for (size_t i = 0; i < audit->hosts.n; i++)
                if (is_first(audit, i))
                        join(run, audit, i);
}

/* One file was named, and is of a machine that was not among the targets. */
static void check_joined(struct outside_run *run, struct audit *audit, struct scan_end *how)
{
        const struct inside_file *file = audit->inside.files.at;

        if (!file || audit->inside.folder || file->used)
                return;
        if (how->failure)
                str_addf(&audit->failure, "%s; ", how->failure);
        str_addf(
                &audit->failure,
                "'--inside %s': none of the addresses asked is known to be of that machine: name it with its "
                "addresses in estate.yaml (assets:), as its host name is",
                file->path);
        how->failure = str_text(&audit->failure);
        how->result.complete = false;
}

static int end(struct outside_run *run, struct scan_end *how)
{
        struct audit *audit = run->use_data;
        int r;

        judge(run, audit);
        check_joined(run, audit, how);
        run->head.judged = audit->outside;
        run->findings = fail_on_reached_outside(audit->outside, invocation_get(run->in, "fail-on"));
        r = scan_writer_begin(&run->writer, run->request.format, &run->head, run->output.fd, run->err);
        vec_foreach(o, &audit->outside->observed)
                if (r == 0)
                        r = scan_writer_observed(&run->writer, o);
        vec_foreach(host, &audit->hosts)
                if (r == 0)
                        r = scan_writer_host(&run->writer, host->coverage);
        return r == 0 ? scan_writer_end(&run->writer, how) : r;
}

int audit_outside(const struct invocation *in, struct err *err)
{
        static const struct outside_use use = {
                .identify = true,
                .whole_self = true,
                .open = open_inside,
                .begin = begin,
                .endpoint = on_endpoint,
                .host = on_host,
                .end = end,
                .release = release,
        };
        struct audit *audit = xcalloc(1, sizeof(*audit));

        audit->outside = outside_new();
        return outside_run(in, &use, audit, err);
}
