/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every socket that accepts traffic, in every namespace, with the processes that hold it.
 *
 * The kernel's own tables (sock_diag) say which sockets there are, in a thread that visits one namespace
 * after the other; beside it the BPF iterator (or, without the right to, the walk through /proc) says who
 * holds them. BPF also finds sockets in namespaces that cannot be entered; the tables also find sockets that
 * no process holds. The union is what is shown.
 */
#include <errno.h>
#include <linux/capability.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "collect/bpf_sockets.h"
#include "collect/cgroup_tree.h"
#include "collect/collector.h"
#include "collect/netns.h"
#include "collect/owners.h"
#include "collect/processes.h"
#include "collect/socket_tables.h"

#define NOBODY "no process here holds it: the kernel's own, or held outside this PID namespace"

struct claim { /* a process holds a socket */
        uint32_t socket;
        pid_t pid;
};

struct gathering {
        struct collection *c;
        struct socket_tables tables;
        struct held held;
        struct map by_inode; /* socket inode -> index in view->sockets */
        struct map links;    /* namespace and ifindex -> interface in tables */
        struct {
                struct claim *at;
                size_t n, room;
        } claims;
        uint32_t first_inode; /* of a socket made when we began; the kernel's numbers have 32 bits */
        bool by_bpf;
        bool cut; /* not all holders are in claims */
        unsigned denied;
};

#define MAX_LOOKS 3 /* at sockets that seem to have no owner */

/* --- what the tables say -------------------------------------------------------------------------- */

static void take_visits(struct gathering *g)
{
        struct inside *view = g->c->view;

        for (size_t i = 0; i < g->tables.n_visits; i++) {
                const struct visit *visit = &g->tables.visits[i];
                struct netns *ns = &view->netns.at[visit->netns];

                ns->ephemeral_low = visit->ephemeral_low;
                ns->ephemeral_high = visit->ephemeral_high;
                if (visit->error && visit->error != ENOENT)
                        inside_gap(view, "sockets",
                                   visit->error == EPERM || visit->error == EACCES ? "CAP_SYS_ADMIN" : NULL,
                                   true, "the sockets of network namespace '%s' were not all read: %s",
                                   ns->role, visit->text);
        }
}

static uint64_t link_key(uint32_t netns, uint32_t ifindex)
{
        return (uint64_t)netns << 32 | ifindex;
}

static const char *device_name(const struct gathering *g, uint32_t netns, uint32_t ifindex)
{
        uint64_t index;

        if (map_get(&g->links, link_key(netns, ifindex), &index))
                return pool_intern(g->c->view->pool, g->tables.interfaces.at[index].device);
        return pool_printf(g->c->view->pool, "if%u", ifindex);
}

static void tell_xdp(struct gathering *g, uint32_t netns, struct str *devices)
{
        if (devices->len)
                inside_gap(g->c->view, "firewall", NULL, false,
                           "XDP programs, which may stop packets before any rule does, are not looked at: on %s in "
                           "namespace '%s'",
                           str_text(devices), g->c->view->netns.at[netns].role);
        str_reset(devices);
}

/* What they drop, answer or lead away no rule of the packet filter sees. */
static void note_xdp(struct gathering *g)
{
        _cleanup_str_ struct str devices = {0};
        uint32_t netns = 0;

        vec_foreach(seen, &g->tables.interfaces) {
                if (!seen->xdp)
                        continue;
                if (seen->netns != netns)
                        tell_xdp(g, netns, &devices);
                netns = seen->netns;
                str_addf(&devices, "%s%s", devices.len ? ", " : "", seen->device);
        }
        tell_xdp(g, netns, &devices);
}

