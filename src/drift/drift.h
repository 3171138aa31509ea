/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What changed between two snapshots. Pure: no I/O, no clock. A daemon that was restarted is no event, since
 * keys have neither pid nor inode; what is not known on one side is no difference.
 */
#pragma once

#include "model/event.h"

struct drift {
        vec(struct event)
                events; /* by place, then kind; they point into the snapshots, `what` into their pool */
        /* Sentences, in the pool: what could not be compared, and why. */
        vec(const char *) notes;
        size_t unsure; /* items that the later side lacks, and that may be there all the same: no event */
        size_t counts[EVENT_KIND_MAX];
        bool complete; /* both sides were, nothing is unsure, and something was compared */
        bool nothing_compared; /* there are items, and each of a kind or place that the other side did not look for */
};

/* Both in one pool, so that equal strings have equal pointers. The snapshots must outlive the result. */
void drift_compare(const struct snapshot *before, const struct snapshot *after, struct drift *ret);
void drift_release(struct drift *d);

/* The order of items by what they are a place of: asset, kind, address, transport, port ... */
int drift_item_compare(const struct item *a, const struct item *b);
