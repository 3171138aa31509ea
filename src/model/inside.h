/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The inside view of one host, as collected and before it is judged: sockets, processes, services, packages,
 * forwards, and what could not be seen. Plain records in arrays; they refer to each other by index, and
 * every string points into the view's pool, so freeing the view frees all.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/map.h"
#include "base/pool.h"
#include "base/vec.h"
#include "model/address.h"

#define NONE UINT32_MAX /* no index */
#define INSIDE_NO_UID UINT32_MAX /* not told whose it is */

struct ruleset;

/* A network namespace. Named by role, which stays the same when the machine or its daemons restart. */
enum netns_kind { NETNS_HOST, NETNS_NAMED, NETNS_CONTAINER, NETNS_UNIT, NETNS_PROCESS };

struct netns {
        uint64_t inode;
        /*
         * "host" (that of PID 1); NAME of /run/netns (ip-netns(8)); "docker:web" and the like;
         * "unit:NAME.service" (PrivateNetwork=); "process:NAME" as the last resort. Unique in the view.
         */
        const char *role;
        enum netns_kind kind;
        bool own;       /* the one quaymaster runs in */
        bool no_tables; /* it certainly has no nftables table */
        bool legacy_filter; /* it has, or may have, tables of legacy iptables, which nobody reads */
        const struct ruleset *ruleset; /* its packet filter; NULL: there is none, or it could not be read */
        uint16_t ephemeral_low, ephemeral_high; /* ip_local_port_range, inclusive; 0, 0 when unknown */
};

struct interface_address {
        uint32_t netns;
        uint32_t ifindex;
        const char *device;
        struct address address;
        struct address network; /* what prefix_len is of: the other end's where the link is point-to-point */
        uint8_t prefix_len;
        bool up;
};

/* An interface that is up and takes packets itself: no port of a bridge, no part of a bond. */
struct interface_link {
        uint32_t netns;
        const char *device;
};

/* One socket that accepts traffic: TCP and SCTP listening, UDP unconnected, raw. */
struct socket_seen {
        enum transport transport;
        struct address address;
        uint16_t port; /* host order; for TRANSPORT_RAW the IP protocol number */
        bool v6only;   /* family 6 only */
        bool autobound; /* the kernel chose the port (bind to 0, or none): ss(8) filter `autobound` */
        uint32_t netns;
        uint32_t ifindex; /* SO_BINDTODEVICE; 0 = none */
        const char *device;
        uint32_t uid; /* of who made it, by the kernel's tables: visible also where the process is not */
        uint64_t inode, cookie, cgroup_id; /* within one boot; 0 = unknown. Never part of an identity */
        uint32_t first_owner, n_owners;    /* a run in inside.owners, ordered by pid */
        const char *owner_note; /* when no process holds it or it could not be told: why; else NULL */
        const char *cgroup;     /* where it was made; only looked up when no process is seen; or NULL */
        uint32_t unit;          /* the unit of that cgroup; NONE */
};

struct package {
        const char *name, *version, *manager; /* manager: dpkg, rpm, apk */
};

struct container {
        const char *runtime; /* docker, podman, containerd, cri-o, lxc, nspawn, kubernetes */
        const char *id;      /* short id or NULL */
        const char *name;    /* as its user named it, or NULL */
        const char *pod;     /* kubernetes pod uid or name, or NULL */
};

struct process {
        pid_t pid;
        const char *name;    /* comm */
        const char *exe;     /* path as we see it, else in the process's own root; NULL: can't be read */
        bool exe_deleted;    /* the file was deleted or replaced since it was started */
        bool kernel;         /* a kernel thread */
        bool foreign_root;   /* its file system is not ours: the program is of the packages over there */
        const char *exe_there; /* only with a foreign root: path of exe in it; NULL when it lies outside */
        const char *cmdline; /* arguments joined by blanks, secrets masked; NULL when unreadable */
        uint32_t uid;        /* effective; INSIDE_NO_UID */
        const char *user;    /* name, or the number as text */
        int64_t started_s;   /* seconds since 1970; 0 unknown */
        const char *cgroup;  /* path, or NULL */
        uint32_t unit, container, package;
};

