/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/netns.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "collect/cgroup.h"
#include "collect/containers.h"
#include "collect/mountinfo.h"
#include "collect/proc.h"

#define MOUNTINFO_MAX (8 * 1024 * 1024)
#define CGROUP_MAX    (16 * 1024)
#define MAX_SEARCHES  16 /* for namespaces whose process has ended: each is a walk through /proc */

struct place { /* where a namespace can be opened */
        const char *path; /* its mount, or NULL */
        pid_t pid;        /* a process in it, or 0 */
};

struct netns_handles {
        vec(struct place) places; /* by namespace index */
        struct map by_inode;      /* namespace index */
        struct map roles;         /* how many were named so */
        unsigned n_searches;
        bool filtered;            /* only what was asked for is in the view */
};

struct found { /* one namespace while discovering */
        uint64_t inode;
        const char *path; /* its mount, or NULL */
        pid_t pid;        /* lowest process in it, or 0 */
        struct netns ns;  /* what is told of it */
};

struct discovery {
        struct collection *c;
        vec(struct found) found;
        struct map by_inode;
        uint64_t own;
        uint64_t host;       /* 0: could not be told */
        unsigned unreadable; /* processes whose namespace may not be read */
};

bool netns_role_matches(const char *role, const char *name)
{
        const char *colon = strchr(role, ':');

        return streq(role, name) || (colon && streq(colon + 1, name));
}

bool netns_parse_mount(const char *line, size_t len, uint64_t *ret_inode, char *ret_path, size_t size)
{
        /* "36 35 0:4 net:[4026532448] /run/netns/t1 rw shared:5 - nsfs nsfs rw" */
        struct mountinfo mount;
        char root[32];
        uint64_t inode;

        if (!mountinfo_parse(line, len, &mount) || mount.root.len >= sizeof(root))
                return false;
        memcpy(root, mount.root.at, mount.root.len);
        root[mount.root.len] = '\0';
        inode = proc_link_inode(root, "net:[");
        if (!inode || !mountinfo_unescape(mount.point, ret_path, size))
                return false;
        *ret_inode = inode;
        return true;
}

static struct found *find(struct discovery *d, uint64_t inode)
{
        uint64_t index = d->found.n;
        struct found *found;

        if (map_get(&d->by_inode, inode, &index))
                return &d->found.at[index];
        found = vec_push(&d->found);
        found->inode = inode;
        map_put(&d->by_inode, inode, index);
        return found;
}

static void find_mounts(struct discovery *d)
{
        _cleanup_str_ struct str text = {0};
        const char *line, *end;
        int r = fd_read_file(d->c->proc_fd, "self/mountinfo", MOUNTINFO_MAX, &text);
        if (r < 0) {
                inside_gap(d->c->view, "netns", NULL, true,
                           "network namespaces that only a mount keeps are missing: cannot read "
                           "'/proc/self/mountinfo': %s",
                           strerrordesc_np(-r));
                return;
        }
        for (line = str_text(&text); *line; line = *end ? end + 1 : end) {
                char path[4096];
                uint64_t inode;

                end = strchrnul(line, '\n');
                if (netns_parse_mount(line, (size_t)(end - line), &inode, path, sizeof(path))) {
                        struct found *found = find(d, inode);

                        /* the name `ip netns` shows beats any other mount of the same namespace */
                        if (!found->path || str_after(path, "/run/netns/"))
                                found->path = pool_intern(d->c->view->pool, path);
                }
        }
}

static void find_process(pid_t pid, void *arg)
{
        struct discovery *d = arg;
        struct found *found;
        uint64_t inode;
        int r = proc_namespace(d->c->proc_fd, pid, &inode);

        /* PID 1 that hides its own is in the host's namespace all the same: by our definition of it */
        if ((r == -EACCES || r == -EPERM) && pid != 1)
                d->unreadable++;
        if (r < 0)
                return;
        found = find(d, inode);
        if (!found->pid || pid < found->pid)
                found->pid = pid;
}

/*
 * By name where there is one: an id changes with every restart. A pod's containers share one namespace, so
 * the pod names it.
 */
static const char *container_role(struct pool *pool, const struct container *container)
{
        const char *name = container->name ? container->name : container->id;

        if (container->pod)
                return pool_printf(pool, "pod:%s", container->pod);
        return pool_printf(pool, "%s:%s", container->runtime, name ? name : "unknown");
}