static void take_interfaces(struct gathering *g)
{
        struct inside *view = g->c->view;

        vec_foreach(seen, &g->tables.interfaces) {
                if (!seen->address.family) {
                        map_put(&g->links, link_key(seen->netns, seen->ifindex),
                                (uint64_t)(seen - g->tables.interfaces.at));
                        if (seen->up && !seen->part && !streq(seen->device, "lo"))
                                *vec_push(&view->links) = (struct interface_link){
                                        .netns = seen->netns,
                                        .device = pool_intern(view->pool, seen->device),
                                };
                        continue;
                }
                *vec_push(&view->addresses) = (struct interface_address){
                        .netns = seen->netns,
                        .ifindex = seen->ifindex,
                        .device = pool_intern(view->pool, seen->device),
                        .address = seen->address,
                        .network = seen->network.family ? seen->network : seen->address,
                        .prefix_len = seen->prefix_len,
                        .up = seen->up,
                };
        }
        note_xdp(g);
}

/* --- joining both -------------------------------------------------------------------------------- */

static void enter(struct gathering *g, uint32_t index)
{
        struct socket_seen *s = &g->c->view->sockets.at[index];

        /* Java binds ::ffff:10.0.0.1 where others bind 10.0.0.1: either takes IPv4 traffic to that address. */
        s->address = address_unmapped(&s->address);
        if (s->ifindex)
                s->device = device_name(g, s->netns, s->ifindex);
        if (s->inode)
                map_put(&g->by_inode, s->inode, index);
}

/* The tables' list becomes that of the view: tens of thousands of records are not copied. */
static void take_tables(struct gathering *g)
{
        struct inside *view = g->c->view;

        view->sockets.at = take_ptr(g->tables.sockets.at);
        view->sockets.n = g->tables.sockets.n;
        view->sockets.room = g->tables.sockets.room;
        map_reserve(&g->by_inode, view->sockets.n);
        for (uint32_t i = 0; i < view->sockets.n; i++)
                enter(g, i);
}

static uint32_t add_socket(struct gathering *g, const struct socket_seen *seen)
{
        struct inside *view = g->c->view;
        uint32_t index = (uint32_t)view->sockets.n;

        *vec_push(&view->sockets) = *seen;
        enter(g, index);
        return index;
}

static void claim(struct gathering *g, uint32_t socket, pid_t pid)
{
        *vec_push(&g->claims) = (struct claim){.socket = socket, .pid = pid};
}

static void join_walked(struct gathering *g, const struct ownership_list *list)
{
        g->cut = g->cut || list->cut;
        for (size_t i = 0; i < list->n; i++) {
                uint64_t index;

                if (map_get(&g->by_inode, list->at[i].inode, &index))
                        claim(g, (uint32_t)index, list->at[i].pid);
        }
}

static void join_held(struct gathering *g)
{
        vec_reserve(&g->claims, g->held.sockets.n + g->held.more.n);
        vec_foreach(held, &g->held.sockets) {
                uint64_t index;

                if (!map_get(&g->by_inode, held->socket.inode, &index)) {
                        if (held->idle)
                                continue;
                        held->socket.netns = netns_by_inode(g->c, held->netns_inode, held->pid);
                        if (held->socket.netns == NONE)
                                continue;
                        index = add_socket(g, &held->socket);
                }
                g->c->view->sockets.at[index].autobound = held->socket.autobound;
                claim(g, (uint32_t)index, held->pid);
        }
        join_walked(g, &g->held.more);
}

/* Into the socket's run of owners, in order of pid, each process once. There is room for all claims. */
static void add_owner(struct inside *view, struct socket_seen *s, uint32_t process)
{
        uint32_t *owners = &view->owners.at[s->first_owner], i = s->n_owners;
        pid_t pid = view->processes.at[process].pid;

        while (i > 0 && view->processes.at[owners[i - 1]].pid > pid)
                i--;
        if (i > 0 && owners[i - 1] == process)
                return;
        memmove(&owners[i + 1], &owners[i], (s->n_owners - i) * sizeof(*owners));
        owners[i] = process;
        s->n_owners++;
}

/*
 * Turn claims into runs of owners: count, lay out the runs, fill them. Claims mostly come in order of process,
 * so that filling a run appends.
 */