/* How a service starts. Words as `systemctl list-unit-files` has them where systemd has a word. */
struct service {
        const char *name;        /* "ssh.service", "cups.socket"; sysv: script name; inetd: "telnet/tcp" */
        const char *manager;     /* systemd, sysv, inetd, xinetd */
        const char *description; /* or NULL */
        const char *state;       /* running, exited, listening, inactive, failed ...; "unknown" */
        const char *startup;     /* enabled, disabled, static, masked, indirect, generated ...; "unknown" */
        const char *file;        /* the file that defines it, or NULL */
        const char *exec;        /* the program it starts, or NULL */
        uint32_t triggered_by;   /* .socket unit that starts it; NONE */
        uint32_t triggers;       /* of a .socket: the service it starts; NONE */
        uint32_t package;        /* of the defining file, or of the program; NONE */
};

/* An address a .socket unit or inetd listens on, to join it with the socket that PID 1 or inetd holds. */
struct activation {
        enum transport transport;
        struct address address; /* family 0: any family, any address */
        uint16_t port;
        uint32_t service; /* the .socket unit or inetd entry */
};

/* A port of this host that the packet filter passes on (DNAT, redirect): open without a socket. */
struct forward {
        enum transport transport;
        struct address address; /* family 0: any address of the host */
        uint16_t port, port_last;
        struct address to; /* family 0: this host (redirect) */
        uint16_t to_port;  /* 0 = the same port */
        uint32_t netns;
        const char *rule; /* "ip nat DOCKER handle 12" */
};

/* Where packets go that the packet filter passes on to an address: all of them leave by that device. */
struct way_out {
        uint32_t netns;
        struct address to;
        const char *device; /* NULL: inside of other packets */
};

/* What routes say besides the addresses of devices. */
struct routed {
        uint32_t netns;
        struct address to;
        uint8_t prefix_len;
        bool local;         /* addresses of this host; else a part of an attached network, reached another way: */
        const char *device; /* by that; NULL: by one of several, or not for all packets */
};

/* What was asked for and could not be seen. */
struct gap {
        const char *source;     /* sockets, processes, netns, units, packages, firewall, routes, bpf */
        const char *reason;     /* a sentence */
        const char *capability; /* what would help: "CAP_SYS_PTRACE", "root"; or NULL */
        bool incomplete;        /* false: told, but nothing asked for is missing */
        uint32_t count;         /* of the things missed; 0 = not countable */
};

/* How the view was made: by looking at this host, or read from a listing that says little more than sockets. */
enum inside_source { INSIDE_COLLECTED, INSIDE_LISTING, INSIDE_LISTING_WINDOWS };

struct inside {
        struct pool *pool;
        enum inside_source source;
        const char *asset;    /* stable id of this host */
        const char *hostname;
        int64_t time_s;
        const char *only;       /* role of the one namespace that was asked for; NULL: all, or several */
        const char *sockets_by; /* how sockets and owners were read: "bpf" or "sock_diag" */

        vec(struct netns) netns;
        vec(struct interface_address) addresses;
        vec(struct interface_link) links; /* with addresses or without; never "lo" */
        vec(struct socket_seen) sockets;
        vec(uint32_t) owners; /* indexes of processes */
        vec(struct process) processes;
        vec(struct service) services;
        vec(struct activation) activations;
        vec(struct package) packages;
        vec(struct container) containers;
        vec(struct forward) forwards;
        vec(struct way_out) ways_out; /* to where forwards lead, as far as it is certain; sorted by way_out_order() */
        vec(struct routed) routed;
        vec(struct gap) gaps;

        struct map service_by_name; /* interned name -> index */
        struct map process_by_pid;
        struct map package_by_name; /* name, version and manager as one interned text -> index */
        struct map gap_by_reason;   /* likewise source and reason */
};

struct inside *inside_new(void);
struct inside *inside_free(struct inside *view); /* accepts NULL, returns NULL */

static inline void inside_freep(struct inside **view)
{
        *view = inside_free(*view);
}

/* The service of that name and manager-independent index; added (zeroed, indexes NONE) when new. */
uint32_t inside_service(struct inside *view, const char *name);
/* NONE when there is no such service. */
uint32_t inside_find_service(const struct inside *view, const char *name);
/* The record of a process; added (zeroed, indexes NONE) when new. */
uint32_t inside_process(struct inside *view, pid_t pid);
/* One record for each distinct (name, version, manager). */
uint32_t inside_package(struct inside *view, const char *name, const char *version, const char *manager);

/* By namespace and address, for qsort(3) and bsearch(3). */
int way_out_order(const void *a, const void *b);

/* Note a gap; the reason is formatted. The same source and reason is counted, not repeated. */
void inside_gap(struct inside *view, const char *source, const char *capability, bool incomplete,
                const char *reason, ...) _printf_(5, 6);
