/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/commands.h"
#include "cli/inside_run.h"
#include "cli/verify.h"

#include "base/mem.h"

static const char *const fail_on_choices[] = {"info", "low", "medium", "high", "critical", NULL};

static const struct option_spec options[] = {
        {.name = "fail-on", .kind = OPTION_WORD, .value = "SEVERITY",
         .help = "exit with 1 for findings at least so severe", .choices = fail_on_choices},
        {.name = "verify", .help = "ask this host's own TCP and UDP listeners what they speak"},
        INSIDE_OPTIONS,
};

/* Findings come most severe first. */
static bool reaches(const struct assessment *a, const char *severity)
{
        return severity && a->findings.n && a->findings.at[0].severity >= severity_parse(severity);
}

static int run(const struct invocation *in, struct err *err)
{
        _cleanup_(inside_run_release) struct inside_run audit = {0};
        int r = inside_run_collect(&audit, in, true, err), status;

        if (r < 0)
                return inside_run_failed(r);
        if (invocation_has(in, "verify") && verify_listeners(&audit, in, &status, err) != VERIFY_GO_ON)
                return status;
        assess_services(audit.assessment);
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
        if (reaches(audit.assessment, invocation_get(in, "fail-on")))
                return QM_EXIT_FINDINGS;
        return audit.complete ? QM_EXIT_DONE : QM_EXIT_INCOMPLETE;
}

const struct command command_audit = {
        .name = "audit",
        .arguments = "",
        .summary = "judge everything that listens on this host, and say what to do about it",
        .details =
                "Looks at this host from inside and judges each listener by the built-in guide and by who can\n"
                "reach it. Every finding says what, where, why and what to do, with this machine's own units and\n"
                "packages.\n"
                "Changes nothing, and sends nothing without --verify. With it, each listener of this network\n"
                "namespace is asked over this host's own addresses what it speaks, without logging in; its log may\n"
                "show that, and what is started on demand is started.\n\n"
                "Exit status: 0 done (also with findings), 1 findings at or above --fail-on, 2 wrong usage,\n"
                "3 something asked for could not be seen; 1 beats 3.\n",
        .options = options,
        .n_options = array_len(options),
        .run = run,
};
