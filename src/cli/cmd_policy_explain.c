/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/policy.h"
#include "cli/policy_run.h"
#include "report/row.h"

struct wanted {
        bool has_address, has_transport;
        struct address address;
        enum transport transport;
        uint16_t port;
};

/* "443", "443/tcp", "0.0.0.0:443/tcp", "[::]:443" */
static int parse_wanted(const char *text, struct wanted *ret, struct err *err)
{
        const char *slash = strrchr(text, '/');
        _cleanup_free_ char *place = slash ? xstrndup(text, (size_t)(slash - text)) : xstrdup(text);
        char *port = place, *colon = strrchr(place, ':');
        uint64_t number;

        *ret = (struct wanted){0};
        if (colon) {
                char *address = place;
                size_t len = (size_t)(colon - place);

                *colon = '\0';
                port = colon + 1;
                if (len > 2 && address[0] == '[' && address[len - 1] == ']') {
                        address[len - 1] = '\0';
                        address++;
                }
                if (address_parse(address, &ret->address) < 0)
                        return err_set(err, -EINVAL, "'%s' is not a listener, as 443/tcp or 0.0.0.0:443/tcp", text);
                ret->has_address = true;
        }
        if (slash) {
                ret->has_transport = true;
                ret->transport = transport_parse(slash + 1);
        }
        if ((slash && ret->transport == TRANSPORT_MAX) || str_to_u64(port, UINT16_MAX, &number) < 0)
                return err_set(err, -EINVAL, "'%s' is not a listener, as 443/tcp or 0.0.0.0:443/tcp", text);
        ret->port = (uint16_t)number;
        return 0;
}

static bool is_wanted(const struct wanted *w, const struct listener *l)
{
        uint16_t last = l->port_last > l->port ? l->port_last : l->port;

        return w->port >= l->port && w->port <= last && (!w->has_transport || w->transport == l->transport) &&
               (!w->has_address || address_compare(&w->address, &l->address) == 0);
}

struct telling {
        struct str *out;
        struct json *json; /* NULL: text */
};

static void tell_rule(const struct policy_rule *rule, bool applies, const char *why, void *arg)
{
        struct telling *t = arg;

        if (t->json) {
                json_open_object(t->json, NULL);
                json_u64(t->json, "line", rule->line);
                json_str(t->json, "kind", rule->deny ? "deny" : "allow");
                json_str(t->json, "what", rule->what);
                json_bool(t->json, "applies", applies);
                json_str(t->json, "why", why);
                json_end(t->json);
                return;
        }
        str_addf(t->out, "   %s line %u, %s ", applies ? "+" : "-", rule->line, rule->deny ? "deny" : "allow");
        text_add_printable(t->out, rule->what);
        str_add(t->out, applies ? " applies: " : " does not apply: it ");
        text_add_printable(t->out, why);
        str_add_char(t->out, '\n');
}

static void tell_text(struct str *out, const struct listener *l)
{
        const struct judgement *j = &l->judgement;
        _cleanup_str_ struct str raw = {0};

        row_add_place(&raw, l);
        str_addf(&raw, " is %s: %s%s%s%s\n", verdict_name(j->verdict), j->why, j->note ? " (" : "",
                 j->note ? j->note : "", j->note ? ")" : "");
        raw.len--;
        raw.text[raw.len] = '\0';
        text_add_printable(out, raw.text);
        str_reset(&raw);
        row_add_owner(&raw, l);
        str_add(out, "\n   ");
        text_add_printable(out, str_text(&raw));
        str_addf(out, "; can be reached from: %s\n", exposure_scope_name(l->exposure.scope));
}

static void tell(struct policy_run *policy, const struct inside *view, const struct listener *l, bool all, bool json,
                 struct str *out)
{
        char time[CLOCK_TEXT_SIZE];
        struct json j = json_to(out);
        struct telling t = {out, json ? &j : NULL};
        _cleanup_str_ struct str place = {0};

        if (!json) {
                tell_text(out, l);
                policy_judge_explain(policy->judge, l, all, tell_rule, &t);
                return;
        }
        row_add_place(&place, l);
        json_open_record(&j, "policy-explanation", view->asset, "inside", clock_format(view->time_s, time));
        json_str(&j, "listener", str_text(&place));
        json_str(&j, "verdict", verdict_name(l->judgement.verdict));
        json_str(&j, "why", l->judgement.why);
        json_str(&j, "note", l->judgement.note);
        json_open_array(&j, "tried");
        policy_judge_explain(policy->judge, l, all, tell_rule, &t);
        json_end(&j);
        json_end_line(&j);
}

static void add_summary(struct str *out, const struct inside_run *run, size_t n)
{
        struct json j = json_to(out);
        char time[CLOCK_TEXT_SIZE];

        json_open_record(&j, "summary", run->view->asset, "inside", clock_format(run->view->time_s, time));
        json_bool(&j, "complete", run->complete);
        json_open_array(&j, "incomplete");
        vec_foreach(gap, &run->view->gaps)
                if (gap->incomplete)
                        json_str(&j, NULL, gap->reason);
        json_end(&j);
        json_u64(&j, "listeners", n);
        json_end_line(&j);
}

int policy_explain(const struct invocation *in, struct err *err)
{
        _cleanup_(policy_run_release) struct policy_run policy = {0};
        _cleanup_(inside_run_release) struct inside_run run = {0};
        _cleanup_str_ struct str out = {0};
        bool json = invocation_has(in, "json");
        struct wanted wanted;
        size_t n = 0;
        int r;

        if (parse_wanted(in->arguments[1], &wanted, err) < 0 || policy_run_open(&policy, in, err) < 0)
                return QM_EXIT_USAGE;
        if (!policy.has_policy) {
                err_set(err, -ENOENT, "there is no policy.yaml; `quaymaster policy init` writes one");
                return QM_EXIT_USAGE;
        }
        r = inside_run_collect(&run, in, false, err);
        if (r < 0)
                return inside_run_failed(r);
        policy_run_judge(&policy, &run, false);
        vec_foreach(l, &run.assessment->listeners)
                if (is_wanted(&wanted, l)) {
                        tell(&policy, run.view, l, invocation_has(in, "all"), json, &out);
                        n++;
                }
        if (json)
                add_summary(&out, &run, n);
        else if (!n)
                str_addf(&out, "nothing listens on %s\n", in->arguments[1]);
        return policy_print(&out, run.complete ? QM_EXIT_DONE : QM_EXIT_INCOMPLETE, err);
}