static void assign_owners(struct gathering *g)
{
        struct inside *view = g->c->view;
        uint32_t next = 0;

        vec_foreach(s, &view->sockets)
                s->n_owners = 0;
        vec_foreach(now, &g->claims)
                view->sockets.at[now->socket].n_owners++;
        vec_foreach(s, &view->sockets) {
                s->first_owner = next;
                next += s->n_owners;
                s->n_owners = 0;
        }
        vec_reserve(&view->owners, g->claims.n);
        view->owners.n = g->claims.n;
        vec_foreach(now, &g->claims)
                add_owner(view, &view->sockets.at[now->socket], inside_process(view, now->pid));
}

static size_t count_unowned(const struct inside *view, struct map *ret_inodes)
{
        size_t n = 0;

        vec_foreach(s, &view->sockets) {
                if (s->n_owners)
                        continue;
                n++;
                if (s->inode)
                        map_put(ret_inodes, s->inode, 1);
        }
        return n;
}

/* Sockets that are in no file table: registered with an io_uring, the kernel's own, or held where we cannot look. */
static void search_rings(struct gathering *g)
{
        struct ownership_list list = {0};
        struct map unowned = {0};

        if (count_unowned(g->c->view, &unowned) && g->held.rings.n) {
                g->cut |= !owners_of_rings(g->c->proc_fd, &g->held, &unowned, &list);
                join_walked(g, &list);
                assign_owners(g);
        }
        vec_clear(&list);
        map_release(&unowned);
}

static bool have_capability(unsigned capability)
{
        struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
        struct __user_cap_data_struct data[2] = {0};

        return syscall(SYS_capget, &header, data) == 0 &&
               (data[capability / 32].effective >> (capability % 32) & 1);
}

static void explain_unowned(struct gathering *g)
{
        struct inside *view = g->c->view;
        bool all_seen = g->by_bpf || (!g->denied && have_capability(CAP_SYS_PTRACE));
        struct map groups = {0};
        unsigned n = 0;

        vec_foreach(s, &view->sockets) {
                uint64_t path;

                if (s->n_owners)
                        continue;
                if (!n++)
                        cgroup_tree_read(g->c->proc_fd, view->pool, &groups);
                s->owner_note =
                        all_seen
                                ? NOBODY
                                : pool_printf(
                                          view->pool,
                                          "the process that holds it, of user %u, is not visible to this user",
                                          s->uid);
                if (s->cgroup_id && map_get(&groups, s->cgroup_id, &path))
                        s->cgroup = (const char *)(uintptr_t)path; // NOLINT(performance-no-int-to-ptr)
        }
        if (n && !all_seen)
                inside_gap(view, "processes", "CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH", true,
                           "the owner of %u socket%s is not visible to this user", n, n == 1 ? "" : "s");
        map_release(&groups);
}

/*
 * Which ports the kernel chose, of sockets that nobody holds as far as we know: of the others BPF has told
 * it. A pass over the tables of its own, always without BPF and seldom with it.
 */
static void tell_autobound(struct gathering *g)
{
        _cleanup_socket_tables_ struct socket_tables tables = {0};
        bool needed = false;

        socket_tables_plan(&tables, g->c, TABLES_AUTOBOUND);
        for (size_t i = 0; i < tables.n_visits; i++)
                tables.visits[i].left_out = true;
        vec_foreach(s, &g->c->view->sockets)
                if (!s->n_owners && s->transport != TRANSPORT_RAW) {
                        tables.visits[s->netns].left_out = false;
                        needed = true;
                }
        if (!needed)
                return;
        (void)socket_tables_start(&tables, NULL);
        socket_tables_wait(&tables);
        for (size_t i = 0; i < tables.sockets.n; i++) {
                uint64_t index;

                if (map_get(&g->by_inode, tables.sockets.at[i].inode, &index))
                        g->c->view->sockets.at[index].autobound = true;
        }
}

/* --- the two ways to owners ---------------------------------------------------------------------- */

static void walk_proc(struct gathering *g, const struct map *wanted, enum owners_depth depth)
{
        struct ownership_list list = {0};
        unsigned denied;

        if (depth != OWNERS_THREADS)
                g->held.rings.n = 0;
        owners_walk(g->c->proc_fd, wanted, depth, &list, &g->held, &denied);
        if (depth != OWNERS_THREADS)
                g->denied = denied;
        join_walked(g, &list);
        vec_clear(&list);
}

