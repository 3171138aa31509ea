/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What speaks at the open ports that a scan found. Endpoints that are open, and the coverage of their hosts,
 * are kept back until the scan is over; then they are asked, and a host's records go on when its last port
 * is known.
 */
#pragma once

#include "base/pool.h"
#include "base/vec.h"
#include "identify/runner.h"
#include "model/estate.h"

struct scan_identify_host {
        struct host_coverage *coverage; /* NULL until the host was done */
        size_t first, n, left;          /* its endpoints, one after the other; those not identified yet */
};

struct scan_identify {
        /* set before scan_identify_open; the functions get `arg` */
        const struct scope *scope;
        const struct estate *estate; /* or NULL */
        const volatile sig_atomic_t *stop;
        /* The host's DNS name, or NULL. */
        const char *(*name)(const struct address *address, void *arg);
        void (*endpoint)(const struct endpoint *endpoint, const struct identity *identity, void *arg);
        void (*host)(const struct host_coverage *coverage, void *arg);
        void (*progress)(size_t done, size_t all, void *arg);
        void *arg;
        /* its own */
        struct gate gate;
        struct identify *engine;
        vec(struct endpoint) endpoints;
        vec(struct scan_identify_host) hosts;
        uint32_t opened; /* UDP ports that had stayed silent, and answered a probe */
        size_t begun; /* endpoints before it belong to hosts that are done */
};

/* Before confinement. 0 or negative errno. */
int scan_identify_open(struct scan_identify *s, struct err *err);
/* Of a scan: kept when it is, or may be, open, else handed on at once. Those of a host come before its coverage. */
void scan_identify_endpoint(struct scan_identify *s, const struct endpoint *endpoint);
/* The host is done: its coverage is kept back when it has open endpoints. */
void scan_identify_host_done(struct scan_identify *s, const struct host_coverage *coverage);
/* Ask them all. 0 or negative errno. */
int scan_identify_run(struct scan_identify *s, struct err *err);
void scan_identify_release(struct scan_identify *s);
