/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One rule of a ruleset: its conditions and what it does. Internal to ruleset_*.c. */
#pragma once

#include <jansson.h>

#include "base/map.h"
#include "base/vec.h"
#include "collect/ruleset_match.h"

struct chain_read {
        struct ruleset_chain chain;
        vec(const json_t *) rules;
};

struct ruleset_parse {
        struct pool *pool;
        struct match_reader match;
        struct ruleset *ruleset;
        vec(struct chain_read) chains;
        vec(const struct rule_nat *) nats;
        struct map chain_by_name;
        struct map dormant;
};

/* A text of the object, "" where it has none. */
const char *ruleset_text(const json_t *object, const char *key);

/* Nothing can be concluded from it; the first reason is kept. */
void ruleset_set_opaque(struct ruleset_parse *p, const char *words);

/* Of a "rule" object. Sets and chains are known by then. */
struct ruleset_rule rule_read(struct ruleset_parse *p, const json_t *rule);