static const char *process_role(struct collection *c, pid_t pid, enum netns_kind *ret_kind)
{
        _cleanup_str_ struct str text = {0};
        char path[32], unit[UNIT_NAME_SIZE], name[64];
        const char *at, *cgroup;
        size_t len;

        (void)snprintf(path, sizeof(path), "%d/cgroup", pid);
        if (fd_read_file(c->proc_fd, path, CGROUP_MAX, &text) == 0 &&
            cgroup_pick_path(str_text(&text), text.len, &at, &len)) {
                uint32_t index;

                cgroup = pool_intern_n(c->view->pool, at, len);
                index = container_of_cgroup(c, cgroup);
                if (index != NONE) {
                        *ret_kind = NETNS_CONTAINER;
                        return container_role(c->view->pool, &c->view->containers.at[index]);
                }
                if (cgroup_parse_unit(cgroup, unit) == 0 && str_ends(unit, ".service")) {
                        *ret_kind = NETNS_UNIT;
                        return pool_printf(c->view->pool, "unit:%s", unit);
                }
        }
        *ret_kind = NETNS_PROCESS;
        if (proc_comm(c->proc_fd, pid, name, sizeof(name)) < 0)
                return pool_intern(c->view->pool, "process:unknown");
        return pool_printf(c->view->pool, "process:%s", name);
}

/* Anybody may make thousands of namespaces whose processes have one name: where counting went on is kept. */
static const char *unique_role(struct collection *c, const char *role)
{
        struct map *roles = &c->handles->roles;
        const char *candidate = role;
        uint64_t n = 0;

        (void)map_get_str(roles, role, &n);
        while (map_get_str(roles, candidate, NULL))
                candidate = pool_printf(c->view->pool, "%s#%u", role, (unsigned)++n);
        map_put_str(roles, role, n ? n : 1);
        if (candidate != role)
                map_put_str(roles, candidate, 1);
        return candidate;
}

static struct netns describe(struct discovery *d, const struct found *found)
{
        struct inside *view = d->c->view;
        struct netns ns = {.inode = found->inode, .own = found->inode == d->own};
        const char *name = found->path ? str_after(found->path, "/run/netns/") : NULL;

        if (found->inode == d->host || (!d->host && ns.own && !name)) {
                ns.kind = NETNS_HOST;
                ns.role = pool_intern(view->pool, "host");
        } else if (name) {
                ns.kind = NETNS_NAMED;
                ns.role = pool_intern(view->pool, name);
        } else if (found->pid)
                ns.role = process_role(d->c, found->pid, &ns.kind);
        else {
                ns.kind = NETNS_NAMED;
                ns.role = pool_printf(view->pool, "mount:%s", found->path ? found->path : "unknown");
        }
        return ns;
}

