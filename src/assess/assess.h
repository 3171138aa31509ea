/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Judgement: observations + knowledge -> listeners and findings. Pure: no I/O, no clock, no globals.
 * Everything points into the view and the knowledge it was made from: free the assessment first.
 */
#pragma once

#include "knowledge/knowledge.h"
#include "model/finding.h"
#include "model/inside.h"
#include "model/listener.h"

struct service_use { /* one service and what it listens on */
        const struct service *service;
        const struct listener **listeners;
        size_t n_listeners;
};

struct assessment {
        struct pool *pool;
        const struct inside *view;
        vec(struct listener) listeners; /* by netns role, transport, port, address */
        vec(struct listener) clients;   /* unconnected UDP sockets of clients, with client_reason */
        vec(struct service_use) services; /* by name; only when asked for */
        vec(struct finding) findings;   /* most severe first */
};

/*
 * Join sockets, owners, units, packages, registry and exposure into listeners, each with the guide's advice.
 * Never fails.
 */
struct assessment *assess_correlate(const struct inside *view, const struct knowledge *knowledge);
/* List all services of the view with their listeners. */
void assess_services(struct assessment *a);
/* Add the finding that nothing uses an approval. Before assess_judge, which puts findings in order. */
void assess_unused(struct assessment *a, const struct policy_rule *approval);
/* Add the findings, also those of the policy: its judgements are in the listeners by then. */
void assess_judge(struct assessment *a, const struct knowledge *knowledge);
struct assessment *assess_free(struct assessment *a); /* accepts NULL, returns NULL */

static inline void assess_freep(struct assessment **a)
{
        *a = assess_free(*a);
}
