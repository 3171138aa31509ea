/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/processes.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mask.h"
#include "collect/bpf_exes.h"
#include "collect/cgroup.h"
#include "collect/containers.h"
#include "collect/crew.h"
#include "collect/proc.h"
#include "collect/process_parse.h"

/* What is longer is cut: a status ends in thousands of groups, of a command line MASK_MAX bytes are shown. */
#define SMALL_FILE_MAX  (16 * 1024)
#define CMDLINE_MAX     (128 * 1024)
#define PASSWD_MAX      (4 * 1024 * 1024)

#define READ_ALONE      16 /* so few that a thread beside us would not pay */

struct reading { /* what the readers share */
        struct collection *c;
        struct stat root;
        bool root_known;
        int64_t boot_time; /* since 1970, in ticks */
        long ticks_per_s;
        struct exe_reader *exes; /* NULL: not by BPF */
        atomic_size_t next;      /* index of a process */
};

struct reader {
        struct reading *shared;
        struct pool *pool; /* its own, until all have done */
        struct str text;   /* reused for every file */
        unsigned denied;
};

static bool slurp(struct reader *r, int dir_fd, const char *name, size_t max)
{
        str_reset(&r->text);
        return fd_read_start(dir_fd, name, max, &r->text) == 0;
}

/* What the link would show is asked of the kernel in another way, and taken as it is: nothing can be looked at. */
static void read_denied_exe(struct reader *r, struct process *p)
{
        struct exe_seen seen;
        size_t len;

        if (!r->shared->exes || !exe_reader_read(r->shared->exes, p->pid, &seen)) {
                r->denied++;
                return;
        }
        len = strlen(seen.path);
        p->exe_deleted = str_ends(seen.path, " (deleted)");
        p->exe = pool_intern_n(r->pool, seen.path, len - (p->exe_deleted ? strlen(" (deleted)") : 0));
        p->foreign_root = seen.foreign_root;
        p->exe_there = seen.foreign_root ? p->exe : NULL;
}

static void read_exe(struct reader *r, int dir_fd, struct process *p)
{
        char path[4096];
        int len = fd_readlink(dir_fd, "exe", path, sizeof(path));
        struct stat now;

        if (len < 0) {
                p->kernel = len == -ENOENT; /* proc(5): a kernel thread's link leads nowhere */
                if (len == -EACCES || len == -EPERM)
                        read_denied_exe(r, p);
                return;
        }
        if (str_ends(path, " (deleted)")) {
                p->exe_deleted = true;
                path[(size_t)len - strlen(" (deleted)")] = '\0';
                /* a file may really be called so: then the link leads to it */
                if (fstatat(dir_fd, "exe", &now, 0) == 0 && now.st_nlink > 0) {
                        p->exe_deleted = false;
                        path[(size_t)len - strlen(" (deleted)")] = ' ';
                }
        }
        p->exe = pool_intern(r->pool, path);
}

/*
 * Whether the path of the executable leads to it in our own root too: by the identity of the file, or
 * because all mounts are ours.
 */
static bool exe_is_ours(const struct reading *r, int dir_fd, const struct process *p)
{
        struct stat there, ours;

        if (fstatat(dir_fd, "ns/mnt", &there, 0) == 0 &&
            fstatat(r->c->proc_fd, "self/ns/mnt", &ours, 0) == 0 && there.st_dev == ours.st_dev &&
            there.st_ino == ours.st_ino)
                return true;
        return fstatat(dir_fd, "exe", &there, 0) == 0 && fstatat(r->c->root_fd, p->exe + 1, &ours, 0) == 0 &&
               there.st_dev == ours.st_dev && there.st_ino == ours.st_ino;
}

/*
 * Another root is a container's or a jail's, with packages and users of its own; or it is that of a daemon
 * of ours that locked itself up after it had started (chroot(2), as avahi-daemon does). Then the program
 * lies outside of that root, and is ours.
 */
static void read_root(struct reader *r, int dir_fd, struct process *p)
{
        const struct reading *shared = r->shared;
        char path[4096];
        const char *below;
        struct stat root;
        bool ours;

        if (!shared->root_known || fstatat(dir_fd, "root", &root, 0) < 0)
                return;
        p->foreign_root = (root.st_dev != shared->root.st_dev || root.st_ino != shared->root.st_ino);
        if (!p->foreign_root || !p->exe || p->exe[0] != '/' ||
            fd_readlink(dir_fd, "root", path, sizeof(path)) < 0)
                return;
        if (streq(path, "/")) { /* it has mounts of its own, and exe is a path in them */
                p->exe_there = p->exe;
                return;
        }
        ours = exe_is_ours(shared, dir_fd, p);
        below = str_after(p->exe, path);
        if (below && below[0] == '/') {
                p->exe_there = below;
                if (!ours)
                        p->exe = below;
        } else if (ours)
                p->foreign_root = false;
}

static void read_cmdline(struct reader *r, int dir_fd, struct process *p)
{
        _cleanup_str_ struct str masked = {0};

        if (!slurp(r, dir_fd, "cmdline", CMDLINE_MAX) || !r->text.len)
                return;
        mask_command_line(r->text.text, r->text.len, &masked);
        p->cmdline = pool_intern(r->pool, str_text(&masked));
}

