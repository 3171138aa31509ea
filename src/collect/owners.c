/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/owners.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/kcmp.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "collect/crew.h"
#include "collect/proc.h"

#define FDINFO_MAX  (16 * 1024 * 1024)
#define FDINFO_ALL  (64 * 1024 * 1024) /* of all rings: anybody can make many, with many files in each */
#define DIRENT_BUFFER (32 * 1024)

struct pid_list {
        pid_t *at;
        size_t n, room;
};

struct walk { /* what the walkers share */
        int proc_fd;
        const struct map *wanted;
        enum owners_depth depth;
        pid_t *pids;
        size_t n_pids;
        atomic_size_t next;
};

struct walker {
        struct walk *walk;
        struct ownership_list list;
        struct map listed; /* inodes in it, once it is full */
        struct held held;
        unsigned denied;
};

static void add_owner(struct walker *w, uint64_t inode, pid_t pid)
{
        const struct ownership *last = w->list.n ? &w->list.at[w->list.n - 1] : NULL;

        if (last && last->inode == inode && last->pid == pid)
                return; /* another descriptor of the same */
        if (w->list.n < MAX_OWNERSHIPS) {
                *vec_push(&w->list) = (struct ownership){.inode = inode, .pid = pid};
                return;
        }
        if (!w->listed.n)
                vec_foreach(o, &w->list) map_put(&w->listed, o->inode, 1);
        if (map_get(&w->listed, inode, NULL)) {
                w->list.cut = true;
                return;
        }
        map_put(&w->listed, inode, 1);
        *vec_push(&w->list) = (struct ownership){.inode = inode, .pid = pid};
}

static void look_at_fd(struct walker *w, int dir_fd, pid_t pid, const char *name)
{
        char target[64];
        uint64_t inode;
        int len = fd_readlink(dir_fd, name, target, sizeof(target));

        if (len < 0)
                return;
        inode = proc_link_inode(target, "socket:[");
        if (inode && map_get(w->walk->wanted, inode, NULL))
                add_owner(w, inode, pid);
        else if (!inode && streq(target, "anon_inode:[io_uring]")) {
                uint64_t fd;

                if (str_to_u64(name, INT32_MAX, &fd) == 0)
                        *vec_push(&w->held.rings) = (struct held_ring){.pid = pid, .fd = (int)fd};
        }
}

