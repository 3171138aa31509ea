/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an apply has closed, by looking again: from inside each finding that the actions close is looked for anew, and
 * from a network namespace that can reach this host its ports are asked by the engine of `scan`.
 */
#pragma once

#include "cli/harden_run.h"

enum proof { PROOF_CLOSED, PROOF_OPEN, PROOF_UNKNOWN, PROOF_MAX };

struct proof_line {
        const struct finding *finding; /* of the plan */
        enum proof proof;
        const char *why; /* a sentence, in the plan's pool */
};

struct harden_proof {
        vec(struct proof_line) lines; /* each finding that a chosen action closes, once */
        size_t n[PROOF_MAX];
        bool outside; /* a probe from outside was made, and reached this host */
        bool way_in; /* by it: the way the administrator came in by, or else a port that may stay, is open */
        size_t n_asked; /* ports, by it */
        size_t n_shut;  /* findings that it, and not only the inside view, found closed */
};

void harden_proof_release(struct harden_proof *proof);

/* `from` is the name of a network namespace (ip-netns(8)), or NULL: from inside alone. 0 or negative errno. */
int harden_prove(const struct invocation *in, const struct harden_run *run, const char *from,
                 struct harden_proof *ret, struct err *err);
