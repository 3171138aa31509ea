/* SPDX-License-Identifier: GPL-2.0-or-later */
/* By which devices leave the packets that the packet filter passes on: only its rules for forwarding ask for that. */
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <pthread.h>
#include <sched.h>

#include "base/fd.h"
#include "collect/collector.h"
#include "collect/netns.h"
#include "collect/routes.h"

#define SOURCE "routes"

typedef vec(struct address) address_list;

struct visiting {
        struct collection *c;
        const char *failed; /* role of the first namespace of which nothing can be told */
        struct err err;
};

static int compare_addresses(const void *a, const void *b)
{
        return address_compare(a, b);
}

/* Sorted, each once. */
static void gather_targets(const struct inside *view, uint32_t netns, address_list *ret)
{
        size_t n = 0;

        ret->n = 0;
        vec_foreach(forward, &view->forwards)
                if (forward->netns == netns && forward->to.family)
                        *vec_push(ret) = forward->to;
        vec_sort(ret, compare_addresses);
        vec_foreach(address, ret)
                if (!n || address_compare(&ret->at[n - 1], address) != 0)
                        ret->at[n++] = *address;
        ret->n = n;
}

static int enter(const struct collection *c, uint32_t netns, struct err *err)
{
        _cleanup_close_ int fd = -1;

        if (c->view->netns.at[netns].own)
                return 0;
        fd = netns_open(c, netns);
        if (fd < 0)
                return err_errno(err, -fd, "entering it");
        return setns(fd, CLONE_NEWNET) < 0 ? err_errno(err, errno, "entering it") : 0;
}

static int read_ways(struct collection *c, uint32_t netns, const address_list *targets, struct err *err)
{
        struct routes routes = {0};
        int r = enter(c, netns, err);

        if (r == 0)
                r = routes_read(&routes, targets->at, targets->n, err);
        for (size_t i = 0; r == 0 && i < targets->n; i++) {
                uint32_t ifindex = routes_way_out(&routes, &targets->at[i]);
                char name[IF_NAMESIZE];

                if (ifindex && if_indextoname(ifindex, name))
                        *vec_push(&c->view->ways_out) =
                                (struct way_out){netns, targets->at[i], pool_intern(c->view->pool, name)};
        }
        routes_release(&routes);
        return r;
}

/* A thread of its own, since setns(2) moves it for good; the own namespace first. */
static void *visit(void *arg)
{
        struct visiting *v = arg;
        struct inside *view = v->c->view;
        address_list targets = {0};

        for (int own = 1; own >= 0; own--)
                for (uint32_t i = 0; i < view->netns.n; i++) {
                        struct err err = {0};

                        if (view->netns.at[i].own != own)
                                continue;
                        gather_targets(view, i, &targets);
                        if (targets.n && read_ways(v->c, i, &targets, &err) < 0 && !v->failed) {
                                v->failed = view->netns.at[i].role;
                                v->err = err;
                        }
                }
        vec_clear(&targets);
        return NULL;
}

static bool leads_on(const struct inside *view)
{
        vec_foreach(forward, &view->forwards)
                if (forward->to.family)
                        return true;
        return false;
}

static int collect(struct collection *c, struct err *err)
{
        struct visiting v = {.c = c};
        pthread_t thread;
        int r;

        if (!leads_on(c->view))
                return 0;
        r = pthread_create(&thread, NULL, visit, &v);
        if (r)
                return err_errno(err, r, "cannot start a thread");
        (void)pthread_join(thread, NULL);
        vec_sort(&c->view->ways_out, way_out_order);
        if (v.failed)
                inside_gap(c->view, SOURCE, NULL, false,
                           "by which devices forwarded packets leave namespace '%s' is not known: %s", v.failed,
                           v.err.text);
        return 0;
}

const struct collector collector_ways_out = {
        .name = SOURCE,
        .what = "by which devices forwarded packets leave: routes and rules of policy routing",
        .collect = collect,
};