/* -ENOENT when another namespace is there meanwhile: a mount point or the number of a process was used again. */
static int open_checked(int dir_fd, const char *path, uint64_t inode)
{
        _cleanup_close_ int fd = openat(dir_fd, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
        struct stat st;

        if (fd < 0)
                return errno == ESRCH ? -ENOENT : -errno;
        if (fstat(fd, &st) < 0 || st.st_ino != inode)
                return -ENOENT;
        return take_fd(fd);
}

static int open_of_process(const struct collection *c, pid_t pid, uint64_t inode)
{
        char path[48];

        (void)snprintf(path, sizeof(path), "%d/ns/net", pid);
        return open_checked(c->proc_fd, path, inode);
}

struct search {
        const struct collection *c;
        uint64_t inode;
        int fd;
};

static void try_process(pid_t pid, void *arg)
{
        struct search *search = arg;
        uint64_t inode;

        if (search->fd < 0 && proc_namespace(search->c->proc_fd, pid, &inode) == 0 && inode == search->inode)
                search->fd = open_of_process(search->c, pid, inode);
}

int netns_open(const struct collection *c, uint32_t index)
{
        const struct place *place = &c->handles->places.at[index];
        struct search search = {.c = c, .inode = c->view->netns.at[index].inode, .fd = -ENOENT};

        if (place->path)
                search.fd = open_checked(AT_FDCWD, place->path, search.inode);
        if (search.fd < 0 && place->pid)
                search.fd = open_of_process(c, place->pid, search.inode);
        /* the process we knew has ended; others may live there still */
        if (search.fd == -ENOENT && place->pid && c->handles->n_searches++ < MAX_SEARCHES)
                proc_each(c->proc_fd, try_process, &search);
        return search.fd;
}

static bool wanted(const struct collection *c, const struct netns *ns)
{
        const char *name = c->options->netns;

        return streq(name, "all") || (streq(name, "self") ? ns->own : netns_role_matches(ns->role, name));
}

static void add(struct collection *c, const struct netns *ns, const char *path, pid_t pid)
{
        map_put(&c->handles->by_inode, ns->inode, c->view->netns.n);
        *vec_push(&c->view->netns) = *ns;
        *vec_push(&c->handles->places) = (struct place){.path = path, .pid = pid};
}

static uint32_t find_known(const struct collection *c, uint64_t inode)
{
        uint64_t index = NONE;

        (void)map_get(&c->handles->by_inode, inode, &index);
        return (uint32_t)index;
}

bool netns_is_wanted(const struct collection *c, uint64_t inode)
{
        return !c->handles->filtered || find_known(c, inode) != NONE;
}

uint32_t netns_by_inode(struct collection *c, uint64_t inode, pid_t pid)
{
        uint32_t index = find_known(c, inode);
        struct netns ns = {.inode = inode};

        if (index != NONE || c->handles->filtered)
                return index;
        /* No process lives in it and nothing mounts it: only an open socket keeps it. */
        ns.role = unique_role(c, process_role(c, pid, &ns.kind));
        add(c, &ns, NULL, 0);
        return (uint32_t)(c->view->netns.n - 1);
}

/* The host's first, then by role, those of one role by age: the order in which things are shown. */
static int compare_found(const void *a, const void *b)
{
        const struct found *x = a, *y = b;
        int r = (x->ns.kind != NETNS_HOST) - (y->ns.kind != NETNS_HOST);

        if (!r)
                r = strcmp(x->ns.role, y->ns.role);
        return r ? r : (x->pid > y->pid) - (x->pid < y->pid);
}

static void add_all(struct discovery *d)
{
        struct collection *c = d->c;

        vec_foreach(found, &d->found)
                found->ns = describe(d, found);
        vec_sort(&d->found, compare_found);
        vec_foreach(found, &d->found) {
                found->ns.role = unique_role(c, found->ns.role);
                if (wanted(c, &found->ns))
                        add(c, &found->ns, found->path, found->pid);
        }
        c->handles->filtered = !streq(c->options->netns, "all");
        if (c->handles->filtered && c->view->netns.n == 1)
                c->view->only = c->view->netns.at[0].role;
}

static int netns_collect(struct collection *c, struct err *err)
{
        struct discovery d = {.c = c};
        bool self = streq(c->options->netns, "self");
        int r = proc_namespace(c->proc_fd, getpid(), &d.own);

        if (r < 0)
                return err_errno(err, -r, "cannot tell our own network namespace");
        /*
         * The host's namespace is that of PID 1. Where that may not be looked at, the kernel's threads (PID
         * 2) are in the same one; without any right to look, the own one is all of the host there is to see,
         * unless it has a name of its own.
         */
        for (pid_t pid = 1; pid <= 2 && !d.host; pid++)
                (void)proc_namespace(c->proc_fd, pid, &d.host);
        c->handles = xcalloc(1, sizeof(*c->handles));
        (void)find(&d, d.own);
        find_mounts(&d);
        /* who else lives in the own namespace matters only where nothing else names it */
        if (!self || (d.own != d.host && !find(&d, d.own)->path))
                proc_each(c->proc_fd, find_process, &d);
        if (!find(&d, d.own)->pid)
                find(&d, d.own)->pid = getpid();
        add_all(&d);
        c->netns_unreadable = self ? 0 : d.unreadable;
        vec_clear(&d.found);
        map_release(&d.by_inode);
        if (!c->view->netns.n)
                return err_set(err, -ENOENT,
                               "no network namespace is called '%s' (see `quaymaster host --netns all`)",
                               c->options->netns);
        return 0;
}

static void netns_end(struct collection *c)
{
        if (!c->handles)
                return;
        vec_clear(&c->handles->places);
        map_release(&c->handles->by_inode);
        map_release(&c->handles->roles);
        free(c->handles);
        c->handles = NULL;
}

const struct collector collector_netns = {
        .name = "netns",
        .what = "network namespaces: /proc/PID/ns/net and their mounts",
        .collect = netns_collect,
        .end = netns_end,
};