/* False when it may not be looked into. */
static bool look_at_table(struct walker *w, pid_t pid, const char *path)
{
        _cleanup_close_ int fd = openat(w->walk->proc_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        _Alignas(struct dirent64) char buffer[DIRENT_BUFFER];
        ssize_t n;

        if (fd < 0)
                return errno != EACCES && errno != EPERM;
        /* getdents64 itself: opendir would allocate for each of thousands of processes */
        while ((n = getdents64(fd, buffer, sizeof(buffer))) > 0)
                for (ssize_t at = 0; at < n;) {
                        const struct dirent64 *entry = (const void *)(buffer + at);

                        if (entry->d_name[0] != '.')
                                look_at_fd(w, fd, pid, entry->d_name);
                        at += entry->d_reclen;
                }
        return true;
}

struct threads {
        struct walker *walker;
        pid_t pid, last; /* the process; the last thread whose table was read */
};

static bool share_table(pid_t a, pid_t b)
{
        /* no kcmp(2) in this kernel: as nearly all threads do */
        return syscall(SYS_kcmp, a, b, KCMP_FILES, 0, 0) <= 0;
}

static void look_at_thread(pid_t tid, void *arg)
{
        struct threads *threads = arg;
        char path[64];

        if (share_table(threads->pid, tid) || share_table(threads->last, tid))
                return;
        threads->last = tid;
        (void)snprintf(path, sizeof(path), "%d/task/%d/fd", threads->pid, tid);
        (void)look_at_table(threads->walker, threads->pid, path);
}

static void look_at_threads(struct walker *w, pid_t pid)
{
        struct threads threads = {.walker = w, .pid = pid, .last = pid};
        _cleanup_close_ int fd = -1;
        char path[32];
        struct stat st;

        (void)snprintf(path, sizeof(path), "%d/task", pid);
        if (fstatat(w->walk->proc_fd, path, &st, 0) < 0 || st.st_nlink == 3)
                return; /* ".", ".." and one thread, which is the process itself */
        fd = openat(w->walk->proc_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd >= 0)
                proc_each(fd, look_at_thread, &threads);
}

static void look_at_process(struct walker *w, pid_t pid)
{
        enum owners_depth depth = w->walk->depth;
        char path[32];

        (void)snprintf(path, sizeof(path), "%d/fd", pid);
        if (depth != OWNERS_THREADS && !look_at_table(w, pid, path))
                w->denied++;
        else if (depth != OWNERS_PROCESSES)
                look_at_threads(w, pid);
}

static void walk(void *member)
{
        struct walker *w = member;
        size_t i;

        while ((i = atomic_fetch_add(&w->walk->next, 1)) < w->walk->n_pids)
                look_at_process(w, w->walk->pids[i]);
}

static void add_pid(pid_t pid, void *arg)
{
        struct pid_list *pids = arg;

        *vec_push(pids) = pid;
}

static void take_results(struct walker *w, struct ownership_list *list, struct held *held, unsigned *ret_denied)
{
        vec_foreach(o, &w->list) *vec_push(list) = *o;
        vec_foreach(ring, &w->held.rings) *vec_push(&held->rings) = *ring;
        list->cut = list->cut || w->list.cut;
        *ret_denied += w->denied;
        vec_clear(&w->list);
        map_release(&w->listed);
        held_release(&w->held);
}

void owners_walk(int proc_fd, const struct map *wanted, enum owners_depth depth, struct ownership_list *list,
                 struct held *held, unsigned *ret_denied)
{
        struct pid_list pids = {0};
        struct walker walkers[CREW_MAX] = {0};
        struct walk shared = {.proc_fd = proc_fd, .wanted = wanted, .depth = depth};
        unsigned n;

        proc_each(proc_fd, add_pid, &pids);
        shared.pids = pids.at;
        shared.n_pids = pids.n;
        n = crew_size(pids.n);
        *ret_denied = 0;
        for (unsigned i = 0; i < n; i++)
                walkers[i].walk = &shared;
        crew_run(walk, walkers, sizeof(*walkers), n);
        for (unsigned i = 0; i < n; i++)
                take_results(&walkers[i], list, held, ret_denied);
        vec_clear(&pids);
}

void owners_parse_fdinfo(const char *text, size_t len, void (*each)(uint64_t inode, void *arg), void *arg)
{
        /* "    0: socket:[123]". Only right behind the number: a registered file may be called "/tmp/socket:[123]". */
        static const char mark[] = ": socket:[";
        const char *end = text + len, *at = text;

        while ((at = memmem(at, (size_t)(end - at), mark, sizeof(mark) - 1))) {
                bool numbered = at > text && at[-1] >= '0' && at[-1] <= '9';
                uint64_t inode = 0;

                for (at += sizeof(mark) - 1; at < end && *at >= '0' && *at <= '9' && inode < UINT64_MAX / 16; at++)
                        inode = inode * 10 + (uint64_t)(*at - '0');
                if (numbered && at < end && *at == ']' && inode)
                        each(inode, arg);
        }
}

struct ring_search {
        pid_t pid;
        const struct map *wanted;
        struct ownership_list *list;
};

static void each_registered(uint64_t inode, void *arg)
{
        struct ring_search *search = arg;

        if (map_get(search->wanted, inode, NULL))
                *vec_push(search->list) = (struct ownership){.inode = inode, .pid = search->pid};
}

bool owners_of_rings(int proc_fd, const struct held *held, const struct map *wanted, struct ownership_list *list)
{
        size_t left = FDINFO_ALL;

        vec_foreach(ring, &held->rings) {
                struct ring_search search = {.pid = ring->pid, .wanted = wanted, .list = list};
                _cleanup_str_ struct str text = {0};
                char path[64];

                (void)snprintf(path, sizeof(path), "%d/fdinfo/%d", ring->pid, ring->fd);
                if (fd_read_file(proc_fd, path, FDINFO_MAX, &text) < 0)
                        continue;
                if (text.len > left)
                        return false;
                left -= text.len;
                owners_parse_fdinfo(str_text(&text), text.len, each_registered, &search);
        }
        return true;
}
