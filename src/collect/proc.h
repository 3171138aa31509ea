/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Small readings of /proc (proc(5)). Processes vanish while they are read: then the call gives -ESRCH or
 * -ENOENT, and that is normal.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Call back for every process (thread group leaders), in no particular order; or for every thread, where
 * proc_fd is /proc/PID/task.
 */
void proc_each(int proc_fd, void (*each)(pid_t pid, void *arg), void *arg);

/*
 * Inode of the process's network namespace. 0 or negative errno; -EACCES without the right to look
 * (ptrace(2) access mode).
 */
int proc_namespace(int proc_fd, pid_t pid, uint64_t *ret_inode);

/* The short name (comm, at most 15 bytes; 63 for kernel threads), terminated. 0 or negative errno. */
int proc_comm(int proc_fd, pid_t pid, char *buf, size_t size);

/*
 * /proc/PID as a directory, or negative errno. Where the thread that the process began with has ended, it is the
 * directory of one that goes on, /proc/PID/task/TID: the other shows neither executable nor command line.
 */
int proc_open(int proc_fd, pid_t pid);

/* The number in "socket:[123]" and the like; 0 when text has another form. prefix is "socket:[" . */
uint64_t proc_link_inode(const char *text, const char *prefix);
