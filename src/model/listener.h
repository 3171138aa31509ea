/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A listener: a place of this host that accepts traffic, joined with who owns it. Made by assess from the
 * inside view; points into that view and into knowledge, owns nothing but its list of processes and what it
 * answered when it was asked (in the assessment's pool).
 *
 * Identity across restarts: (asset, netns role, transport, address, port), and the device where one is
 * bound. Never a pid, inode or cookie.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "model/address.h"
#include "model/advice.h"
#include "model/identity.h"
#include "model/inside.h"
#include "model/policy.h"

enum exposure_scope {
        EXPOSURE_LOOPBACK, /* this host only */
        EXPOSURE_PRIVATE,  /* inside a network namespace of its own */
        EXPOSURE_LINK,     /* the networks this host is attached to */
        EXPOSURE_INTERNET, /* bound to an address that the internet routes */
        EXPOSURE_MAX,
};

const char *exposure_scope_name(enum exposure_scope scope);

/* What the packet filter lets in from a zone. */
enum reach_state { REACH_UNKNOWN, REACH_REACHABLE, REACH_BLOCKED };

const char *reach_state_name(enum reach_state state); /* "unknown", "reachable", "blocked" */

struct reach_zone {
        const char *zone; /* of the estate; "internet": all that is in no zone; "anywhere" without an estate */
        enum reach_state state;
        bool apart;      /* unknown, since it has no addresses of the family that is listened on */
        const char *by;  /* blocked: "inet filter input handle 12", "policy of inet filter input"; else NULL */
        const char *why; /* a phrase: from which part, what is not known; or NULL */
};

struct exposure {
        enum exposure_scope scope;
        const char *why;                /* a sentence */
        const char *reachable_from[3];  /* "host", "link", "internet", "netns NAME"; NULL-terminated early */
        const char *blocked_by;         /* the rule that stops it from all zones; NULL: none, or not looked at */
        const struct reach_zone *zones; /* what the packet filter says, where that was asked (assess_reach) */
        size_t n_zones;
};

enum listener_kind { LISTENER_SOCKET, LISTENER_FORWARD };

struct listener {
        enum listener_kind kind;
        enum transport transport;
        struct address address; /* family 0: any address of the host (forwards) */
        uint16_t port, port_last; /* port_last > port only for forwards of a range */
        bool dual_stack;        /* family 6 wildcard that also takes IPv4 */
        bool v6only;
        const char *device;     /* SO_BINDTODEVICE, or NULL */
        const struct netns *netns;
        unsigned n_sockets;     /* of an SO_REUSEPORT group */
        const struct process **processes;
        size_t n_processes;
        const char *owner_note; /* why there are none, or not all */
        const struct service *unit;       /* the unit that runs it, or that would be started for it */
        const struct service *activation; /* the .socket unit or inetd entry that holds it */
        const struct package *package;
        const struct container *container;
        const struct forward *forward; /* LISTENER_FORWARD */

        const char *registered;  /* name the registry gives the number, or NULL */
        const char *protocol;    /* what is spoken, as far as known, or NULL */
        enum confidence confidence;
        const char *guide;       /* id of the guide page judged by, or NULL */
        const struct identity *identity; /* what it answered when it was asked (audit --verify); NULL: it was not */
        const char *not_verified; /* why it was not, where it was to be: a sentence; or NULL */
        const char *known_for;    /* what its program is known for, where it speaks something else; or NULL */
        struct exposure exposure;
        struct advice advice;
        struct judgement judgement; /* by the policy; verdict NONE: there is none */
        const char *client_reason; /* not NULL: a client's socket and no listener; the reason */
};
