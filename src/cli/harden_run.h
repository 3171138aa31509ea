/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parts of `harden` share: look at this host, judge, make the plan, choose of its actions. */
#pragma once

#include "cli/harden_from.h"
#include "cli/inside_run.h"
#include "cli/policy_run.h"
#include "harden/harden.h"

struct harden_run {
        struct inside_run inside;
        struct harden_from from; /* of --from: what `inside` is read from */
        struct policy_run policy;
        struct harden_input input; /* of which the plan was made */
        struct plan *plan;
        bool no_packages; /* set it before: what goes with a package is not asked, which takes seconds */
        struct harden_ask *ask; /* what answers the calls of the input */
        vec(const struct policy_rule *) approvals;
        vec(const struct action *) chosen; /* by harden_choose, in the plan's order */
};

void harden_run_release(struct harden_run *run);

/*
 * Collect, judge and plan as the options say (--from, --profile, --netns, --no-bpf, --config, --lock-me-out);
 * nothing is changed. 0 or negative errno; for the exit status see inside_run_failed. Zero bytes are a valid
 * run; release it also after a failure.
 */
int harden_make_plan(const struct invocation *in, struct harden_run *run, struct err *err);

/*
 * Choose what --only names, by id ("unit-stop:telnet.socket") or by kind ("firewall"), with commas between them.
 * Without --only: all actions, or with `suggested` those that are suggested. -EINVAL: no action has that name.
 */
int harden_choose(const struct invocation *in, struct harden_run *run, bool suggested, struct err *err);
