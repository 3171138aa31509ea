/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Judgement of what is seen from outside: endpoints with identities + guide + estate -> advice, findings. Pure:
 * no I/O, no clock, no globals. Everything points into the pool of it, into the identities that were handed in, the
 * estate and the knowledge: free it before them.
 */
#pragma once

#include "assess/reconcile.h"
#include "knowledge/knowledge.h"
#include "model/finding.h"

struct outside {
        struct pool *pool;
        vec(struct observed) observed; /* once judged: by address, transport, port */
        vec(struct finding) findings;  /* most severe first */
        vec(struct reconcile_row) rows;
        bool by_policy; /* each open endpoint has a verdict */
};

struct outside *outside_new(void);
struct outside *outside_free(struct outside *o); /* accepts NULL, returns NULL */

static inline void outside_freep(struct outside **o)
{
        *o = outside_free(*o);
}

/* Add an endpoint, before outside_judge. `id` NULL: it was not asked what it is. */
void outside_add(struct outside *o, const struct endpoint *e, const struct identity *id);
/*
 * Fill in what estate, registry and guide say of each, and add the findings. Only open endpoints are judged. Once.
 * `estate` may be NULL. `now`: seconds since 1970, for the dates of certificates.
 */
void outside_judge(struct outside *o, const struct knowledge *knowledge, const struct estate *estate,
                   int64_t now);
/* Add the findings of the policy, whose judgements were put in o->observed. After outside_judge; once. */
void outside_add_policy(struct outside *o, const struct knowledge *knowledge, int64_t now);
/*
 * Join the endpoints of one asset with what its inside view says: adds rows, and findings for what nobody explains.
 * After outside_judge; once for each asset.
 */
void outside_reconcile(struct outside *o, const struct reconcile_input *in);
