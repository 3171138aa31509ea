/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What quaymaster-nft wrote, as plain data: whoever evaluates it indexes chains, verdicts and members by what it says. */
#include <assert.h>

#include "collect/ruleset_json.h"
#include "collect/ruleset_parse.h"
#include "fuzz.h"

static void check_verdict(const struct ruleset *r, const struct rule_verdict *v)
{
        assert(v->kind <= RULE_UNCLEAR);
        assert((v->kind != RULE_JUMP && v->kind != RULE_GOTO) || v->chain == RULE_NO_CHAIN || v->chain < r->n_chains);
        assert(v->kind != RULE_NAT || v->nat);
        assert(v->kind != RULE_UNCLEAR || v->words);
}

static void check_match(const struct rule_match *m)
{
        bool decides = m->kind == RULE_IN || m->kind == RULE_BITS;

        assert(m->words && (!decides || (m->elements && m->elements->n_keys == m->n_keys)));
        if (!decides)
                return;
        for (size_t i = 0; i < m->elements->n * m->n_keys; i++)
                assert(m->elements->spans[i].first <= m->elements->spans[i].last);
        for (size_t i = 1; m->elements->ordered && i < m->elements->n; i++)
                assert(m->elements->spans[i - 1].last < m->elements->spans[i].first);
}

static void check_rule(const struct ruleset *r, const struct ruleset_rule *rule)
{
        for (size_t i = 0; i < rule->n_matches; i++)
                check_match(&rule->matches[i]);
        check_verdict(r, &rule->verdict);
        if (!rule->map)
                return;
        check_match(rule->map);
        for (size_t i = 0; i < rule->map->elements->n + rule->map->elements->rest; i++)
                check_verdict(r, &rule->verdicts[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct pool *pool = pool_new();
        struct err err = {0};
        json_t *objects = ruleset_json((const char *)data, size, &err);
        const struct ruleset *r = objects ? ruleset_read(pool, objects) : NULL;

        assert(r || err.code < 0);
        for (unsigned hook = 0; r && hook < RULESET_HOOK_MAX; hook++)
                for (size_t i = 0; i < r->n_hooked[hook]; i++)
                        assert(r->hooked[hook][i] < r->n_chains);
        for (size_t i = 0; r && i < r->n_chains; i++)
                for (size_t k = 0; k < r->chains[i].n_rules; k++)
                        check_rule(r, &r->chains[i].rules[k]);
        json_decref(objects);
        pool_free(pool);
        return 0;
}
