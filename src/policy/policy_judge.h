/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the policy says of a listener or endpoint. Closed world: what no approval names is unapproved. A deny
 * rule beats all approvals; of approvals one that holds beats one that has expired, and that beats one that
 * does not hold for another reason; of equals the first of the file is named. Pure: no I/O, no clock, no
 * globals.
 *
 * Rules are found by (transport, port): 50,000 listeners against 5,000 rules take well under a second.
 */
#pragma once

#include "model/estate.h"
#include "model/listener.h"
#include "model/observed.h"
#include "model/policy.h"

struct policy_judge;

/*
 * Policy and estate (which may be NULL) must outlive it; all texts of judgements live in the pool. `now`:
 * seconds since 1970; an approval holds through its last day, UTC.
 */
struct policy_judge *policy_judge_new(const struct policy *policy, const struct estate *estate, int64_t now,
                                      struct pool *pool);
struct policy_judge *policy_judge_free(struct policy_judge *j); /* accepts NULL, returns NULL */

static inline void policy_judge_freep(struct policy_judge **j)
{
        *j = policy_judge_free(*j);
}

/*
 * The host that listeners are of: its name and addresses find its asset and zones in the estate. Before the first
 * policy_judge_listener, and again for the next host.
 */
void policy_judge_host(struct policy_judge *j, const struct inside *view);
struct judgement policy_judge_listener(struct policy_judge *j, const struct listener *l);
/* Who listens is not seen from outside: an approval that names the process is taken, and the note says so. */
struct judgement policy_judge_observed(struct policy_judge *j, const struct observed *o);

/* Why each rule applies or not, in the order they are tried; one that is about another port only when `all`. */
typedef void policy_told(const struct policy_rule *rule, bool applies, const char *why, void *arg);
void policy_judge_explain(struct policy_judge *j, const struct listener *l, bool all, policy_told *told,
                          void *arg);

/*
 * The next approval (from *i = 0 on) that could have applied to a host or endpoint that was judged, and
 * which nothing used; NULL at the end.
 */
const struct policy_rule *policy_judge_unused(const struct policy_judge *j, size_t *i);

/*
 * The next approval (from *i = 0 on) that is for a host or endpoint that was judged and holds: it has a need and has
 * not expired; used or not. NULL at the end.
 */
const struct policy_rule *policy_judge_holding(const struct policy_judge *j, size_t *i);
