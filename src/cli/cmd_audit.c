/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/commands.h"
#include "cli/policy_run.h"

#include <errno.h>

#include "base/mem.h"

static const char *const audit_formats[] = {"text", "json", "csv", "html", "sarif", NULL};

static const struct option_spec options[] = {
        {.name = "fail-on", .kind = OPTION_WORD, .value = "LEVEL",
         .help = "exit with 1 for findings of at least this severity, or this verdict or worse",
         .choices = fail_on_words},
        INSIDE_OPTIONS(audit_formats),
};

/* Without a policy nothing has a verdict: a gate that waits for one would always be open. */
static int check_fail_on(const struct policy_run *policy, const char *word, struct err *err)
{
        if (!word || policy->has_policy || verdict_parse(word) == VERDICT_MAX)
                return 0;
        return err_set(err, -ENOENT, "'--fail-on %s' needs a policy.yaml; `quaymaster policy init` writes one", word);
}

/* An approval can be used where nobody looked. */
static bool saw_all(const struct inside_run *audit, const struct invocation *in)
{
        const char *netns = invocation_get(in, "netns");

        return audit->complete && (!netns || streq(netns, "all"));
}

static int run(const struct invocation *in, struct err *err)
{
        _cleanup_(policy_run_release) struct policy_run policy = {0};
        _cleanup_(inside_run_release) struct inside_run audit = {0};
        const char *fail_on = invocation_get(in, "fail-on");
        int r = policy_run_open(&policy, in, err);

        if (r < 0 || check_fail_on(&policy, fail_on, err) < 0)
                return QM_EXIT_USAGE;
        r = inside_run_collect(&audit, in, true, err);
        if (r < 0)
                return inside_run_failed(r);
        assess_services(audit.assessment);
        policy_run_judge(&policy, &audit, saw_all(&audit, in));
        assess_judge(audit.assessment, audit.knowledge);
        r = inside_run_report(&audit, in,
                              (struct report_input){
                                      .title = "audit",
                                      .with_findings = true,
                                      .with_listeners = true,
                                      .with_services = true,
                              },
                              err);
        if (r < 0)
                return inside_run_failed(r);
        if (fail_on_reached(audit.assessment, fail_on))
                return QM_EXIT_FINDINGS;
        return audit.complete ? QM_EXIT_DONE : QM_EXIT_INCOMPLETE;
}

const struct command command_audit = {
        .name = "audit",
        .arguments = "",
        .summary = "judge everything that listens on this host, and say what to do about it",
        .details =
                "Looks at this host from inside and judges each listener by the built-in guide and by who can\n"
                "reach it; and by policy.yaml, where there is one: what it does not approve is a finding.\n"
                "Every finding says what, where, why and what to do, with this machine's own units and\n"
                "packages.\n"
                "Changes nothing and sends nothing.\n\n"
                "--fail-on takes a severity (info, low, medium, high, critical) or a verdict: unused < expired =\n"
                "unapproved < prohibited.\n"
                "Exit status: 0 done (also with findings), 1 findings at or above --fail-on, 2 wrong usage,\n"
                "3 something asked for could not be seen; 1 beats 3.\n",
        .options = options,
        .n_options = array_len(options),
        .run = run,
};
