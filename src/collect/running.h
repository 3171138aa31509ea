/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which programs run: the executables and names of all processes, for init systems that keep no record of
 * their own. From the view, which holds the processes with sockets; and from one look through /proc where
 * services without a port were asked for, too.
 */
#pragma once

#include <stdbool.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "base/map.h"
#include "collect/collector.h"

struct running_process {
        pid_t pid;
        const char *exe;  /* without " (deleted)"; NULL when it can't be read */
        const char *comm; /* NULL when not asked for */
};

struct running {
        struct collection *c;
        vec(struct running_process) processes;
        struct map by_pid;
        bool names;
        struct stat root; /* our own, when root_known */
        bool root_known;
        bool unreadable; /* some process could not be looked at, or was not: absence proves nothing */
};

/* names: the comm of each, too. Strings point into the pool of c->view. */
void running_read(struct running *running, struct collection *c, bool names);
void running_release(struct running *running);

/* NULL when no process has that id. */
const struct running_process *running_find(const struct running *running, pid_t pid);

/*
 * Some process whose executable is exe, and whose comm is name; NULL for either: any. NULL when there is
 * none.
 */
const struct running_process *running_by(const struct running *running, const char *exe, const char *name);

/*
 * The path that exe has when the program at path (below the collection's root) runs: links followed, as
 * /usr/sbin/x may lead to /usr/sbin/x.real. The path itself when there is no such file. In the pool of the
 * view.
 */
const char *running_real_path(const struct running *running, const char *path);
