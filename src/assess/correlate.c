/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "assess/correlate.h"

#include <netinet/in.h>

#include "base/map.h"
#include "base/str.h"

struct joining {
        const struct inside *view;
        const struct knowledge *knowledge;
        struct assessment *a;
        bool *dynamic_server;    /* by process: it holds a TCP listener on a port the kernel chose */
        struct program *programs; /* by process: what the guide says of it, looked up once */
        /* Who can reach a listener hangs on namespace, address and device alone, and these repeat: the last ones. */
        struct listener reached[8];
        size_t n_reached;
};

/* --- order and groups ----------------------------------------------------------------------------- */

static int compare_u32(uint32_t a, uint32_t b)
{
        return (a > b) - (a < b);
}

struct ordered { /* a socket in the order of listeners */
        uint64_t key; /* namespace, transport, port: decides nearly always, without looking at the socket */
        const struct socket_seen *socket;
};

/* Identity: namespace, transport, port, address, device. Sockets that agree in all are one SO_REUSEPORT group. */
static int compare_sockets(const void *a, const void *b)
{
        const struct ordered *o = a, *p = b;
        const struct socket_seen *x = o->socket, *y = p->socket;
        int r = (o->key > p->key) - (o->key < p->key);

        if (!r)
                r = address_compare(&x->address, &y->address);
        if (!r)
                r = compare_u32(x->ifindex, y->ifindex);
        return r ? r : compare_u32(x->v6only, y->v6only);
}

/* The host's namespace first, then by role; inside by transport, port, address. */
static int compare_listeners(const void *a, const void *b)
{
        const struct listener *x = a, *y = b;
        int r = compare_u32(x->netns->kind != NETNS_HOST, y->netns->kind != NETNS_HOST);

        if (!r && x->netns != y->netns)
                r = strcmp(x->netns->role, y->netns->role);
        if (!r)
                r = compare_u32(x->transport, y->transport);
        if (!r)
                r = compare_u32(x->port, y->port);
        if (!r)
                r = address_compare(&x->address, &y->address);
        return r ? r : compare_u32(x->kind, y->kind);
}

/* --- owners --------------------------------------------------------------------------------------- */

/* The list of n items itself, or a copy of it with room for more when it is full: at 0, 1, 2, 4, 8 ... */
static void *with_room(struct pool *pool, void *list, size_t n, size_t size)
{
        void *bigger;

        if (n & (n - 1))
                return list;
        bigger = pool_alloc(pool, (n ? n * 2 : 1) * size);
        if (n)
                memcpy(bigger, list, n * size);
        return bigger;
}

static bool is_inetd(const struct process *p)
{
        return p->name && strstr(p->name, "inetd") != NULL;
}

/* systemd and inetd hold sockets for others: they stand for a listener only when nobody else does. */
static bool is_holder_only(const struct process *p)
{
        return p->pid == 1 || is_inetd(p);
}

const struct process *listener_main_process(const struct listener *l)
{
        for (size_t i = 0; i < l->n_processes; i++)
                if (!is_holder_only(l->processes[i]))
                        return l->processes[i];
        return l->n_processes && !l->activation ? l->processes[0] : NULL;
}

/* In order of pid, each once. */
static void add_process(struct joining *j, struct listener *l, const struct process *p)
{
        size_t i;

        for (i = 0; i < l->n_processes; i++)
                if (l->processes[i] == p)
                        return;
        l->processes = with_room(j->a->pool, l->processes, l->n_processes, sizeof(*l->processes));
        for (i = l->n_processes++; i > 0 && l->processes[i - 1]->pid > p->pid; i--)
                l->processes[i] = l->processes[i - 1];
        l->processes[i] = p;
}

static bool activation_fits(const struct activation *act, const struct socket_seen *s)
{
        if (act->transport != s->transport || act->port != s->port)
                return false;
        if (!act->address.family)
                return address_is_any(&s->address);
        return address_compare(&act->address, &s->address) == 0;
}

/* The .socket unit or inetd entry a socket is held for, where its holder is one that does that. */
static const struct service *activation_of(const struct joining *j, const struct socket_seen *s)
{
        const struct inside *view = j->view;

        for (uint32_t i = 0; i < s->n_owners; i++) {
                const struct process *p = &view->processes.at[view->owners.at[s->first_owner + i]];
                bool inetd = is_inetd(p);

                /* what our files say binds the daemons of this host only, not those in containers */
                if (!is_holder_only(p) || p->foreign_root || p->container != NONE)
                        continue;
                vec_foreach(act, &view->activations) {
                        const struct service *service = &view->services.at[act->service];
                        bool of_inetd = strstr(service->manager ? service->manager : "", "inetd") != NULL;

                        if (of_inetd == inetd && activation_fits(act, s))
                                return service;
                }
        }
        return NULL;
}

