/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is not wrong in a policy, but hardly meant. Pure. */
#pragma once

#include "base/vec.h"
#include "model/estate.h"
#include "model/policy.h"

struct policy_warning {
        unsigned line;
        const char *text; /* a sentence, in the pool */
};

struct policy_warnings {
        vec(struct policy_warning) list; /* by line */
};

static inline void policy_warnings_release(struct policy_warnings *w)
{
        vec_clear(&w->list);
}

/* Add warnings. `estate` may be NULL: then names, tags and zones are not looked up. `now`: seconds since 1970. */
void policy_check(const struct policy *policy, const struct estate *estate, int64_t now, struct pool *pool,
                  struct policy_warnings *ret);
