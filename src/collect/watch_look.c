/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The inside view of a few notes: what the whole view's collectors would say of them, but only of them. */
#include <fcntl.h>

#include "base/fd.h"
#include "base/clock.h"
#include "collect/cgroup.h"
#include "collect/collector.h"
#include "collect/containers.h"
#include "collect/processes.h"
#include "collect/systemd.h"
#include "collect/watch.h"

struct look {
        const struct inside *base;
        struct inside *view;
        struct map netns_by_inode;
};

static const char *again(const struct look *look, const char *text)
{
        return pool_intern(look->view->pool, text);
}

static bool are_all_known(const struct look *look, const struct watch_note *notes, size_t n)
{
        struct map known = {0};
        bool all = true;

        vec_foreach(ns, &look->base->netns)
                map_put(&known, ns->inode, 1);
        for (size_t i = 0; i < n; i++)
                all = all && map_get(&known, notes[i].netns_inode, NULL);
        map_release(&known);
        return all;
}

static void copy_namespaces(struct look *look)
{
        vec_foreach(ns, &look->base->netns) {
                *vec_push(&look->view->netns) = *ns;
                look->view->netns.at[look->view->netns.n - 1].role = again(look, ns->role);
        }
}

/* What was known of the packet filter of those found anew; nothing is known of one that was made since. */
static void copy_rulesets(struct look *look)
{
        vec_foreach(known, &look->base->netns) {
                uint64_t index;
                struct netns *ns;

                if (!map_get(&look->netns_by_inode, known->inode, &index))
                        continue;
                ns = &look->view->netns.at[index];
                ns->ruleset = known->ruleset;
                ns->no_tables = known->no_tables;
                ns->legacy_filter = known->legacy_filter;
        }
}

/* Those that the earlier view has; where one was made since, they are found anew. */
static void find_namespaces(struct look *look, struct collection *c, const struct watch_note *notes, size_t n)
{
        bool all = are_all_known(look, notes, n);

        if (!all && collector_netns.collect(c, NULL) < 0)
                all = true;
        if (!all)
                collector_netns.end(c);
        else
                copy_namespaces(look);
        for (size_t i = 0; i < look->view->netns.n; i++)
                map_put(&look->netns_by_inode, look->view->netns.at[i].inode, i);
        if (!all)
                copy_rulesets(look);
}

/* Interfaces of a namespace made since are not known yet. */
static void copy_addresses(struct look *look)
{
        vec_foreach(a, &look->base->addresses) {
                struct interface_address *copy;
                uint64_t index;

                if (!map_get(&look->netns_by_inode, look->base->netns.at[a->netns].inode, &index))
                        continue;
                copy = vec_push(&look->view->addresses);
                *copy = *a;
                copy->netns = (uint32_t)index;
                copy->device = again(look, a->device);
        }
        vec_foreach(l, &look->base->links) {
                uint64_t index;

                if (map_get(&look->netns_by_inode, look->base->netns.at[l->netns].inode, &index))
                        *vec_push(&look->view->links) =
                                (struct interface_link){(uint32_t)index, again(look, l->device)};
        }
}

/* Made and gone since the whole was looked at: only its number is known. */
static uint32_t namespace_of(struct look *look, uint32_t inode)
{
        uint64_t index;

        if (map_get(&look->netns_by_inode, inode, &index))
                return (uint32_t)index;
        index = look->view->netns.n;
        map_put(&look->netns_by_inode, inode, index);
        *vec_push(&look->view->netns) = (struct netns){
                .inode = inode,
                .role = pool_printf(look->view->pool, "process:unknown#%u", inode),
                .kind = NETNS_PROCESS,
        };
        return (uint32_t)index;
}

static const char *device_of(const struct look *look, uint32_t netns, uint32_t ifindex)
{
        vec_foreach(a, &look->view->addresses)
                if (a->netns == netns && a->ifindex == ifindex)
                        return a->device;
        return ifindex ? pool_printf(look->view->pool, "if%u", ifindex) : NULL;
}

