/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SARIF 2.1.0 (OASIS), for code review and CI: one run, a result a finding. A listener is no place in a
 * file, so results have logical locations, and with a policy also the line of policy.yaml.
 */
#include "base/clock.h"
#include "base/json.h"
#include "base/map.h"
#include "config.h"
#include "report/finding_json.h"
#include "report/row.h"

/* GitHub and others sort by this number: CVSS bands. */
static const struct {
        const char *level, *security;
} severities[SEVERITY_MAX] = {
        [SEVERITY_INFO] = {"note", "0.0"},      [SEVERITY_LOW] = {"note", "3.0"},
        [SEVERITY_MEDIUM] = {"warning", "5.5"}, [SEVERITY_HIGH] = {"error", "8.0"},
        [SEVERITY_CRITICAL] = {"error", "9.5"},
};

static void add_text(struct json *j, const char *key, const char *text)
{
        json_open_object(j, key);
        json_str(j, "text", text);
        json_end(j);
}

struct rules {
        struct map by_name;               /* index */
        vec(const struct finding *) list; /* the first of each, which is its worst */
};

static void rules_release(struct rules *rules)
{
        map_release(&rules->by_name);
        vec_clear(&rules->list);
}

static uint64_t rule_index(struct rules *rules, const struct finding *f)
{
        uint64_t index;

        if (map_get_str(&rules->by_name, f->rule, &index))
                return index;
        index = rules->list.n;
        map_put_str(&rules->by_name, f->rule, index);
        *vec_push(&rules->list) = f;
        return index;
}

static void add_rule(struct json *j, const struct finding *f)
{
        json_open_object(j, NULL);
        json_str(j, "id", f->rule);
        add_text(j, "shortDescription", f->rule);
        add_text(j, "fullDescription", f->advice.why ? f->advice.why : f->title);
        json_open_object(j, "defaultConfiguration");
        json_str(j, "level", severities[f->severity].level);
        json_end(j);
        json_open_object(j, "properties");
        json_str(j, "security-severity", severities[f->severity].security);
        json_open_array(j, "tags");
        json_str(j, NULL, "security");
        for (const struct control *c = f->controls; c->framework; c++) {
                _cleanup_free_ char *tag = xasprintf("%s:%s", c->framework, c->id);

                json_str(j, NULL, tag);
        }
        json_end(j);
        json_end(j);
        json_end(j);
}

static void place_of(struct str *to, const struct finding *f)
{
        if (f->listener)
                row_add_place(to, f->listener);
        else if (f->service)
                str_add(to, f->service->name);
        else
                str_add(to, "this host");
}

/* Code review shows only what is in a file: the entry that decided, or the policy where none did. */
static void add_line(struct json *j, const struct finding *f)
{
        const struct policy_rule *rule = f->approval   ? f->approval
                                         : f->listener ? f->listener->judgement.rule
                                                       : NULL;

        json_open_object(j, "physicalLocation");
        json_open_object(j, "artifactLocation");
        json_str(j, "uri", "policy.yaml");
        json_end(j);
        json_open_object(j, "region");
        json_u64(j, "startLine", rule ? rule->line : 1);
        json_end(j);
        json_end(j);
}

static void add_location(struct json *j, const struct report_input *in, const struct finding *f)
{
        _cleanup_str_ struct str place = {0}, full = {0};

        place_of(&place, f);
        str_addf(&full, "%s/%s", in->view->asset ? in->view->asset : "host", str_text(&place));
        json_open_array(j, "locations");
        json_open_object(j, NULL);
        if (f->verdict != VERDICT_NONE)
                add_line(j, f);
        json_open_array(j, "logicalLocations");
        json_open_object(j, NULL);
        json_str(j, "name", str_text(&place));
        json_str(j, "fullyQualifiedName", str_text(&full));
        json_str(j, "kind", "resource");
        json_end(j);
        json_end(j);
        json_end(j);
        json_end(j);
}

