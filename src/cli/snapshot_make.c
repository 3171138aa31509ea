/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/snapshot_file.h"

#include "base/str.h"
#include "model/zone_states.h"

static const char *keep(struct snapshot *to, const char *text)
{
        return pool_intern(to->pool, text);
}

/* --- the inside view ------------------------------------------------------------------------------ */

const struct process *snapshot_owner(const struct listener *l)
{
        const struct process *first = NULL;

        for (size_t i = 0; i < l->n_processes; i++) {
                const struct process *p = l->processes[i];
                int order = !p->exe ? 1 : !first ? -1 : strcmp(p->exe, first->exe);

                if (order < 0 || (order == 0 && p->user && first->user && strcmp(p->user, first->user) < 0))
                        first = p;
        }
        return first;
}

static void add_listener(struct snapshot *to, const struct listener *l)
{
        const struct process *owner = snapshot_owner(l);
        const struct service *unit = l->unit ? l->unit : l->activation;

        *vec_push(&to->items) = (struct item){
                .kind = ITEM_LISTENER,
                .transport = (uint8_t)l->transport,
                .port = l->port,
                .port_last = l->port_last > l->port ? l->port_last : 0,
                .address = l->address,
                .asset = to->asset,
                .netns = l->netns ? keep(to, l->netns->role) : NULL,
                .device = keep(to, l->device),
                .exe = owner ? keep(to, owner->exe) : NULL,
                .user = owner ? keep(to, owner->user) : NULL,
                .unit = unit ? keep(to, unit->name) : NULL,
                .package = l->package ? keep(to, l->package->name) : NULL,
                .version = l->package ? keep(to, l->package->version) : NULL,
                .protocol = l->confidence == CONFIDENCE_REGISTERED ? NULL : keep(to, l->protocol),
                .exposure = keep(to, exposure_scope_name(l->exposure.scope)),
                .zones = zone_states_of(to->pool, &l->exposure),
                .container = l->container ? keep(to, l->container->name) : NULL,
        };
}

static void add_service(struct snapshot *to, const struct inside *view, const struct service *s)
{
        const struct package *package =
                s->package < view->packages.n ? &view->packages.at[s->package] : NULL;

        *vec_push(&to->items) = (struct item){
                .kind = ITEM_SERVICE,
                .asset = to->asset,
                .name = keep(to, s->name),
                .package = package ? keep(to, package->name) : NULL,
                .version = package ? keep(to, package->version) : NULL,
                .startup = keep(to, s->startup),
                .running = keep(to, s->state),
        };
}

void snapshot_from_inside(struct snapshot *to, const struct assessment *a, bool all_services)
{
        const struct inside *view = a->view;

        to->asset = keep(to, view->asset);
        to->hostname = keep(to, view->hostname);
        to->vantage = keep(to, "inside");
        to->netns = keep(to, view->only);
        to->time_s = view->time_s;
        to->absent = 1u << ITEM_ENDPOINT | (all_services ? 0 : 1u << ITEM_SERVICE);
        vec_foreach(l, &a->listeners)
                add_listener(to, l);
        if (all_services)
                vec_foreach(s, &view->services)
                        add_service(to, view, s);
        vec_foreach(gap, &view->gaps) {
                if (!gap->incomplete)
                        continue;
                snapshot_add_reason(to, gap->reason);
                to->partial |= snapshot_partial_by(gap->source);
        }
}

/* --- files of other programs ---------------------------------------------------------------------- */

static const char *encryption_of(const struct identity *id)
{
        return !id || id->encryption == ENCRYPTION_UNKNOWN ? NULL : encryption_name(id->encryption);
}

static void add_endpoint(struct snapshot *to, const struct import *im, const struct import_endpoint *e)
{
        const struct endpoint *at = &e->endpoint;
        const struct identity *id = e->identity;
        bool spoke = id && id->confidence != CONFIDENCE_REGISTERED && !streq(id->protocol, "unknown");

        *vec_push(&to->items) = (struct item){
                .kind = ITEM_ENDPOINT,
                .transport = (uint8_t)at->transport,
                .port = at->port,
                .address = at->address,
                .device = at->zone_index && at->zone_index <= im->devices.n
                                  ? keep(to, im->devices.at[at->zone_index - 1])
                                  : NULL,
                .protocol = spoke ? keep(to, id->protocol) : NULL,
                .encryption = keep(to, encryption_of(id)),
                .product = id ? keep(to, id->product) : NULL,
                .version = id ? keep(to, id->version) : NULL,
        };
}

static void add_faults(struct snapshot *to, const struct import *im)
{
        vec_foreach(fault, &im->faults)
                snapshot_add_reason(to, fault->line
                                                ? pool_printf(to->pool, "line %llu: %s",
                                                              (unsigned long long)fault->line, fault->text)
                                                : fault->text);
        if (im->n_faults > im->faults.n)
                snapshot_add_reason(to, pool_printf(to->pool, "and %llu more",
                                                    (unsigned long long)(im->n_faults - im->faults.n)));
}

static void add_hosts(struct snapshot *to, const struct import *im)
{
        vec_foreach(host, &im->hosts) {
                if (!host->cut)
                        continue;
                *vec_push(&to->undecided) = host->address;
                to->partial |= 1u << ITEM_ENDPOINT;
                to->complete = false;
        }
        if (to->undecided.n)
                snapshot_add_reason(to, "some hosts were not asked to the end");
        if (im->n_faults) /* what was left out may be of any host */
                vec_clear(&to->undecided);
}

void snapshot_from_import(struct snapshot *to, const struct import *im)
{
        int64_t time_s = im->finished_s ? im->finished_s : im->started_s;

        if (im->importer->inside)
                return;
        to->vantage = keep(to, "imported");
        if (time_s)
                to->time_s = time_s;
        to->absent = 1u << ITEM_LISTENER | 1u << ITEM_SERVICE;
        to->complete = im->complete;
        vec_reserve(&to->items, im->endpoints.n);
        vec_foreach(e, &im->endpoints)
                if (e->endpoint.state == ENDPOINT_OPEN)
                        add_endpoint(to, im, e);
        add_faults(to, im);
        add_hosts(to, im);
}
