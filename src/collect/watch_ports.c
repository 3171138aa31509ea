/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/map.h"
#include "collect/proc.h"
#include "collect/sock_diag.h"
#include "collect/watch.h"

#define TRIES    5
#define PAUSE_NS 200000 /* the kernel chooses the port some microseconds after the note */

struct reading {
        int netns_fd; /* -1: our own */
        struct socket_list sockets;
};

/* In a thread of its own where it enters another namespace: setns(2) moves the thread for good. */
static void *read_tables(void *arg)
{
        struct reading *reading = arg;

        if (reading->netns_fd < 0 || setns(reading->netns_fd, CLONE_NEWNET) == 0)
                (void)sock_diag_read(0, SOCK_DIAG_ALL, &reading->sockets, NULL);
        return NULL;
}

static int open_netns(int proc_fd, const struct watch_note *note)
{
        char path[48];
        uint64_t inode;
        int fd;

        (void)snprintf(path, sizeof(path), "%d/ns/net", (int)note->pid);
        fd = openat(proc_fd, path, O_RDONLY | O_CLOEXEC);
        if (fd >= 0 && (proc_namespace(proc_fd, note->pid, &inode) < 0 || inode != note->netns_inode))
                fd_close(&fd);
        return fd;
}

static bool read_netns(int proc_fd, uint64_t own, const struct watch_note *note, struct reading *reading)
{
        pthread_t thread;

        reading->netns_fd = -1;
        if (note->netns_inode == own) {
                (void)read_tables(reading);
                return true;
        }
        reading->netns_fd = open_netns(proc_fd, note);
        if (reading->netns_fd < 0)
                return false;
        if (pthread_create(&thread, NULL, read_tables, reading) == 0)
                (void)pthread_join(thread, NULL);
        fd_close(&reading->netns_fd);
        return true;
}

static bool is_open(const struct watch_note *note)
{
        return note->place && !note->closed && !note->port;
}

/* How many ports of notes of that namespace are still missing. */
static size_t fill(struct watch_note *notes, size_t n, uint32_t netns, const struct socket_list *sockets)
{
        struct map ports = {0};
        size_t missing = 0;

        for (size_t i = 0; i < sockets->n; i++)
                map_put(&ports, sockets->at[i].cookie, sockets->at[i].port);
        for (size_t i = 0; i < n; i++) {
                uint64_t port;

                if (!is_open(&notes[i]) || notes[i].netns_inode != netns)
                        continue;
                if (map_get(&ports, notes[i].cookie, &port))
                        notes[i].port = (uint16_t)port;
                else
                        missing++;
        }
        map_release(&ports);
        return missing;
}

static void find_in_netns(int proc_fd, uint64_t own, struct watch_note *notes, size_t n, const struct watch_note *first)
{
        const struct timespec pause = {.tv_nsec = PAUSE_NS};
        uint32_t netns = first->netns_inode;

        for (unsigned tries = 0; tries < TRIES; tries++) {
                struct reading reading = {0};
                bool entered = read_netns(proc_fd, own, first, &reading);
                size_t missing = entered ? fill(notes, n, netns, &reading.sockets) : 0;

                vec_clear(&reading.sockets);
                if (!missing)
                        return;
                (void)nanosleep(&pause, NULL);
        }
}

void watch_find_ports(struct watch_note *notes, size_t n)
{
        _cleanup_close_ int proc_fd = -1;
        struct map tried = {0};
        uint64_t own = 0;

        for (size_t i = 0; i < n; i++) {
                if (!is_open(&notes[i]) || map_get(&tried, notes[i].netns_inode, NULL))
                        continue;
                if (proc_fd < 0) {
                        proc_fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
                        (void)proc_namespace(proc_fd, getpid(), &own);
                }
                map_put(&tried, notes[i].netns_inode, 1);
                find_in_netns(proc_fd, own, notes, n, &notes[i]);
        }
        map_release(&tried);
}
