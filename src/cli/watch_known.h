/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What `watch` knows to be open: each listener once, under the key that stays the same across restarts, with the
 * sockets it is made of. Two things change it: a note of one socket, and a look at the whole, which makes a new table.
 */
#pragma once

#include "assess/assess.h"
#include "collect/watch.h"
#include "model/event.h"

struct known_listener { /* or a service: then item is of that kind, and the rest is empty */
        struct item item;
        pid_t pid;           /* of the process that stood for it when it was last looked at; 0 */
        const char *process; /* its name, or NULL */
        struct judgement judgement; /* its rule is the policy's own; item has the verdict, too */
        uint32_t n_sockets;  /* 0: closed, and told */
        uint32_t n_anonymous; /* of them, those whose cookie is not known */
        bool forward;
        bool has_file; /* of a service: it stays though systemd forgets it */
};

struct known;

/* All of an assessment's listeners and services. Points into nothing. */
struct known *known_of(const struct assessment *a);
struct known *known_free(struct known *known); /* accepts NULL, returns NULL */

static inline void known_freep(struct known **known)
{
        *known = known_free(*known);
}

size_t known_count(const struct known *known); /* of listeners that are open */

/* So many sockets came and went that a new table would be much smaller: time to look at the whole. */
bool known_is_crowded(const struct known *known);

/* Whether the coming or going of that unit can be news. NULL: any may have changed. */
bool known_is_news(const struct known *known, const char *unit, bool gone);

/* The record of a listener: NULL when none of that key is there. Valid until the next change. */
const struct known_listener *known_find(const struct known *known, const struct item *key);

/* Whether that socket is known already. */
bool known_has_socket(const struct known *known, uint64_t cookie);

/* One more socket of that listener. The record when it was closed before, else NULL. */
const struct known_listener *known_open(struct known *known, const struct listener *l, uint64_t cookie);
/* A socket ended. `key` may be NULL when only the cookie is known. The record when it was the last, else NULL. */
const struct known_listener *known_close(struct known *known, uint64_t cookie, const struct item *key);

/* A socket that came or went while a later table was being made. */
struct known_step {
        uint64_t cookie;
        uint32_t listener; /* of one that came: known_step_opened() */
        bool closed, has_key;
        struct item key; /* as for known_close() */
};

/* That of a socket which known_open() has just been told of. */
struct known_step known_step_opened(const struct known *known, uint64_t cookie);

/* What happened meanwhile, and was told, is so in the later table, too, whether the look saw it or not. In order. */
void known_catch_up(struct known *after, const struct known *before, const struct known_step *step);

/*
 * What is different in a later table: called for every event. `before` and `after` are of the two tables, NULL where
 * there is none; `what` is a sentence, or NULL. Services are compared only when the tables have any.
 */
typedef void (*known_event)(enum event_kind kind, const struct known_listener *before,
                            const struct known_listener *after, const char *what, void *arg);
void known_compare(const struct known *before, const struct known *after, known_event each, void *arg);

/* The key of a listener; strings stay those of the listener. */
struct item known_key(const struct listener *l);
