/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/policy_run.h"

#include <errno.h>

#include "base/clock.h"

static const char *const fail_on_words[] = {
        "info", "low", "medium", "high", "critical", "unused", "expired", "unapproved", "prohibited", NULL,
};

void policy_run_release(struct policy_run *run)
{
        policy_judge_freep(&run->judge);
        pool_freep(&run->pool);
}

int policy_run_open(struct policy_run *run, const struct invocation *in, struct err *err)
{
        int r;

        run->pool = pool_new();
        run->now = clock_now_s();
        r = config_open_estate(in, run->pool, &run->estate, &run->has_estate, err);
        if (r == 0)
                r = config_open_policy(in, run->pool, &run->policy, &run->has_policy, err);
        if (r == 0 && run->has_policy)
                run->judge = policy_judge_new(&run->policy, run->has_estate ? &run->estate : NULL, run->now,
                                              run->pool);
        return r;
}

void policy_run_judge(struct policy_run *run, struct inside_run *inside, bool unused)
{
        const struct policy_rule *rule;
        size_t i = 0;

        if (!run->judge)
                return;
        policy_judge_host(run->judge, inside->view);
        vec_foreach(l, &inside->assessment->listeners)
                l->judgement = policy_judge_listener(run->judge, l);
        while (unused && (rule = policy_judge_unused(run->judge, &i)))
                assess_unused(inside->assessment, rule);
}

void policy_run_judge_outside(struct policy_run *run, const struct knowledge *knowledge,
                              struct outside *outside)
{
        if (!run->judge)
                return;
        outside->by_policy = true;
        vec_foreach(o, &outside->observed)
                if (o->endpoint.state == ENDPOINT_OPEN)
                        o->judgement = policy_judge_observed(run->judge, o);
        outside_add_policy(outside, knowledge, run->now);
}

int fail_on_check(const struct policy_run *policy, const char *word, struct err *err)
{
        const char *const *known = fail_on_words;

        while (word && *known && !streq(*known, word))
                known++;
        if (word && !*known)
                return err_set(
                        err, -EINVAL,
                        "'--fail-on %s': must be a severity (info, low, medium, high, critical) or a verdict "
                        "(unused, expired, unapproved, prohibited)",
                        word);
        if (!word || policy->has_policy || verdict_parse(word) == VERDICT_MAX)
                return 0;
        return err_set(err, -ENOENT,
                       "'--fail-on %s' needs a policy.yaml; `quaymaster policy init` writes one", word);
}

bool fail_on_reached_outside(const struct outside *o, const char *word)
{
        enum verdict verdict;

        if (!word)
                return false;
        verdict = verdict_parse(word);
        if (verdict == VERDICT_MAX)
                return o->findings.n && o->findings.at[0].severity >= severity_parse(word);
        vec_foreach(e, &o->observed)
                if (verdict_rank(e->judgement.verdict) >= verdict_rank(verdict))
                        return true;
        return false;
}

/* Findings come most severe first. */
bool fail_on_reached(const struct assessment *a, const char *word)
{
        enum verdict verdict;

        if (!word)
                return false;
        verdict = verdict_parse(word);
        if (verdict == VERDICT_MAX)
                return a->findings.n && a->findings.at[0].severity >= severity_parse(word);
        vec_foreach(l, &a->listeners)
                if (verdict_rank(l->judgement.verdict) >= verdict_rank(verdict))
                        return true;
        vec_foreach(f, &a->findings)
                if (verdict_rank(f->verdict) >= verdict_rank(verdict))
                        return true;
        return false;
}
