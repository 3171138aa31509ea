/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/proc.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"

void proc_each(int proc_fd, void (*each)(pid_t pid, void *arg), void *arg)
{
        _cleanup_close_ int fd = openat(proc_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        _cleanup_close_dir_ DIR *dir = fd_to_dir(&fd);
        struct dirent *entry;

        while (dir && (entry = readdir(dir))) {
                uint64_t pid;

                if (str_to_u64(entry->d_name, INT_MAX, &pid) == 0)
                        each((pid_t)pid, arg);
        }
}

uint64_t proc_link_inode(const char *text, const char *prefix)
{
        const char *number = str_after(text, prefix);
        uint64_t inode = 0;

        if (!number || !str_ends(number, "]"))
                return 0;
        for (; *number != ']'; number++) {
                if (*number < '0' || *number > '9' || inode > UINT64_MAX / 16)
                        return 0;
                inode = inode * 10 + (uint64_t)(*number - '0');
        }
        return number[1] == '\0' ? inode : 0;
}

int proc_namespace(int proc_fd, pid_t pid, uint64_t *ret_inode)
{
        char path[48], target[64];
        uint64_t inode;
        int r;

        (void)snprintf(path, sizeof(path), "%d/ns/net", pid);
        r = fd_readlink(proc_fd, path, target, sizeof(target));
        if (r < 0)
                return r;
        inode = proc_link_inode(target, "net:[");
        if (!inode)
                return -EBADMSG;
        *ret_inode = inode;
        return 0;
}

int proc_comm(int proc_fd, pid_t pid, char *buf, size_t size)
{
        _cleanup_str_ struct str text = {0};
        char path[32];
        int r;

        (void)snprintf(path, sizeof(path), "%d/comm", pid);
        r = fd_read_file(proc_fd, path, 256, &text);
        if (r < 0)
                return r;
        if (text.len && text.text[text.len - 1] == '\n')
                text.text[--text.len] = '\0';
        (void)snprintf(buf, size, "%s", str_text(&text));
        return 0;
}

struct live_thread {
        int tasks_fd, fd;
};

static void find_live_thread(pid_t tid, void *arg)
{
        struct live_thread *live = arg;
        char path[32], target[2];

        if (live->fd >= 0)
                return;
        (void)snprintf(path, sizeof(path), "%d/exe", tid);
        if (readlinkat(live->tasks_fd, path, target, sizeof(target)) < 0)
                return;
        (void)snprintf(path, sizeof(path), "%d", tid);
        live->fd = openat(live->tasks_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

int proc_open(int proc_fd, pid_t pid)
{
        char path[16], target[2];
        _cleanup_close_ int fd = -1, tasks_fd = -1;
        struct live_thread live = {.fd = -1};

        (void)snprintf(path, sizeof(path), "%d", pid);
        fd = openat(proc_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        /* a kernel thread has none either, and no other threads */
        if (readlinkat(fd, "exe", target, sizeof(target)) >= 0 || errno != ENOENT)
                return take_fd(fd);
        tasks_fd = openat(fd, "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        live.tasks_fd = tasks_fd;
        if (tasks_fd >= 0)
                proc_each(tasks_fd, find_live_thread, &live);
        return live.fd >= 0 ? live.fd : take_fd(fd);
}
