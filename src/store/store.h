/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is kept from one run to the next: snapshots, and windows of planned change. An engine keeps changes
 * (from which look to which an item was so), never repeated snapshots: those of a host that stays the same
 * cost a few bytes each.
 *
 * Errors: -ENOENT what is named is not there; -EEXIST the name is taken; -EBUSY another process writes;
 * -ENOSPC no room, and nothing was changed (what is there can be read all the same); -EUCLEAN the file is
 * damaged; -ENOTSUP it was written by a newer version; -EPERM root may not trust it.
 */
#pragma once

#include "base/err.h"
#include "model/snapshot.h"

#define STORE_NAME_MAX 128u

struct store;

struct store_snapshot {
        int64_t id;           /* grows */
        const char *name;     /* as given, else the time: "2026-11-22T06:49:17Z" */
        const char *asset;    /* or NULL */
        const char *hostname; /* or NULL */
        const char *vantage;  /* or NULL */
        int64_t time_s;
        uint64_t items;
        bool complete;
};

struct store_list {
        vec(struct store_snapshot) snapshots; /* oldest first; strings in the pool given */
};

struct store_change {
        int64_t id;
        const char *ticket;
        const char *expect; /* "opened 8443/tcp on web1" */
        int64_t opened_s, until_s;
        int64_t closed_s;   /* 0: open */
        int64_t happened_s; /* 0: it did not, so far */
};

struct store_changes {
        vec(struct store_change) changes;
};

enum store_open {
        STORE_OPEN,   /* -ENOENT where it is missing */
        STORE_CREATE, /* made where it is missing */
        STORE_HASTY,  /* as STORE_OPEN, for who may not wait: busy for 200 ms is -EBUSY, in place of 5 s */
};

struct store_engine {
        const char *name;
        /* The folder is there. `how` holds for all that is done with it. */
        int (*open)(struct store **ret, const char *path, enum store_open how, struct err *err);
        struct store *(*close)(struct store *store); /* accepts NULL, returns NULL */

        /* All or nothing. `series` keeps histories apart that are not of one kind ("" else). `name` may be NULL. */
        int (*save)(struct store *store, const struct snapshot *s, const char *name, const char *series,
                    bool replace, struct err *err);
        int (*list)(struct store *store, struct pool *pool, struct store_list *ret, struct err *err);
        /* By name, by time, or "last". `to` is initialised. */
        int (*load)(struct store *store, const char *name, struct snapshot *to, struct err *err);
        int (*remove)(struct store *store, const char *name, struct err *err);

        /* A window for each expectation; those of one ticket belong together. All or nothing. */
        int (*change_open)(struct store *store, const struct store_changes *changes, struct err *err);
        int (*change_list)(struct store *store, struct pool *pool, struct store_changes *ret,
                           struct err *err);
        int (*change_happened)(struct store *store, int64_t id, int64_t time_s, struct err *err);
        int (*change_close)(struct store *store, const char *ticket, int64_t time_s, struct err *err);
};

extern const struct store_engine store_sqlite;
