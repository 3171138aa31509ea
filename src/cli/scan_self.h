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

enum scan_self_what {
        SCAN_SELF_NAME,    /* who it is */
        SCAN_SELF_SOCKETS, /* and what listens in this namespace */
        SCAN_SELF_WHOLE,   /* and in all others */
};

struct scan_self {
        struct inside *view;         /* with sockets when `sockets` */
        const struct range_set *own; /* its addresses */
        bool sockets;
        struct self_changes *changes;
        size_t n_changes;
        uint32_t opened; /* silent ones that turned out to be open */
};

/* Never fails: what cannot be read leaves the silent ports undecided as they were. */
void scan_self_look(struct scan_self *self, const struct range_set *own, enum scan_self_what what);
void scan_self_release(struct scan_self *self);

bool scan_self_has(const struct scan_self *self, const struct address *address);
/* Whether one of the targets is this machine. */
bool scan_self_among(const struct range_set *own, const struct targets *targets);

/* Decide a silent UDP endpoint of this machine; others stay as they are. */
void scan_self_decide(struct scan_self *self, struct endpoint *e);
/* The counts by state of a host, as they are with what was decided of it. */
void scan_self_correct(const struct scan_self *self, struct host_coverage *c);
