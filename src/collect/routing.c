/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What of routing the packet filter's answers hang on: by which devices leave the packets that it passes on, which
 * parts of attached networks are reached by another device, and which addresses are this host's own by a route.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <pthread.h>
#include <sched.h>

#include "base/fd.h"
#include "collect/collector.h"
#include "collect/netns.h"
#include "collect/routes.h"
#include "model/ruleset.h"

#define SOURCE     "routes"
#define ROUTED_MAX 4096 /* of one namespace */

typedef vec(struct address) address_list;

/* One namespace. */
struct place {
        struct collection *c;
        uint32_t netns;
        address_list targets; /* where its forwards lead: sorted, each once */
};

struct visiting {
        struct collection *c;
        const char *failed; /* role of the first namespace of which nothing can be told */
        struct err err;
};

static int compare_addresses(const void *a, const void *b)
{
        return address_compare(a, b);
}

static void gather_targets(struct place *p)
{
        address_list *list = &p->targets;
        size_t n = 0;

        list->n = 0;
        vec_foreach(forward, &p->c->view->forwards)
                if (forward->netns == p->netns && forward->to.family)
                        *vec_push(list) = forward->to;
        vec_sort(list, compare_addresses);
        vec_foreach(address, list)
                if (!n || address_compare(&list->at[n - 1], address) != 0)
                        list->at[n++] = *address;
        list->n = n;
}

/* --- which routes matter --------------------------------------------------------------------------- */

/* The first address that is not below its network lies in it, or none does. */
static bool leads_to_target(const struct place *p, const struct route *route)
{
        size_t low = 0, high = p->targets.n;

        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (address_compare(&p->targets.at[middle], &route->to) < 0)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low < p->targets.n && route_covers(route, &p->targets.at[low]);
}

static bool is_local(const struct place *p, const struct route *route)
{
        if ((route->type != RTN_LOCAL && route->type != RTN_ANYCAST) || address_is_loopback(&route->to))
                return false;
        if (route->prefix_len == (route->to.family == 4 ? 32 : 128))
                vec_foreach(a, &p->c->view->addresses)
                        if (a->netns == p->netns && address_compare(&a->address, &route->to) == 0)
                                return false;
        return true;
}

/* It leads to a part of a network that is attached to another device. */
static bool is_detour(const struct place *p, const struct route *route)
{
        if (route->type != RTN_UNICAST)
                return false;
        vec_foreach(a, &p->c->view->addresses) {
                struct route attached = {.to = a->network, .prefix_len = a->prefix_len};

                if (a->netns == p->netns && a->up && a->ifindex != route->ifindex &&
                    a->prefix_len <= route->prefix_len && route_covers(&attached, &route->to))
                        return true;
        }
        return false;
}

static bool is_wanted(const struct route *route, const void *arg)
{
        const struct place *p = arg;

        return leads_to_target(p, route) || is_local(p, route) || is_detour(p, route);
}

/* --- what is kept of them -------------------------------------------------------------------------- */

static const char *device_name(const struct place *p, uint32_t ifindex)
{
        char name[IF_NAMESIZE];

        return ifindex && if_indextoname(ifindex, name) ? pool_intern(p->c->view->pool, name) : NULL;
}

static void keep_ways_out(const struct place *p, const struct routes *routes)
{
        vec_foreach(to, &p->targets) {
                struct way_out way = {.netns = p->netns, .to = *to};

                if (!routes_may_wrap(routes, to)) {
                        way.device = device_name(p, routes_way_out(routes, to));
                        if (!way.device)
                                continue;
                }
                *vec_push(&p->c->view->ways_out) = way;
        }
}

static void keep_routed(const struct place *p, const struct routes *routes)
{
        struct inside *view = p->c->view;
        size_t n = 0;

        vec_foreach(route, &routes->routes) {
                bool local = is_local(p, route);

                if (!local && !is_detour(p, route))
                        continue;
                if (n++ == ROUTED_MAX) {
                        inside_gap(view, SOURCE, NULL, false,
                                   "namespace '%s' has more than %d routes beside the networks of its devices: what "
                                   "the packet filter lets in is told as if it had no more",
                                   view->netns.at[p->netns].role, ROUTED_MAX);
                        return;
                }
                *vec_push(&view->routed) = (struct routed){
                        .netns = p->netns,
                        .to = route->to,
                        .prefix_len = route->prefix_len,
                        .local = local,
                        .device = local ? NULL : device_name(p, route->ifindex),
                };
        }
}

static int enter(const struct place *p, struct err *err)
{
        _cleanup_close_ int fd = -1;

        if (p->c->view->netns.at[p->netns].own)
                return 0;
        fd = netns_open(p->c, p->netns);
        if (fd < 0)
                return err_errno(err, -fd, "entering it");
        return setns(fd, CLONE_NEWNET) < 0 ? err_errno(err, errno, "entering it") : 0;
}

static int look(struct place *p, struct err *err)
{
        struct routes routes = {0};
        int r = enter(p, err);

        gather_targets(p);
        if (r == 0)
                r = routes_read(&routes, is_wanted, p, err);
        if (r == 0) {
                keep_ways_out(p, &routes);
                keep_routed(p, &routes);
        }
        routes_release(&routes);
        return r;
}

/* --- the namespaces -------------------------------------------------------------------------------- */

/* Rules ask for devices, or for addresses, or listeners are bound to a device; where rules are unknown, all is. */
static bool matters(const struct inside *view, uint32_t netns)
{
        const struct netns *ns = &view->netns.at[netns];
        const struct ruleset *ruleset = ns->ruleset;

        if (!ruleset && !ns->no_tables)
                return false;
        vec_foreach(s, &view->sockets)
                if (s->netns == netns && s->ifindex)
                        return true;
        return ruleset && (ruleset->names_devices || ruleset->names_targets || ruleset->n_nats);
}

/* A thread of its own, since setns(2) moves it for good; the own namespace first. */
static void *visit(void *arg)
{
        struct visiting *v = arg;
        const struct inside *view = v->c->view;
        struct place p = {.c = v->c};

        for (int own = 1; own >= 0; own--)
                for (p.netns = 0; p.netns < view->netns.n; p.netns++) {
                        struct err err = {0};

                        if (view->netns.at[p.netns].own != own || !matters(view, p.netns))
                                continue;
                        if (look(&p, &err) < 0 && !v->failed) {
                                v->failed = view->netns.at[p.netns].role;
                                v->err = err;
                        }
                }
        vec_clear(&p.targets);
        return NULL;
}

static bool matters_anywhere(const struct inside *view)
{
        for (uint32_t i = 0; i < view->netns.n; i++)
                if (matters(view, i))
                        return true;
        return false;
}

static int collect(struct collection *c, struct err *err)
{
        struct visiting v = {.c = c};
        pthread_t thread;
        int r;

        if (!matters_anywhere(c->view))
                return 0;
        r = pthread_create(&thread, NULL, visit, &v);
        if (r)
                return err_errno(err, r, "cannot start a thread");
        (void)pthread_join(thread, NULL);
        vec_sort(&c->view->ways_out, way_out_order);
        if (v.failed)
                inside_gap(c->view, SOURCE, NULL, false,
                           "routes of namespace '%s' could not be read, and what the packet filter lets in is told "
                           "without: %s",
                           v.failed, v.err.text);
        return 0;
}

const struct collector collector_routing = {
        .name = SOURCE,
        .what = "routes and rules of policy routing that what the packet filter lets in hangs on",
        .collect = collect,
};
