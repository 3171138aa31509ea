/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/plan_report.h"

#include "base/clock.h"
#include "report/finding_json.h"

static void begin(const struct plan_report *r, struct json *j, const char *type)
{
        char time[CLOCK_TEXT_SIZE];

        json_open_object(j, NULL);
        json_str(j, "type", type);
        json_u64(j, "schema", 1);
        json_str(j, "asset", r->plan->asset);
        json_str(j, "vantage", "inside");
        json_str(j, "time", clock_format(r->plan->time_s, time));
        json_str(j, "plan", r->plan->id);
}

static void add_list(struct json *j, const char *key, const char *const *list)
{
        json_open_array(j, key);
        for (; *list; list++)
                json_str(j, NULL, *list);
        json_end(j);
}

static void add_finding(struct json *j, const struct finding *f)
{
        json_str(j, "rule", f->rule);
        json_str(j, "severity", severity_name(f->severity));
        json_str(j, "title", f->title);
        if (!f->listener)
                return;
        json_open_object(j, "subject");
        finding_json_place(j, f->listener);
        finding_json_netns(j, f->listener);
        json_end(j);
}

static void add_values(struct json *j, const struct action *a)
{
        json_open_array(j, "values");
        for (const struct action_value *v = a->values; v->name; v++) {
                json_open_array(j, NULL);
                json_str(j, NULL, v->name);
                json_str(j, NULL, v->text);
                json_end(j);
        }
        json_end(j);
}

static void add_action(const struct plan_report *r, const struct action *a, struct str *to)
{
        struct json j = json_to(to);

        begin(r, &j, "action");
        json_str(&j, "id", a->id);
        json_str(&j, "kind", action_kind_name(a->kind));
        json_str(&j, "title", a->title);
        json_str(&j, "why", a->why);
        add_values(&j, a);
        json_str(&j, "risk", action_risk_name(a->risk));
        json_str(&j, "risk_why", a->risk_why);
        add_list(&j, "warnings", a->warnings);
        add_list(&j, "steps", a->steps);
        add_list(&j, "undo", a->undo);
        json_open_array(&j, "closes");
        for (const struct finding **f = a->closes; *f; f++) {
                json_open_object(&j, NULL);
                add_finding(&j, *f);
                json_end(&j);
        }
        json_end(&j);
        json_str(&j, "cuts", a->cuts);
        json_str(&j, "not_applied", a->not_applied);
        json_bool(&j, "suggested", a->suggested);
        json_end_line(&j);
}

static void add_summary(const struct plan_report *r, struct str *to)
{
        struct json j = json_to(to);
        size_t suggested = 0;

        for (size_t i = 0; i < r->n_chosen; i++)
                suggested += r->chosen[i]->suggested;
        begin(r, &j, "summary");
        json_str(&j, "hostname", r->plan->hostname);
        json_bool(&j, "complete", r->complete);
        json_open_array(&j, "incomplete");
        vec_foreach(gap, &r->assessment->view->gaps)
                if (gap->incomplete)
                        json_str(&j, NULL, gap->reason);
        json_end(&j);
        json_u64(&j, "actions", r->n_chosen);
        json_u64(&j, "suggested", suggested);
        json_u64(&j, "findings", r->assessment->findings.n);
        json_u64(&j, "closed", plan_report_closed(r, false));
        json_u64(&j, "closed_by_suggested", plan_report_closed(r, true));
        json_u64(&j, "untouched", r->plan->untouched.n);
        json_bool(&j, "policy", r->has_policy);
        json_open_array(&j, "notes");
        vec_foreach(note, &r->plan->notes)
                json_str(&j, NULL, *note);
        json_end(&j);
        json_end_line(&j);
}

void plan_json_add(const struct plan_report *r, struct str *to)
{
        for (size_t i = 0; i < r->n_chosen; i++)
                add_action(r, r->chosen[i], to);
        for (size_t i = 0; i < r->plan->untouched.n; i++) {
                struct json j = json_to(to);

                begin(r, &j, "untouched");
                add_finding(&j, r->plan->untouched.at[i]);
                json_str(&j, "why", r->plan->untouched_why.at[i]);
                json_end_line(&j);
        }
        add_summary(r, to);
}
