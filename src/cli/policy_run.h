/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The policy and the estate of the configuration folder, put to what was seen on this host. */
#pragma once

#include "assess/outside.h"
#include "cli/inside_run.h"
#include "policy/policy_judge.h"

struct policy_run {
        struct pool *pool;
        struct policy policy;
        struct estate estate;
        bool has_policy, has_estate;
        struct policy_judge *judge; /* NULL without a policy */
        int64_t now;
};

void policy_run_release(struct policy_run *run);
/* Read both files; `now` is the clock. 0 or negative errno; a bad file is the user's mistake. */
int policy_run_open(struct policy_run *run, const struct invocation *in, struct err *err);
/*
 * Set the judgement of each listener, and with `unused` add findings for approvals that nothing uses.
 * Nothing without a policy. The run must outlive the assessment's use.
 */
void policy_run_judge(struct policy_run *run, struct inside_run *inside, bool unused);

/* The same of the open endpoints of an audit from outside, with their findings. After outside_judge. */
void policy_run_judge_outside(struct policy_run *run, const struct knowledge *knowledge, struct outside *outside);

/*
 * --fail-on takes a severity or a verdict: -EINVAL for other words. Without a policy nothing has a verdict, and a gate
 * that waits for one would always be open: -ENOENT.
 */
int fail_on_check(const struct policy_run *policy, const char *word, struct err *err);
/* The worst of findings and listeners is at least so bad. NULL: never. */
bool fail_on_reached(const struct assessment *a, const char *word);
bool fail_on_reached_outside(const struct outside *o, const char *word);
