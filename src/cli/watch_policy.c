/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/watch_policy.h"

#include "base/clock.h"

#define JUDGED_MAX 10000u /* a few hundred bytes each at most */

int watch_policy_open(struct watch_policy *p, const struct invocation *in, struct err *err)
{
        int r = policy_run_open(&p->rules, in, err);

        p->day = day_of(p->rules.now);
        return r;
}

void watch_policy_release(struct watch_policy *p)
{
        policy_run_release(&p->rules);
        pool_freep(&p->texts);
}

void watch_policy_begin(struct watch_policy *p, const struct inside *view)
{
        struct policy_run *rules = &p->rules;

        rules->now = clock_now_s();
        p->day = day_of(rules->now);
        p->n_judged = 0;
        if (!rules->has_policy)
                return;
        policy_judge_freep(&rules->judge);
        pool_freep(&p->texts);
        p->texts = pool_new();
        rules->judge = policy_judge_new(&rules->policy, rules->has_estate ? &rules->estate : NULL, rules->now,
                                         p->texts);
        policy_judge_host(rules->judge, view);
}

bool watch_policy_day_changed(const struct watch_policy *p)
{
        return p->rules.has_policy && day_of(clock_now_s()) != p->day;
}

void watch_policy_freshen(struct watch_policy *p, const struct inside *view)
{
        if (p->n_judged > JUDGED_MAX || watch_policy_day_changed(p))
                watch_policy_begin(p, view);
}

struct judgement watch_policy_judge(struct watch_policy *p, const struct listener *l)
{
        if (!p->rules.judge)
                return (struct judgement){0};
        p->n_judged++;
        return policy_judge_listener(p->rules.judge, l);
}
