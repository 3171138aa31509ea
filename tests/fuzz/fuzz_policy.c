/* SPDX-License-Identifier: GPL-2.0-or-later */
/* policy.yaml, the warnings about it, and an entry added to it, or filled in. */
#include <stdlib.h>

#include "fuzz.h"
#include "policy/policy_check.h"
#include "policy/policy_judge.h"
#include "policy/policy_parse.h"
#include "policy/policy_text.h"

#define NOW INT64_C(1795215600)

static void check(bool holds)
{
        if (!holds)
                abort();
}

static size_t waiting(const struct policy *p)
{
        size_t n = 0;

        for (size_t i = 0; i < p->n_allow; i++)
                n += !policy_rule_needed(&p->rules[i]);
        return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static const struct policy_field fields[] = {{"port", "443/tcp"}, {"need", "a: \"b\""}};
        _cleanup_(pool_freep) struct pool *pool = pool_new();
        _cleanup_(policy_warnings_release) struct policy_warnings warnings = {0};
        _cleanup_(policy_judge_freep) struct policy_judge *judge = NULL;
        _cleanup_str_ struct str added = {0}, filled = {0};
        struct observed o = {.endpoint = {.address = {4, {10, 0, 0, 1}}, .port = 443}};
        struct err err = {0};
        struct policy p;
        unsigned line;

        if (policy_parse((const char *)data, size, "fuzz.yaml", pool, &p, &err) < 0) {
                check(err.code && str_after(err.text, "fuzz.yaml:"));
                return 0;
        }
        policy_check(&p, NULL, NOW, pool, &warnings);
        judge = policy_judge_new(&p, NULL, NOW, pool);
        for (o.endpoint.port = 1; o.endpoint.port < 1024; o.endpoint.port++) {
                struct judgement j = policy_judge_observed(judge, &o);

                check(j.why && (j.verdict != VERDICT_APPROVED || policy_rule_needed(j.rule)));
                check(j.verdict != VERDICT_PROHIBITED || j.rule->deny);
        }
        if (policy_text_add((const char *)data, size, "fuzz.yaml", fields, 2, &added, &err) == 0) {
                struct policy after;

                check(policy_parse(added.text, added.len, "fuzz.yaml", pool, &after, &err) == 0);
                check(after.n_allow == p.n_allow + 1);
        }
        if (policy_text_fill((const char *)data, size, "fuzz.yaml", fields, 2, &filled, &line, &err) == 0) {
                struct policy after;

                check(policy_parse(filled.text, filled.len, "fuzz.yaml", pool, &after, &err) == 0);
                check(after.n_allow == p.n_allow && waiting(&p) == waiting(&after) + 1);
        }
        return 0;
}
