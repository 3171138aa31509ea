/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finds out what speaks at endpoints that are open: connects, listens, asks, and gives an identity for each.
 * One thread, one epoll, bounded in everything: connections in all and per host, time and bytes per port.
 * All that is sent goes through the gate. Safe to run confined (scan/confine.h, with sockets).
 */
#pragma once

#include <signal.h>

#include "gate/gate.h"
#include "model/endpoint.h"
#include "model/identity.h"

#define IDENTIFY_PORT_MS    10000u         /* a port costs at most so long from its first connection, */
#define IDENTIFY_PORT_BYTES (1024u * 1024) /* and so many bytes taken from it, of all its connections */

struct identify_job {
        struct endpoint endpoint; /* open; copied */
        const char *
                name; /* the host's name, for SNI, Host: and the like; NULL = by address. Outlives the job */
        enum device_class class;
        bool doubtful;   /* UDP that stayed silent: only the probes of its number are tried, with more patience */
        bool no_payload; /* of its device class: nothing is sent, only listened */
        bool industrial; /* read-only requests of industrial protocols are allowed */
        bool middlebox;  /* something answers for all ports of the host: not asked */
        void *arg;       /* the caller's */
};

struct identify_options {
        struct gate *gate;
        unsigned connections;      /* at once in all; 0 = 192 */
        unsigned host_connections; /* at once to one host; 0 = 40 */
        const volatile sig_atomic_t
                *stop; /* becomes non-zero: end at once, jobs left are told as not asked; or NULL */
        /* Once a job, as soon as it is known; the identity and its text live until this returns. */
        void (*done)(const struct identify_job *job, const struct identity *id, void *arg);
        /* About four times a second; or NULL. */
        void (*progress)(size_t jobs_done, size_t jobs, void *arg);
        void *arg;
};

struct identify;

/* Whether there is a probe for that very port number. */
bool identify_knows(enum transport transport, uint16_t port);
/* Ready to run: everything that needs files or privilege is done here. 0 or negative errno. */
int identify_open(struct identify **ret, const struct identify_options *options, struct err *err);
/* Before or during identify_run (from its callbacks). */
void identify_add(struct identify *i, const struct identify_job *job);
/* Until all jobs are done. 0 or negative errno. */
int identify_run(struct identify *i, struct err *err);
struct identify *identify_free(struct identify *i); /* accepts NULL, returns NULL */
static inline void identify_freep(struct identify **i)
{
        *i = identify_free(*i);
}