static int read_bpf(struct held *held, struct err *err)
{
        _cleanup_close_ int iterator = bpf_sockets_open(err);

        return iterator < 0 ? iterator : bpf_sockets_read(iterator, held, err);
}

/* Once more by BPF, this time for the sockets that are keys of `wanted` alone. */
static void join_again(struct gathering *g, const struct map *wanted)
{
        struct held again = {0};
        uint64_t index;

        if (read_bpf(&again, NULL) == 0) {
                vec_foreach(held, &again.sockets)
                        if (map_get(wanted, held->socket.inode, NULL) &&
                            map_get(&g->by_inode, held->socket.inode, &index))
                                claim(g, (uint32_t)index, held->pid);
                vec_foreach(o, &again.more)
                        if (map_get(wanted, o->inode, NULL) && map_get(&g->by_inode, o->inode, &index))
                                claim(g, (uint32_t)index, o->pid);
                vec_clear(&g->held.rings);
                g->held.rings.at = take_ptr(again.rings.at);
                g->held.rings.n = again.rings.n;
                g->held.rings.room = again.rings.room;
        }
        held_release(&again);
}

/* --- sockets that come and go -------------------------------------------------------------------- */

/* Which of those without an owner are still there: the kernel's tables again, where there are any such. */
static void read_again(const struct gathering *g, struct socket_tables *tables, struct map *ret_alive)
{
        socket_tables_plan(tables, g->c, TABLES_SOCKETS);
        for (size_t i = 0; i < tables->n_visits; i++)
                tables->visits[i].left_out = true;
        vec_foreach(s, &g->c->view->sockets)
                if (!s->n_owners)
                        tables->visits[s->netns].left_out = false;
        if (socket_tables_start(tables, NULL) < 0)
                for (size_t i = 0; i < tables->n_visits; i++)
                        tables->visits[i].left_out = true;
        socket_tables_wait(tables);
        for (size_t i = 0; i < tables->sockets.n; i++)
                map_put(ret_alive, tables->sockets.at[i].inode, 1);
}

static bool is_gone(const struct socket_seen *s, const struct socket_tables *tables, const struct map *alive)
{
        const struct visit *visit = &tables->visits[s->netns];

        return !s->n_owners && s->inode && !visit->left_out && (!visit->error || visit->error == ENOENT) &&
               !map_get(alive, s->inode, NULL);
}

static void drop_gone(struct gathering *g)
{
        struct inside *view = g->c->view;
        _cleanup_socket_tables_ struct socket_tables tables = {0};
        _cleanup_free_ uint32_t *moved = xcalloc(view->sockets.n, sizeof(*moved));
        struct map alive = {0};
        uint32_t n = 0;

        read_again(g, &tables, &alive);
        for (size_t i = 0; i < view->sockets.n; i++) {
                moved[i] = n;
                if (!is_gone(&view->sockets.at[i], &tables, &alive))
                        view->sockets.at[n++] = view->sockets.at[i];
        }
        map_release(&alive);
        if (n == view->sockets.n)
                return;
        view->sockets.n = n;
        vec_foreach(now, &g->claims)
                now->socket = moved[now->socket];
        map_release(&g->by_inode);
        for (uint32_t i = 0; i < n; i++)
                if (view->sockets.at[i].inode)
                        map_put(&g->by_inode, view->sockets.at[i].inode, i);
}

/*
 * Whether one without an owner may have come while we looked. Sockets get ascending inode numbers, each
 * processor from a batch of 1,024 of its own (fs/inode.c, get_next_ino), so one far below a socket of ours was
 * there long before: its owner was not overlooked, whether or not it accepted traffic at that moment, and
 * looking through every process again would not help.
 */
static bool some_may_be_new(const struct gathering *g)
{
        uint32_t window = 2 * 1024 * (uint32_t)sysconf(_SC_NPROCESSORS_CONF);

        vec_foreach(s, &g->c->view->sockets)
                if (!s->n_owners && (int32_t)((uint32_t)s->inode - g->first_inode) > -(int32_t)window)
                        return true;
        return false;
}

