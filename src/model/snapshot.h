/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is kept of an observation, and what is compared: listeners, endpoints and services, each under a key
 * that stays the same across restarts, with the state that drift is told of. Never a pid, inode, cookie or
 * container id.
 *
 * Plain data in a pool. All strings are interned in that pool, so that equal ones have equal pointers; two
 * snapshots that are compared are read into the same pool.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/pool.h"
#include "base/vec.h"
#include "model/address.h"

enum item_kind { ITEM_LISTENER, ITEM_ENDPOINT, ITEM_SERVICE };

struct item {
        /*
         * --- key: (asset, kind, netns, transport, address, port, device), of services (asset, kind, netns,
         * name) ---
         */
        uint8_t kind;      /* enum item_kind */
        uint8_t transport; /* enum transport; 0 for services */
        uint16_t port, port_last;
        struct address address; /* family 0: any (forwards, services) */
        const char *asset;      /* stable id */
        const char *netns;      /* role: "host", "docker:NAME" ...; NULL for endpoints */
        const char *device;     /* bound to it, or NULL */
        const char *name;       /* of a service; NULL for the others */
        /* --- state; NULL = not known, which is never a difference --- */
        const char *exe;      /* path of the executable, of the first owner by path */
        const char *exe_hash; /* SHA-256 of it, hexadecimal */
        const char *unit;
        const char *package, *version; /* of the package, or what the server told */
        const char *product;
        const char *protocol;          /* as spoken */
        const char *encryption;        /* word of model/identity.h */
        const char *exposure;          /* word: loopback, private, link, internet */
        const char *zones;             /* what the packet filter lets in: a text of model/zone_states.h */
        const char *startup, *running; /* of services: "enabled", "running" */
        const char *container;         /* name */
        const char *user;
        const char *verdict; /* word, when it was judged */
};

#define SNAPSHOT_PARTIAL_DETAILS (1u << 7) /* owners and the like were not seen: no list is short by that */

struct snapshot {
        struct pool *pool;
        const char *asset; /* of the inside view; NULL when items of several assets are in it */
        const char *hostname;
        const char *vantage; /* "inside", "outside:ASSET" ... */
        const char *netns;   /* role of the one namespace that was looked into; NULL: all of them */
        const char *source;  /* file or name of the snapshot, for messages */
        int64_t time_s;
        bool complete;
        const char *const *incomplete; /* reasons, NULL-terminated; never NULL */
        vec(struct item) items;
        /* What is said of the list itself; bits 1 << enum item_kind. All zero: everything was looked at. */
        unsigned absent;  /* such items were not looked for at all */
        unsigned partial; /* looked for, and the list may be short; zero though incomplete: of any kind */
        /* When not empty, `partial` of endpoints holds for these hosts only; in order of address_compare. */
        vec(struct address) undecided;
};

/* Empty and complete; its strings are to be interned in the pool. */
void snapshot_init(struct snapshot *s, struct pool *pool);
void snapshot_release(struct snapshot *s); /* not the pool */
#define _cleanup_snapshot_ _cleanup_(snapshot_release)

/* A reason why it is not complete, interned; told once. */
void snapshot_add_reason(struct snapshot *s, const char *reason);
/* Whether an item like that may be there though the snapshot lacks it. */
bool snapshot_may_lack(const struct snapshot *s, const struct item *item);
/*
 * Which lists are short when a source of the inside view (model/inside.h, struct gap) could not be seen:
 * bits for `partial`. NULL, and words that are not known: any.
 */
unsigned snapshot_partial_by(const char *source);