/* The same finding in the next run: never a pid, inode or line. */
static void add_fingerprint(struct json *j, const struct report_input *in, const struct finding *f)
{
        _cleanup_str_ struct str s = {0};

        str_addf(&s, "%s/%s/", in->view->asset ? in->view->asset : "host", f->rule);
        if (f->approval)
                str_add(&s, f->approval->what);
        else
                place_of(&s, f);
        json_open_object(j, "partialFingerprints");
        json_str(j, "quaymaster/v1", str_text(&s));
        json_end(j);
}

static void add_message(struct json *j, const struct finding *f)
{
        _cleanup_str_ struct str s = {0};

        str_add(&s, f->title);
        str_add(&s, ".");
        for (const char *const *line = f->evidence; *line; line++)
                str_addf(&s, "\n%s", *line);
        for (const char *const *line = f->remediation; *line; line++)
                str_addf(&s, "\n- %s", *line);
        add_text(j, "message", str_text(&s));
}

static void add_result(struct json *j, const struct report_input *in, const struct finding *f,
                       uint64_t index)
{
        json_open_object(j, NULL);
        json_str(j, "ruleId", f->rule);
        json_u64(j, "ruleIndex", index);
        json_str(j, "level", severities[f->severity].level);
        add_message(j, f);
        add_location(j, in, f);
        add_fingerprint(j, in, f);
        json_open_object(j, "properties");
        json_str(j, "severity", severity_name(f->severity));
        json_str(j, "verdict", verdict_name(f->verdict));
        json_end(j);
        json_end(j);
}

static void add_tool(struct json *j, const struct rules *rules)
{
        json_open_object(j, "tool");
        json_open_object(j, "driver");
        json_str(j, "name", "quaymaster");
        json_str(j, "version", QM_VERSION);
        json_open_array(j, "rules");
        vec_foreach(f, &rules->list)
                add_rule(j, *f);
        json_end(j);
        json_end(j);
        json_end(j);
}

/* What was not seen: a run that missed something must not look as if there was nothing. */
static void add_invocation(struct json *j, const struct report_input *in)
{
        char time[CLOCK_TEXT_SIZE];

        json_open_array(j, "invocations");
        json_open_object(j, NULL);
        json_bool(j, "executionSuccessful", in->complete);
        if (in->view->time_s)
                json_str(j, "startTimeUtc", clock_format(in->view->time_s, time));
        json_open_array(j, "toolExecutionNotifications");
        vec_foreach(gap, &in->view->gaps) {
                json_open_object(j, NULL);
                json_str(j, "level", gap->incomplete ? "warning" : "note");
                add_text(j, "message", gap->reason);
                json_end(j);
        }
        json_end(j);
        json_end(j);
        json_end(j);
}

static int write_sarif(const struct report_input *in, int fd, struct err *err)
{
        _cleanup_(rules_release) struct rules rules = {0};
        _cleanup_str_ struct str buf = {0};
        struct json json = json_to(&buf), *j = &json;
        int r = 0;

        vec_foreach(f, &in->assessment->findings)
                (void)rule_index(&rules, f);
        json_open_object(j, NULL);
        json_str(j, "$schema", "https://json.schemastore.org/sarif-2.1.0.json");
        json_str(j, "version", "2.1.0");
        json_open_array(j, "runs");
        json_open_object(j, NULL);
        add_tool(j, &rules);
        add_invocation(j, in);
        json_open_array(j, "results");
        vec_foreach(f, &in->assessment->findings) {
                add_result(j, in, f, rule_index(&rules, f));
                r = report_flush(&buf, fd, REPORT_CHUNK, err);
                if (r < 0)
                        return r;
        }
        json_end(j);
        json_end(j);
        json_end(j);
        json_end_line(j);
        return report_flush(&buf, fd, 0, err);
}

const struct report_format report_sarif = {
        .name = "sarif",
        .what = "SARIF 2.1.0, for code review and CI",
        .write = write_sarif,
};