/*
 * Tables and owners are not read at the same moment. A socket made after its would-be owner was looked at, or
 * closed since it was listed, must not appear as one that nobody holds: what is in the tables before and after
 * a look at all processes was there all the time.
 */
static void look_again(struct gathering *g)
{
        size_t n = SIZE_MAX;

        for (unsigned look = 0; look < MAX_LOOKS; look++) {
                struct map unowned = {0};
                size_t now = count_unowned(g->c->view, &unowned);
                bool settled = now == 0 || now == n, came = !settled && some_may_be_new(g);

                if (came && g->by_bpf)
                        join_again(g, &unowned);
                else if (came)
                        walk_proc(g, &unowned, OWNERS_ALL);
                else if (now && !look && !g->by_bpf)
                        walk_proc(g, &unowned, OWNERS_THREADS);
                map_release(&unowned);
                if (settled)
                        return;
                n = now;
                if (came || !g->by_bpf) {
                        assign_owners(g);
                        search_rings(g);
                }
                drop_gone(g);
        }
}

static void find_owners(struct gathering *g)
{
        if (g->by_bpf)
                join_held(g);
        else
                walk_proc(g, &g->by_inode, OWNERS_PROCESSES);
        /* BPF reaches sockets whatever namespace they are in; the kernel's tables only those that we know of */
        if (!g->by_bpf && g->c->netns_unreadable)
                inside_gap(
                        g->c->view, "netns", "CAP_SYS_PTRACE", true,
                        "processes of other users may run in network namespaces that are not visible to this user");
        assign_owners(g);
        search_rings(g);
        look_again(g);
        explain_unowned(g);
        if (g->cut)
                inside_gap(g->c->view, "processes", NULL, true,
                           "sockets are shared among too many processes: not all that hold one are named");
}

static void try_bpf(struct gathering *g)
{
        struct err err = {0};
        int r;

        if (g->c->options->no_bpf)
                return;
        r = read_bpf(&g->held, &err);
        g->by_bpf = r == 0;
        if (r == 0)
                return;
        held_release(&g->held);
        inside_gap(g->c->view, "bpf", r == -EPERM || r == -EACCES ? "CAP_BPF and CAP_PERFMON" : NULL, false,
                   "owners were read from /proc, which is slower: %s", err.text);
}

static uint32_t inode_of_new_socket(void)
{
        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        struct stat st = {0};

        (void)fstat(fd, &st); /* 0 when there is no socket to be had: then every other seems newer */
        return (uint32_t)st.st_ino;
}

static int read_all(struct gathering *g, struct err *err)
{
        int r;

        g->first_inode = inode_of_new_socket();
        socket_tables_plan(&g->tables, g->c, TABLES_FULL);
        r = socket_tables_start(&g->tables, err);
        if (r < 0)
                return r;
        try_bpf(g);
        /* the tables take longer: meanwhile, look at the processes that are known to hold something */
        vec_foreach(held, &g->held.sockets)
                if (!held->idle && netns_is_wanted(g->c, held->netns_inode))
                        (void)inside_process(g->c->view, held->pid);
        processes_read(g->c);
        socket_tables_wait(&g->tables);
        take_visits(g);
        take_interfaces(g);
        take_tables(g);
        if (!g->by_bpf)
                tell_autobound(g);
        find_owners(g);
        if (g->by_bpf)
                tell_autobound(g);
        g->c->view->sockets_by = g->by_bpf ? "bpf" : "sock_diag";
        return 0;
}

static int sockets_collect(struct collection *c, struct err *err)
{
        struct gathering g = {.c = c};
        int r = read_all(&g, err);

        socket_tables_release(&g.tables);
        vec_clear(&g.claims);
        held_release(&g.held);
        map_release(&g.by_inode);
        map_release(&g.links);
        return r;
}

const struct collector collector_sockets = {
        .name = "sockets",
        .what = "sockets that accept traffic and the processes that hold them: sock_diag, BPF iterators, /proc",
        .collect = sockets_collect,
};
