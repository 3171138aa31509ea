/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Plans: what to do about findings, in order, with what it risks and how it is undone. Pure: observations, findings,
 * policy and estate in, a plan out; nothing is changed and nothing is asked of the system but through the calls of the
 * input. One file an action kind, with one `const struct action_maker` and a line in the registry in plan.c. Applied by
 * enforce/, in a program of its own.
 */
#pragma once

#include "assess/assess.h"
#include "firewall/spec.h"
#include "model/action.h"
#include "model/estate.h"
#include "model/policy.h"

struct harden_input {
        const struct assessment *assessment; /* judged; its view, listeners and findings */
        const struct policy *policy;         /* or NULL: then nothing is approved, and nothing suggested */
        const struct policy_rule *const
                *approvals; /* of the policy: those that hold now and are for this host */
        size_t n_approvals;
        const struct estate *estate; /* or NULL */
        /* The way the administrator came in by (SSH_CONNECTION); family 0: at the console, or not known. */
        struct address session_remote, session_local;
        uint16_t session_port; /* the local one */
        bool lock_me_out;      /* that way may be closed */
        /* What would go with a package: simulated by the caller (apt-get -s). NULL: not asked. */
        const char *(*package_also)(const char *package, void *arg);
        /* Units that need a unit, as "a.service, b.service"; NULL from it: none. NULL: not asked. */
        const char *(*unit_needed_by)(const char *unit, void *arg);
        void *arg;
};

/* Never fails. Points into what it was made from. */
struct plan *harden_plan(const struct harden_input *in);

/* The firewall of an action of kind ACTION_FIREWALL or ACTION_PUBLISHED. 0 or -EINVAL with words. Release the spec. */
int harden_firewall_spec(const struct action *a, struct pool *pool, struct firewall_spec *ret,
                         struct err *err);
