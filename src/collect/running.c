/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/running.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "collect/proc.h"

#define MAX_PROCESSES 200000
#define DELETED       " (deleted)"

void running_release(struct running *running)
{
        vec_clear(&running->processes);
        map_release(&running->by_pid);
}

const struct running_process *running_find(const struct running *running, pid_t pid)
{
        uint64_t i;

        return map_get(&running->by_pid, (uint64_t)pid, &i) ? &running->processes.at[i] : NULL;
}

static void add(struct running *running, pid_t pid, const char *exe, const char *comm)
{
        *vec_push(&running->processes) = (struct running_process){.pid = pid, .exe = exe, .comm = comm};
        map_put(&running->by_pid, (uint64_t)pid, running->processes.n - 1);
}

static const char *read_comm(struct running *running, pid_t pid)
{
        char name[64];

        if (proc_comm(running->c->proc_fd, pid, name, sizeof(name)) < 0 || !name[0])
                return NULL;
        return pool_intern(running->c->view->pool, name);
}

/* It has the paths of files over there, and belongs to another init. */
static bool has_other_root(const struct running *running, pid_t pid)
{
        char path[40];
        struct stat st;

        (void)snprintf(path, sizeof(path), "%d/root", pid);
        return running->root_known && fstatat(running->c->proc_fd, path, &st, 0) == 0 &&
               (st.st_dev != running->root.st_dev || st.st_ino != running->root.st_ino);
}

static void read_process(struct running *running, pid_t pid)
{
        char path[40], exe[PATH_MAX];
        const char *comm, *known = NULL;
        int len;

        if (has_other_root(running, pid))
                return;
        (void)snprintf(path, sizeof(path), "%d/exe", pid);
        len = fd_readlink(running->c->proc_fd, path, exe, sizeof(exe));
        if (len == -EACCES || len == -EPERM)
                running->unreadable = true; /* ENOENT: a kernel thread, or gone */
        if (len > 0) {
                if (str_ends(exe, DELETED))
                        exe[len - (int)strlen(DELETED)] = '\0';
                known = pool_intern(running->c->view->pool, exe);
        }
        comm = running->names ? read_comm(running, pid) : NULL;
        if (known || comm)
                add(running, pid, known, comm);
}

static void each_process(pid_t pid, void *arg)
{
        struct running *running = arg;

        if (running->processes.n == MAX_PROCESSES)
                running->unreadable = true;
        else if (!running_find(running, pid))
                read_process(running, pid);
}

void running_read(struct running *running, struct collection *c, bool names)
{
        *running = (struct running){.c = c, .names = names};
        running->root_known = fstatat(c->proc_fd, "self/root", &running->root, 0) == 0;
        vec_foreach(process, &c->view->processes) {
                if (process->foreign_root)
                        add(running, process->pid, NULL, "");
                else if (process->kernel || (process->exe && (process->name || !names)))
                        add(running, process->pid, process->exe, process->name);
        }
        if (c->options->all_services)
                proc_each(c->proc_fd, each_process, running);
        else
                running->unreadable = true; /* who holds no socket was not looked at */
}

const struct running_process *running_by(const struct running *running, const char *exe, const char *name)
{
        for (size_t i = 0; i < running->processes.n; i++) {
                const struct running_process *process = &running->processes.at[i];

                if ((!exe || (process->exe && streq(process->exe, exe))) &&
                    (!name || (process->comm && streq(process->comm, name))))
                        return process;
        }
        return NULL;
}

const char *running_real_path(const struct running *running, const char *path)
{
        _cleanup_close_ int fd = fd_open_in_root(running->c->root_fd, path, O_PATH);
        char self[40], real[PATH_MAX];

        (void)snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
        if (fd < 0 || fd_readlink(AT_FDCWD, self, real, sizeof(real)) < 0)
                return path;
        return pool_intern(running->c->view->pool, real);
}