static void add_socket(struct look *look, const struct watch_note *note)
{
        struct inside *view = look->view;
        struct socket_seen *s = vec_push(&view->sockets);

        *s = (struct socket_seen){
                .transport = note->transport,
                .address = note->address,
                .port = note->port,
                .v6only = note->v6only,
                .netns = namespace_of(look, note->netns_inode),
                .ifindex = note->ifindex,
                .uid = note->uid,
                .cookie = note->cookie,
                .first_owner = (uint32_t)view->owners.n,
                .unit = NONE,
        };
        s->device = device_of(look, s->netns, s->ifindex);
        if (!note->pid) {
                s->owner_note = "the process that opened it has no number in this pid namespace";
                return;
        }
        *vec_push(&view->owners) = inside_process(view, note->pid);
        s->n_owners = 1;
}

/*
 * A process that ended before it could be read, or whose number another one has by now (its start lies behind the
 * note), is known by what the kernel noted. A name may differ for a better reason: threads have their own.
 */
static void mend_processes(struct look *look, const struct watch_note *notes, size_t n)
{
        struct inside *view = look->view;
        int64_t ahead_s = (int64_t)(clock_monotonic_ns() / 1000000000);

        for (size_t i = 0; i < n; i++) {
                struct socket_seen *s = &view->sockets.at[i];
                struct process *p = s->n_owners ? &view->processes.at[view->owners.at[s->first_owner]] : NULL;
                int64_t noted_s = view->time_s - ahead_s + (int64_t)(notes[i].time_ns / 1000000000);

                if (!p || (p->name && p->started_s <= noted_s + 2))
                        continue;
                *p = (struct process){
                        .pid = notes[i].pid,
                        .name = again(look, notes[i].comm),
                        .uid = notes[i].uid,
                        .user = pool_printf(view->pool, "%u", notes[i].uid),
                        .unit = NONE,
                        .container = NONE,
                        .package = NONE,
                };
                s->owner_note = "the process ended before it could be read";
        }
}

static uint32_t unit_of(const struct look *look, const char *cgroup)
{
        char name[UNIT_NAME_SIZE];
        uint32_t index, known;
        struct service *service;

        if (!systemd_unit_of_group(look->base, cgroup, name))
                return NONE;
        index = inside_service(look->view, name);
        known = inside_find_service(look->base, name);
        service = &look->view->services.at[index];
        service->manager = "systemd";
        service->state = service->startup = "unknown";
        if (known != NONE) {
                const struct service *from = &look->base->services.at[known];

                service->state = again(look, from->state);
                service->startup = again(look, from->startup);
                service->description = again(look, from->description);
                service->file = again(look, from->file);
                service->exec = again(look, from->exec);
        }
        return index;
}

/* That of another process of the same program, or of the unit's file. */
static uint32_t package_of(const struct look *look, const struct process *p)
{
        const struct package *found = NULL;

        if (!p->exe || p->foreign_root)
                return NONE;
        vec_foreach(known, &look->base->processes)
                if (known->package != NONE && !known->foreign_root && streq_ptr(known->exe, p->exe))
                        found = &look->base->packages.at[known->package];
        vec_foreach(service, &look->base->services)
                if (!found && service->package != NONE && streq_ptr(service->exec, p->exe))
                        found = &look->base->packages.at[service->package];
        if (!found)
                return NONE;
        return inside_package(look->view, again(look, found->name), again(look, found->version),
                              again(look, found->manager));
}

struct inside *watch_look(const struct inside *base, struct exe_reader *exes, const struct watch_note *notes, size_t n)
{
        const struct collect_options options = {.netns = "all", .exes = exes, .no_bpf = !exes};
        _cleanup_close_ int proc_fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        _cleanup_close_ int root_fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        struct inside *view = inside_new();
        struct collection c = {.options = &options, .view = view, .proc_fd = proc_fd, .root_fd = root_fd};
        struct look look = {.base = base, .view = view};

        view->time_s = clock_now_s();
        view->asset = again(&look, base->asset);
        view->hostname = again(&look, base->hostname);
        view->sockets_by = "bpf";
        find_namespaces(&look, &c, notes, n);
        copy_addresses(&look);
        for (size_t i = 0; i < n; i++)
                add_socket(&look, &notes[i]);
        processes_read(&c);
        mend_processes(&look, notes, n);
        vec_foreach(p, &view->processes) {
                p->unit = unit_of(&look, p->cgroup);
                p->package = package_of(&look, p);
        }
        containers_release(&c);
        map_release(&look.netns_by_inode);
        return view;
}
