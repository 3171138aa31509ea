/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Plans: what to do about findings, in order, with what it risks and how it is undone. Pure: observations, findings, policy
 * and estate in, a plan out; nothing is changed and nothing is asked of the system. One file an action kind, with one
 * `const struct action_maker` and a line in the registry in plan.c. Applied by enforce/, in a program of its own.
 */
#pragma once

#include "assess/assess.h"
#include "model/action.h"
#include "model/estate.h"
#include "model/policy.h"

struct harden_input {
        const struct assessment *assessment; /* judged; its view, listeners and findings */
        const struct policy *policy;         /* or NULL: then nothing is approved */
        const struct estate *estate;         /* or NULL */
        /* The way the administrator came in by (SSH_CONNECTION and the like); family 0: at the console, or not known. */
        struct address session_remote, session_local;
        uint16_t session_port; /* the local one */
        /* What would go with a package: simulated by the caller (apt-get -s). NULL: not asked. */
        const char *(*package_also)(const char *package, void *arg);
        void *arg;
};

/* Never fails. Points into what it was made from. */
struct plan *harden_plan(const struct harden_input *in);
