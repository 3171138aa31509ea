/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/policy.h"
#include "cli/policy_run.h"
#include "policy/policy_check.h"

static void add_json(struct str *out, const struct policy_run *run, const struct policy_warnings *warnings)
{
        struct json j = json_to(out);
        char time[CLOCK_TEXT_SIZE];

        vec_foreach(w, &warnings->list) {
                json_open_record(&j, "policy-warning", NULL, NULL, clock_format(run->now, time));
                json_str(&j, "file", run->policy.file);
                json_u64(&j, "line", w->line);
                json_str(&j, "text", w->text);
                json_end_line(&j);
        }
        json_open_record(&j, "summary", NULL, NULL, clock_format(run->now, time));
        json_bool(&j, "complete", true);
        json_open_array(&j, "incomplete");
        json_end(&j);
        json_u64(&j, "allow", run->policy.n_allow);
        json_u64(&j, "deny", run->policy.n_rules - run->policy.n_allow);
        json_u64(&j, "warnings", warnings->list.n);
        json_end_line(&j);
}

static void add_count(struct str *out, size_t n, const char *thing)
{
        str_addf(out, " %zu %s%s", n, thing, n == 1 ? "" : "s");
}

static void add_text(struct str *out, const struct policy_run *run, const struct policy_warnings *warnings)
{
        vec_foreach(w, &warnings->list) {
                text_add_printable(out, run->policy.file);
                str_addf(out, ":%u: ", w->line);
                text_add_printable(out, w->text);
                str_add_char(out, '\n');
        }
        text_add_printable(out, run->policy.file);
        str_add_char(out, ':');
        add_count(out, run->policy.n_allow, "approval");
        str_add_char(out, ',');
        add_count(out, run->policy.n_rules - run->policy.n_allow, "prohibition");
        str_add_char(out, ',');
        add_count(out, warnings->list.n, "warning");
        str_add_char(out, '\n');
}

int policy_check_file(const struct invocation *in, struct err *err)
{
        _cleanup_(policy_run_release) struct policy_run run = {0};
        _cleanup_(policy_warnings_release) struct policy_warnings warnings = {0};
        _cleanup_free_ char *path = NULL;
        _cleanup_str_ struct str out = {0};
        int r = policy_run_open(&run, in, err);

        if (r == 0 && !run.has_policy) {
                r = config_policy_path(in, &path, err);
                if (r == 0)
                        r = err_set(err, -ENOENT, "%s: there is none; `quaymaster policy init` writes one", path);
        }
        if (r < 0)
                return QM_EXIT_USAGE;
        policy_check(&run.policy, run.has_estate ? &run.estate : NULL, run.now, run.pool, &warnings);
        if (invocation_has(in, "json"))
                add_json(&out, &run, &warnings);
        else
                add_text(&out, &run, &warnings);
        return policy_print(&out, QM_EXIT_DONE, err);
}
