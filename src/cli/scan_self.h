/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the scan asks this machine itself: UDP ports that stay silent are decided by the sockets that it has
 * (assess/inside_answer.h).
 */
#pragma once

#include "cli/command.h"
#include "model/endpoint.h"
#include "model/inside.h"
#include "model/range.h"
#include "scan/targets.h"

struct self_changes; /* of one address */

struct scan_self {
        struct inside *view;          /* who this machine is; with sockets when `sockets` */
        const struct range_set *own;  /* its addresses */
        bool sockets;
        struct self_changes *changes;
        size_t n_changes;
        uint32_t opened; /* silent ones that turned out to be open */
};

/*
 * Look at this machine: always who it is, and with `sockets` what listens in this namespace. Never fails: what cannot
 * be read leaves the silent ports undecided as they were.
 */
void scan_self_look(struct scan_self *self, const struct range_set *own, bool sockets);
void scan_self_release(struct scan_self *self);

bool scan_self_has(const struct scan_self *self, const struct address *address);
/* Whether one of the targets is this machine. */
bool scan_self_among(const struct range_set *own, const struct targets *targets);

/* Decide a silent UDP endpoint of this machine; others stay as they are. */
void scan_self_decide(struct scan_self *self, struct endpoint *e);
/* The counts by state of a host, as they are with what was decided of it. */
void scan_self_correct(const struct scan_self *self, struct host_coverage *c);