static void read_process(struct reader *r, struct process *p)
{
        const struct reading *shared = r->shared;
        char name[64];
        const char *cgroup;
        size_t cgroup_len;
        _cleanup_close_ int dir_fd = -1;
        uint64_t ticks;

        dir_fd = proc_open(shared->c->proc_fd, p->pid);
        if (dir_fd < 0)
                return; /* gone, or hidden (hidepid) */
        read_exe(r, dir_fd, p);
        read_cmdline(r, dir_fd, p);
        read_root(r, dir_fd, p);
        if (slurp(r, dir_fd, "status", SMALL_FILE_MAX) &&
            process_parse_status(str_text(&r->text), r->text.len, name, sizeof(name), &p->uid))
                p->name = pool_intern(r->pool, name);
        if (slurp(r, dir_fd, "stat", SMALL_FILE_MAX) &&
            process_parse_start(str_text(&r->text), r->text.len, &ticks) && shared->ticks_per_s > 0)
                p->started_s = (shared->boot_time + (int64_t)ticks) / shared->ticks_per_s;
        if (slurp(r, dir_fd, "cgroup", SMALL_FILE_MAX) &&
            cgroup_pick_path(str_text(&r->text), r->text.len, &cgroup, &cgroup_len))
                p->cgroup = pool_intern_n(r->pool, cgroup, cgroup_len);
}

static void read_some(void *member)
{
        struct reader *r = member;
        struct inside *view = r->shared->c->view;
        size_t i;

        while ((i = atomic_fetch_add(&r->shared->next, 1)) < view->processes.n)
                read_process(r, &view->processes.at[i]);
}

/* Whatever a reader may not touch while others run: the view's pool, the users, the containers. */
static void finish_process(struct collection *c, const struct map *users, struct process *p)
{
        struct pool *pool = c->view->pool;
        uint64_t name;

        p->exe = pool_intern(pool, p->exe);
        p->exe_there = pool_intern(pool, p->exe_there);
        p->cmdline = pool_intern(pool, p->cmdline);
        p->name = pool_intern(pool, p->name);
        p->cgroup = pool_intern(pool, p->cgroup);
        /* another root has another list of users */
        if (p->name && !p->foreign_root && map_get(users, p->uid, &name))
                p->user = (const char *)(uintptr_t)name; // NOLINT(performance-no-int-to-ptr)
        else if (p->name)
                p->user = pool_printf(pool, "%u", p->uid);
        if (p->cgroup)
                p->container = container_of_cgroup(c, p->cgroup);
}

static void read_users(struct collection *c, struct map *users)
{
        _cleanup_str_ struct str text = {0};

        if (fd_read_file(c->root_fd, "etc/passwd", PASSWD_MAX, &text) == 0)
                process_parse_passwd(str_text(&text), text.len, c->view->pool, users);
}

/*
 * When the machine was booted, in ticks since 1970, rounded: the two clocks are not read at the same moment,
 * and a start time that differs by a second from one run to the next would look like another process.
 */
static int64_t boot_time(long ticks_per_s)
{
        const int64_t second_ns = 1000000000, tick_ns = ticks_per_s > 0 ? second_ns / ticks_per_s : second_ns;
        struct timespec real = {0}, boot = {0};

        (void)clock_gettime(CLOCK_REALTIME, &real);
        (void)clock_gettime(CLOCK_BOOTTIME, &boot);
        return ((real.tv_sec - boot.tv_sec) * second_ns + (real.tv_nsec - boot.tv_nsec) + tick_ns / 2) / tick_ns;
}

void processes_read(struct collection *c)
{
        struct reading shared = {.c = c, .ticks_per_s = sysconf(_SC_CLK_TCK)};
        struct reader readers[CREW_MAX] = {0};
        _cleanup_(exe_reader_release) struct exe_reader exes = EXE_READER_INIT;
        size_t first = c->n_processes_read, end = c->view->processes.n;
        unsigned n = crew_size((end - first) / READ_ALONE);
        struct map users = {0};

        if (first == end)
                return;
        shared.boot_time = boot_time(shared.ticks_per_s);
        shared.root_known = fstatat(c->proc_fd, "self/root", &shared.root, 0) == 0;
        shared.next = first;
        if (!c->options->no_bpf)
                shared.exes = c->options->exes ? c->options->exes : &exes;
        for (unsigned i = 0; i < n; i++)
                readers[i] = (struct reader){.shared = &shared, .pool = pool_new()};
        crew_run(read_some, readers, sizeof(*readers), n);
        read_users(c, &users);
        for (size_t i = first; i < end; i++)
                finish_process(c, &users, &c->view->processes.at[i]);
        c->n_processes_read = end;
        for (unsigned i = 0; i < n; i++) {
                c->n_processes_denied += readers[i].denied;
                str_release(&readers[i].text);
                pool_free(readers[i].pool);
        }
        map_release(&users);
}

static int processes_collect(struct collection *c, struct err *err)
{
        processes_read(c);
        if (c->n_processes_denied)
                inside_gap(c->view, "processes", "CAP_SYS_PTRACE", true,
                           "the executable of %u process%s is not visible to this user", c->n_processes_denied,
                           c->n_processes_denied == 1 ? "" : "es");
        return 0;
}

const struct collector collector_processes = {
        .name = "processes",
        .what = "executable, command line, user, start time and container of each owner: /proc/PID",
        .collect = processes_collect,
};
