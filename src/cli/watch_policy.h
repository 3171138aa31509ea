/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The policy as `watch` puts it to listeners: for weeks, across midnights and reloads, in bounded memory. */
#pragma once

#include "cli/policy_run.h"

struct watch_policy {
        struct policy_run rules;
        struct pool *texts; /* of the judgements made since it was begun */
        int32_t day;        /* UTC, that is judged by */
        unsigned n_judged;
};

/* Read policy.yaml and estate.yaml. Zeroed before. 0 or negative errno: a bad file is the user's mistake. */
int watch_policy_open(struct watch_policy *p, const struct invocation *in, struct err *err);
void watch_policy_release(struct watch_policy *p);

/* Judge by the clock of now, for that host. Texts of judgements made before are gone; the rules stay. */
void watch_policy_begin(struct watch_policy *p, const struct inside *view);
/* Begin anew when the day has changed, forwards or back, or so much was judged that texts have piled up. */
void watch_policy_freshen(struct watch_policy *p, const struct inside *view);
/* Whether approvals may have run out, or hold again, since it was begun. */
bool watch_policy_day_changed(const struct watch_policy *p);

/* Texts live until it is begun anew, rules until it is released. Empty without a policy. */
struct judgement watch_policy_judge(struct watch_policy *p, const struct listener *l);
