/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sets of source addresses of one family, as ordered, disjoint spans that never change once made. They live in a
 * scratch that is emptied as a whole. Internal to reach*.c.
 */
#pragma once

#include "model/ruleset.h"

struct sources {
        const struct rule_span *at;
        size_t n;
};

struct scratch_block;

struct scratch {
        struct scratch_block *blocks;
};

void *scratch_alloc(struct scratch *s, size_t size); /* never NULL; not zeroed */
void scratch_release(struct scratch *s);

static inline bool sources_empty(struct sources s)
{
        return s.n == 0;
}

struct sources sources_common(struct scratch *s, struct sources a, struct sources b);
struct sources sources_without(struct scratch *s, struct sources a, struct sources b);
struct sources sources_union(struct scratch *s, struct sources a, struct sources b);
/* Of spans in any order, which are copied. */
struct sources sources_of(struct scratch *s, const struct rule_span *spans, size_t n);
bool sources_equal(struct sources a, struct sources b);