static const struct service *service_at(const struct inside *view, uint32_t index)
{
        return index == NONE ? NULL : &view->services.at[index];
}

static void add_socket(struct joining *j, struct listener *l, const struct socket_seen *s)
{
        const struct inside *view = j->view;

        l->n_sockets++;
        for (uint32_t i = 0; i < s->n_owners; i++)
                add_process(j, l, &view->processes.at[view->owners.at[s->first_owner + i]]);
        if (!l->activation && view->activations.n)
                l->activation = activation_of(j, s);
        if (s->owner_note)
                l->owner_note = s->owner_note;
        if (!l->unit)
                l->unit = service_at(view, s->unit);
}

/*
 * Unit, package and container are those of the process that stands for the listener, else of what would be
 * started for it.
 */
static void attach_owner(const struct joining *j, struct listener *l)
{
        const struct inside *view = j->view;
        const struct process *p = listener_main_process(l);
        uint32_t package = NONE;

        if (p) {
                l->unit = p->unit != NONE ? service_at(view, p->unit) : l->unit;
                if (p->container != NONE)
                        l->container = &view->containers.at[p->container];
                package = p->package;
        } else if (l->activation)
                l->unit = l->activation->triggers != NONE ? service_at(view, l->activation->triggers)
                                                          : l->activation;
        if (package == NONE && (!p || !p->exe) && l->unit)
                package = l->unit->package;
        if (package != NONE)
                l->package = &view->packages.at[package];
}

/* --- clients -------------------------------------------------------------------------------------- */

static void find_dynamic_servers(struct joining *j)
{
        const struct inside *view = j->view;

        j->dynamic_server = xcalloc(view->processes.n, sizeof(bool));
        vec_foreach(s, &view->sockets)
                for (uint32_t i = 0; s->transport == TRANSPORT_TCP && s->autobound && i < s->n_owners; i++)
                        j->dynamic_server[view->owners.at[s->first_owner + i]] = true;
}

/*
 * A UDP socket that is bound but not connected may be a server's or a client's that waits for its answer. A
 * client lets the kernel choose the port. Servers with dynamic ports (ONC RPC: rpc.statd, rpc.mountd) do
 * that too, but then for TCP as well.
 */
static const char *client_reason(const struct joining *j, const struct listener *l, bool autobound)
{
        if (l->transport == TRANSPORT_RAW && l->port == IPPROTO_RAW) /* raw(7): "send only" */
                return "a raw socket that can only send, as scanners have: not a service";
        if (l->transport != TRANSPORT_UDP || !autobound || address_is_multicast(&l->address))
                return NULL;
        if (l->netns->ephemeral_high &&
            (l->port < l->netns->ephemeral_low || l->port > l->netns->ephemeral_high))
                return NULL;
        for (size_t i = 0; i < l->n_processes; i++)
                if (j->dynamic_server[l->processes[i] - j->view->processes.at])
                        return NULL;
        return pool_printf(j->a->pool,
                           "the kernel chose its port, in the ephemeral range %u-%u: a client's socket, not a service",
                           l->netns->ephemeral_low, l->netns->ephemeral_high);
}

/* --- listeners ------------------------------------------------------------------------------------ */

static const struct program *program_of(struct joining *j, const struct listener *l)
{
        const struct process *p = listener_main_process(l);
        struct program *known = p ? &j->programs[p - j->view->processes.at] : NULL;

        if (!known)
                known = pool_alloc(j->a->pool, sizeof(*known));
        if (!known->looked)
                *known = look_up_program(j->knowledge, l);
        return known;
}

static bool reached_alike(const struct listener *a, const struct listener *b)
{
        return a->netns == b->netns && a->device == b->device && a->dual_stack == b->dual_stack &&
               address_compare(&a->address, &b->address) == 0;
}

static struct exposure exposure_once(struct joining *j, const struct listener *l)
{
        size_t n = j->n_reached < array_len(j->reached) ? j->n_reached : array_len(j->reached);
        struct listener *next = &j->reached[j->n_reached % array_len(j->reached)];

        for (size_t i = 0; i < n; i++)
                if (reached_alike(&j->reached[i], l))
                        return j->reached[i].exposure;
        *next = *l;
        next->exposure = exposure_of(j->a->pool, j->view, l);
        j->n_reached++;
        return next->exposure;
}

static void finish(struct joining *j, struct listener *l, bool autobound)
{
        attach_owner(j, l);
        l->exposure = exposure_once(j, l);
        advise(j->knowledge, l, program_of(j, l));
        l->client_reason = client_reason(j, l, autobound);
        if (l->client_reason)
                *vec_push(&j->a->clients) = *l;
        else
                *vec_push(&j->a->listeners) = *l;
}

