/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/harden_run.h"

#include <errno.h>

#include "cli/harden_ask.h"
#include "cli/ssh_connection.h"

void harden_run_release(struct harden_run *run)
{
        run->plan = plan_free(run->plan);
        run->ask = harden_ask_free(run->ask);
        vec_clear(&run->chosen);
        vec_clear(&run->approvals);
        harden_from_release(&run->from, &run->inside);
        inside_run_release(&run->inside);
        policy_run_release(&run->policy);
}

static void find_approvals(struct harden_run *run)
{
        const struct policy_rule *rule;
        size_t i = 0;

        while ((rule = policy_judge_holding(run->policy.judge, &i)))
                *vec_push(&run->approvals) = rule;
}

static void set_session(struct harden_input *input)
{
        struct ssh_connection session;

        if (!ssh_connection_find(&session))
                return;
        input->session_remote = session.remote;
        input->session_local = session.local;
        input->session_port = session.local_port;
}

static int set_profile(const struct invocation *in, struct harden_run *run, struct err *err)
{
        const char *name = invocation_get(in, "profile");

        run->input.profile = name ? profile_find(name) : NULL;
        if (!name || run->input.profile)
                return 0;
        return err_set(err, -EINVAL, "'--profile %s': there is no such profile; see `quaymaster harden profiles`",
                       name);
}

static void make_input(const struct invocation *in, struct harden_run *run)
{
        run->input.assessment = run->inside.assessment;
        run->input.policy = run->policy.has_policy ? &run->policy.policy : NULL;
        run->input.approvals = run->approvals.at;
        run->input.n_approvals = run->approvals.n;
        run->input.estate = run->policy.has_estate ? &run->policy.estate : NULL;
        run->input.lock_me_out = invocation_has(in, "lock-me-out");
        run->input.elsewhere = invocation_has(in, "from");
        if (run->input.elsewhere)
                return; /* of another machine nothing can be asked, and nobody came in there */
        run->ask = harden_ask_new();
        run->input.package_also = !run->no_packages && harden_ask_has_packages(run->ask) ? harden_ask_also : NULL;
        run->input.unit_needed_by = harden_ask_has_units(run->ask) ? harden_ask_needed_by : NULL;
        run->input.arg = run->ask;
        set_session(&run->input);
}

int harden_make_plan(const struct invocation *in, struct harden_run *run, struct err *err)
{
        int r = set_profile(in, run, err);

        if (r == 0 && policy_run_open(&run->policy, in, err) < 0)
                r = -EINVAL; /* a bad file, whatever is wrong with it */
        if (r < 0)
                return r;
        r = invocation_has(in, "from") ? harden_from_file(&run->from, in, &run->inside, err)
                                       : inside_run_collect(&run->inside, in, true, err);
        if (r < 0)
                return r;
        policy_run_judge(&run->policy, &run->inside, false);
        assess_judge(run->inside.assessment, run->inside.knowledge);
        if (run->policy.judge)
                find_approvals(run);
        make_input(in, run);
        run->plan = harden_plan(&run->input);
        return 0;
}

/* The word is that of len bytes at `word`. */
static bool is_named(const struct action *a, const char *word, size_t len)
{
        const char *kind = action_kind_name(a->kind);

        return (strlen(a->id) == len && memcmp(a->id, word, len) == 0) ||
               (strlen(kind) == len && memcmp(kind, word, len) == 0);
}

static bool names_any(const struct plan *plan, const char *word, size_t len)
{
        vec_foreach(a, &plan->actions)
                if (is_named(a, word, len))
                        return true;
        return false;
}

static bool is_in(const struct action *a, const char *words)
{
        for (size_t len; *words; words += len + (words[len] == ',')) {
                len = strcspn(words, ",");
                if (is_named(a, words, len))
                        return true;
        }
        return false;
}

int harden_choose(const struct invocation *in, struct harden_run *run, bool suggested, struct err *err)
{
        const char *only = invocation_get(in, "only"), *word = only;

        for (size_t len; word && *word; word += len + (word[len] == ',')) {
                len = strcspn(word, ",");
                if (!names_any(run->plan, word, len))
                        return err_set(
                                err, -EINVAL,
                                "'--only %.*s': the plan has no such action; `quaymaster harden plan` "
                                "lists them",
                                (int)len, word);
        }
        vec_foreach(a, &run->plan->actions)
                if (only ? is_in(a, only) : (!suggested || a->suggested))
                        *vec_push(&run->chosen) = a;
        return 0;
}
