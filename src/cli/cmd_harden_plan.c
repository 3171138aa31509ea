/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <unistd.h>

#include "base/fd.h"
#include "cli/harden.h"
#include "cli/harden_run.h"
#include "cli/terminal.h"
#include "report/plan_report.h"

/* The tables of the chosen actions, as one file. */
static int add_firewall(const struct harden_run *run, struct str *to, struct err *err)
{
        vec_foreach(at, &run->chosen) {
                const struct action *a = *at;
                struct firewall_spec spec;
                int r;

                if (a->kind != ACTION_FIREWALL && a->kind != ACTION_PUBLISHED)
                        continue;
                r = harden_firewall_spec(a, run->plan->pool, &spec, err);
                if (r == 0 && a->kind == ACTION_FIREWALL)
                        firewall_table_write(&spec, NULL, 0, to);
                else if (r == 0)
                        firewall_published_write(&spec, to);
                firewall_spec_release(&spec);
                if (r < 0)
                        return r;
        }
        if (!to->len)
                return err_set(err, -ENOENT, "this plan has no firewall%s",
                               run->policy.has_policy ? "" : ", as there is no policy.yaml");
        return 0;
}

static int add_report(const struct invocation *in, struct harden_run *run, struct str *to, struct err *err)
{
        struct terminal terminal = terminal_of(STDOUT_FILENO);
        struct plan_report report = {
                .plan = run->plan,
                .assessment = run->inside.assessment,
                .chosen = run->chosen.at,
                .n_chosen = run->chosen.n,
                .complete = run->inside.complete,
                .has_policy = run->policy.has_policy,
                .width = terminal.width,
                .colour = terminal.colour,
        };

        if (invocation_has(in, "show-firewall"))
                return add_firewall(run, to, err);
        if (invocation_has(in, "json"))
                plan_json_add(&report, to);
        else
                plan_text_add(&report, to);
        return 0;
}

int harden_show_plan(const struct invocation *in, struct err *err)
{
        _cleanup_(harden_run_release) struct harden_run run = {0};
        _cleanup_str_ struct str text = {0};
        int r = harden_make_plan(in, &run, err);

        if (r == 0)
                r = harden_choose(in, &run, false, err);
        if (r == 0)
                r = add_report(in, &run, &text, err);
        if (r < 0)
                return inside_run_failed(r);
        r = fd_write_all(STDOUT_FILENO, str_text(&text), text.len);
        if (r < 0 && r != -EPIPE)
                err_errno(err, -r, "cannot write the plan");
        return r < 0 || !run.inside.complete ? QM_EXIT_INCOMPLETE : QM_EXIT_DONE;
}