static void join_sockets(struct joining *j)
{
        const struct inside *view = j->view;
        _cleanup_free_ struct ordered *order = xcalloc(view->sockets.n, sizeof(*order));

        for (size_t i = 0; i < view->sockets.n; i++) {
                const struct socket_seen *s = &view->sockets.at[i];

                order[i].key = (uint64_t)s->netns << 32 | (uint64_t)s->transport << 16 | s->port;
                order[i].socket = s;
        }
        qsort(order, view->sockets.n, sizeof(*order), compare_sockets);
        for (size_t i = 0, next; i < view->sockets.n; i = next) {
                const struct socket_seen *s = order[i].socket;
                bool any6 = s->address.family == 6 && address_is_any(&s->address);
                struct listener l = {
                        .kind = LISTENER_SOCKET,
                        .transport = s->transport,
                        .address = s->address,
                        .port = s->port,
                        .port_last = s->port,
                        .v6only = s->v6only,
                        .dual_stack = any6 && !s->v6only && s->transport != TRANSPORT_RAW,
                        .device = s->device,
                        .netns = &view->netns.at[s->netns],
                };

                for (next = i; next < view->sockets.n && compare_sockets(&order[i], &order[next]) == 0; next++)
                        add_socket(j, &l, order[next].socket);
                finish(j, &l, s->autobound);
        }
}

static void join_forwards(struct joining *j)
{
        vec_foreach(f, &j->view->forwards) {
                struct listener l = {
                        .kind = LISTENER_FORWARD,
                        .transport = f->transport,
                        .address = f->address,
                        .port = f->port,
                        .port_last = f->port_last ? f->port_last : f->port,
                        .netns = &j->view->netns.at[f->netns],
                        .forward = f,
                };

                finish(j, &l, false);
        }
}

/*
 * Sorting moves large records through a copy of them all: mostly there is nothing to do, since sockets came
 * in order.
 */
static void sort_listeners(struct listener *at, size_t n)
{
        for (size_t i = 1; i < n; i++)
                if (compare_listeners(&at[i - 1], &at[i]) > 0) {
                        qsort(at, n, sizeof(*at), compare_listeners);
                        return;
                }
}

struct assessment *assess_correlate(const struct inside *view, const struct knowledge *knowledge)
{
        struct assessment *a = xcalloc(1, sizeof(*a));
        struct joining j = {.view = view, .knowledge = knowledge, .a = a};

        a->pool = pool_new();
        a->view = view;
        j.programs = xcalloc(view->processes.n, sizeof(*j.programs));
        vec_reserve(&a->listeners, view->sockets.n + view->forwards.n);
        find_dynamic_servers(&j);
        join_sockets(&j);
        join_forwards(&j);
        sort_listeners(a->listeners.at, a->listeners.n);
        sort_listeners(a->clients.at, a->clients.n);
        free(j.dynamic_server);
        free(j.programs);
        return a;
}

/* --- services ------------------------------------------------------------------------------------- */

static int compare_uses(const void *a, const void *b)
{
        const struct service_use *x = a, *y = b;

        return strcmp(x->service->name, y->service->name);
}

static void add_use(struct assessment *a, struct service_use *use, const struct listener *l)
{
        use->listeners = with_room(a->pool, use->listeners, use->n_listeners, sizeof(*use->listeners));
        use->listeners[use->n_listeners++] = l;
}

void assess_services(struct assessment *a)
{
        const struct inside *view = a->view;

        vec_foreach(service, &view->services) *vec_push(&a->services) = (struct service_use){.service = service};
        vec_foreach(l, &a->listeners) {
                if (l->unit)
                        add_use(a, &a->services.at[l->unit - view->services.at], l);
                if (l->activation && l->activation != l->unit)
                        add_use(a, &a->services.at[l->activation - view->services.at], l);
        }
        vec_sort(&a->services, compare_uses);
}

struct assessment *assess_given(const struct inside *view, const struct listener *listeners, size_t n)
{
        struct assessment *a = xcalloc(1, sizeof(*a));

        a->pool = pool_new();
        a->view = view;
        for (size_t i = 0; i < n; i++)
                *vec_push(&a->listeners) = listeners[i];
        return a;
}

struct assessment *assess_free(struct assessment *a)
{
        if (!a)
                return NULL;
        vec_clear(&a->listeners);
        vec_clear(&a->clients);
        vec_clear(&a->services);
        vec_clear(&a->findings);
        pool_free(a->pool);
        free(a);
        return NULL;
}
