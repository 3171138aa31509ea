/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One source of the inside view. To add one: a file with a `const struct collector`, and a line in the
 * registry in collect.c. Collectors run in the order of the registry; each finds in c->view what those
 * before it left there.
 */
#pragma once

#include "collect/collect.h"

struct collection {
        const struct collect_options *options;
        struct inside *view;
        int proc_fd;            /* /proc as a directory */
        int root_fd;            /* "/" as a directory; tests put a tree of their own here */
        struct package_index *packages; /* packages.c */
        struct netns_handles *handles;  /* netns.c */
        struct container_index *containers; /* containers.c */
        size_t n_processes_read;     /* processes.c: how many of view->processes are filled */
        unsigned n_processes_denied; /* processes.c: executables that may not be looked at */
        unsigned netns_unreadable; /* processes whose namespace may not be read */
        struct firewall_run *firewall;  /* firewall.c */
};

struct collector {
        const char *name; /* also the `source` of its gaps */
        const char *what; /* for people: what it reads */
        /* Optional: start what can run beside the others, in a thread of its own. */
        void (*begin)(struct collection *c);
        /*
         * Fill the view. A negative errno is noted as a gap with err's text and the others go on. A source
         * that the machine does not have is success with nothing found.
         */
        int (*collect)(struct collection *c, struct err *err);
        /* Optional: free what begin made; called always. */
        void (*end)(struct collection *c);
};

extern const struct collector collector_netns, collector_sockets, collector_processes,
        collector_systemd, collector_sysv, collector_inetd, collector_packages;
extern const struct collector collector_nft_tables; /* before the next two */
/* The first, right after netns, starts quaymaster-nft; the second, near the end, reads what it wrote. */
extern const struct collector collector_firewall_start, collector_firewall;
extern const struct collector collector_routing; /* as far as the rules ask for it that were read */
