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
