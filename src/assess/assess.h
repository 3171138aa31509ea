/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Judgement: observations + knowledge -> listeners and findings. Pure: no I/O, no clock, no globals.
 * Everything points into the view and the knowledge it was made from: free the assessment first.
 */
#pragma once

#include "knowledge/knowledge.h"
#include "model/endpoint.h"
#include "model/estate.h"
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
/*
 * Listeners that were joined elsewhere, as records have them; copied. What they point to must outlive the
 * assessment.
 */
struct assessment *assess_given(const struct inside *view, const struct listener *listeners, size_t n);
/*
 * Put each listener to the packet filter of its namespace: what it lets in from each zone of the estate, or without
 * one (NULL) from anywhere, becomes part of its exposure. It is about the first packet of a connection from another
 * machine; what is not understood is told as unknown. After assess_correlate, before anything is judged.
 */
void assess_reach(struct assessment *a, const struct estate *estate);
/* List all services of the view with their listeners. */
void assess_services(struct assessment *a);

#define VERIFY_PLACES_MAX 2u
/*
 * Where a listener (by index) of this process's own namespace is asked what it speaks: at addresses of this
 * machine that certainly lead to it, the next one only where the one before did not confirm anything. How many;
 * 0: nowhere, and *ret_why is a sentence in the assessment's pool.
 */
size_t assess_verify_places(struct assessment *a, size_t listener, struct endpoint ret[VERIFY_PLACES_MAX],
                            const char **ret_why);
/*
 * A listener (by index) was asked, and answered like that; copied. What was spoken decides about the guide's page
 * where it is certain, and where only the number would. Of two answers the surer one stays. Before assess_judge.
 */
void assess_verified(struct assessment *a, const struct knowledge *knowledge, size_t listener,
                     const struct identity *id);
/* Add the finding that nothing uses an approval. Before assess_judge, which puts findings in order. */
void assess_unused(struct assessment *a, const struct policy_rule *approval);
/* Add the findings, also those of the policy: its judgements are in the listeners by then. */
void assess_judge(struct assessment *a, const struct knowledge *knowledge);
struct assessment *assess_free(struct assessment *a); /* accepts NULL, returns NULL */

static inline void assess_freep(struct assessment **a)
{
        *a = assess_free(*a);
}
