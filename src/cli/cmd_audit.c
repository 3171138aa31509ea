/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/audit_outside.h"
#include "cli/commands.h"
#include "cli/inside_run.h"
#include "cli/policy_run.h"
#include "cli/scan_options.h"
#include "cli/verify.h"

#include <errno.h>

#include "base/mem.h"

static const char *const audit_formats[] = {"text", "json", "csv", "html", "xml", "sarif", NULL};

static const struct option_spec options[] = {
        {.name = "fail-on",
         .kind = OPTION_WORD,
         .value = "LEVEL",
         .help = "exit with 1 from this severity or verdict on: see below"},
        {.name = "inside",
         .kind = OPTION_WORD,
         .value = "WHERE",
         .once = true,
         .help = "with targets: join with inside views: self, or FILE or DIR of `host --json`"},
        {.name = "verify", .help = "ask this host's own TCP and UDP listeners what they speak"},
        SCAN_OPTIONS,
        INSIDE_OPTIONS,
        OUTPUT_OPTIONS(audit_formats),
        CONFIG_OPTION,
};

static const struct option_spec outside_options[] = {SCAN_OPTIONS, {.name = "inside"}},
                                inside_options[] = {{.name = "verify"}, INSIDE_OPTIONS};

static int refuse_options(const struct invocation *in, const struct option_spec *list, size_t n,
                          const char *why, struct err *err)
{
        for (size_t i = 0; i < n; i++)
                if (invocation_has(in, list[i].name))
                        return err_set(err, -EINVAL, "'--%s' %s", list[i].name, why);
        return 0;
}

/* With targets from the command line or a file. */
static bool is_outside(const struct invocation *in)
{
        return in->n_arguments || invocation_has(in, "input");
}

static int check_options(const struct invocation *in, struct err *err)
{
        const char *format = invocation_get(in, "format");

        if (is_outside(in) && format && streq(format, "sarif"))
                return err_set(err, -EINVAL, "'--format sarif' is for audits of this host, without targets");
        if (is_outside(in))
                return refuse_options(in, inside_options, array_len(inside_options),
                                      "is for the inside view alone: leave it out, or leave out the targets",
                                      err);
        if (format && streq(format, "xml"))
                return err_set(err, -EINVAL, "'--format xml' is for audits with targets");
        return refuse_options(in, outside_options, array_len(outside_options),
                              "needs a target: quaymaster audit TARGET", err);
}

/* An approval can be used where nobody looked. */
static bool saw_all(const struct inside_run *audit, const struct invocation *in)
{
        const char *netns = invocation_get(in, "netns");

        return audit->complete && (!netns || streq(netns, "all"));
}

static int run_inside(const struct invocation *in, struct err *err)
{
        _cleanup_(policy_run_release) struct policy_run policy = {0};
        _cleanup_(inside_run_release) struct inside_run audit = {0};
        const char *fail_on = invocation_get(in, "fail-on");
        int r = policy_run_open(&policy, in, err), status;

        if (r < 0 || fail_on_check(&policy, fail_on, err) < 0)
                return QM_EXIT_USAGE;
        r = inside_run_collect(&audit, in, true, err);
        if (r < 0)
                return inside_run_failed(r);
        if (invocation_has(in, "verify") && verify_listeners(&audit, in, &status, err) != VERIFY_GO_ON)
                return status;
        assess_services(audit.assessment);
        policy_run_judge(&policy, &audit, saw_all(&audit, in));
        assess_judge(audit.assessment, audit.knowledge);
        r = inside_run_report(&audit, in,
                              (struct report_input){
                                      .title = "audit",
                                      .with_findings = true,
                                      .with_listeners = true,
                                      .with_services = true,
                                      .verified = invocation_has(in, "verify"),
                              },
                              err);
        if (r < 0)
                return inside_run_failed(r);
        if (fail_on_reached(audit.assessment, fail_on))
                return QM_EXIT_FINDINGS;
        return audit.complete ? QM_EXIT_DONE : QM_EXIT_INCOMPLETE;
}

static int run(const struct invocation *in, struct err *err)
{
        if (check_options(in, err) < 0)
                return QM_EXIT_USAGE;
        return is_outside(in) ? audit_outside(in, err) : run_inside(in, err);
}

const struct command command_audit = {
        .name = "audit",
        .arguments = "[TARGET...]",
        .summary = "judge all that listens on this host, or answers at targets, and say what to do",
        .details =
                "Looks at this host from inside and judges each listener by the built-in guide and by who can\n"
                "reach it; and by policy.yaml, where there is one: what it does not approve is a finding.\n"
                "Every finding says what, where, why and what to do, with this machine's own units and\n"
                "packages.\n"
                "Without a target it changes nothing, and sends nothing but with --verify: each listener of this\n"
                "network namespace is asked over own addresses what it speaks, without logging in; its log may\n"
                "show that, and what is started on demand is started.\n\n"
                "With targets (as of quaymaster scan) it looks from outside: which ports are open, what really\n"
                "speaks there, and judges that: cleartext, weak TLS, expired certificates, wrong services, exposed\n"
                "databases. What is seen of this machine, or of one whose inside view is in --inside, is joined with\n"
                "what listens there, and each mismatch is explained.\n\n"
                "--fail-on takes a severity (info, low, medium, high, critical) or a verdict: unused < expired =\n"
                "unapproved < prohibited.\n\n"
                "Exit status: 0 done (also with findings), 1 findings at or above --fail-on, 2 wrong usage,\n"
                "3 something asked for could not be seen; 1 beats 3.\n",
        .options = options,
        .n_options = array_len(options),
        .max_arguments = MAX_ARGUMENTS,
        .run = run,
};
