/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/plan_report.h"

#include "base/text.h"
#include "report/layout.h"

#define BOLD        "\033[1m"
#define PLAIN       "\033[0m"
#define LABEL_WIDTH 9
#define INDENT      "    "
#define CLOSES_MAX  4u /* findings that are named; JSON has all */

struct writer {
        const struct plan_report *r;
        struct str *to;
        struct str safe;
};

static const char *safe(struct writer *w, const char *text)
{
        str_reset(&w->safe);
        text_add_printable(&w->safe, text);
        return str_text(&w->safe);
}

/* A paragraph behind a label, or below the last one where label is "". */
static void labelled(struct writer *w, const char *label, const char *text)
{
        _cleanup_str_ struct str lead = {0};

        str_addf(&lead, INDENT "%-*s", LABEL_WIDTH, label);
        layout_paragraph(w->to, lead.text, safe(w, text), w->r->width);
}

/* Each on a line of its own, never broken: to be copied. */
static void commands(struct writer *w, const char *label, const char *const *list)
{
        for (; *list; list++, label = "")
                str_addf(w->to, INDENT "%-*s%s\n", LABEL_WIDTH, label, safe(w, *list));
}

/* How many of the first `n` findings read like that one: IPv4 and IPv6 of one server do. */
static size_t alike(const struct action *a, size_t one, size_t n)
{
        size_t count = 0;

        for (size_t i = 0; i < n; i++)
                count += a->closes[i]->severity == a->closes[one]->severity &&
                         streq(a->closes[i]->title, a->closes[one]->title);
        return count;
}

static void add_closes(struct writer *w, const struct action *a)
{
        _cleanup_str_ struct str text = {0};
        size_t n = 0, named = 0, told = 0;

        while (a->closes[n])
                n++;
        if (!n)
                return;
        str_addf(&text, "%zu %s: ", n, n == 1 ? "finding" : "findings");
        for (size_t i = 0; i < n; i++) {
                size_t same = alike(a, i, n);

                if (alike(a, i, i)) /* told already */
                        continue;
                if (named++ == CLOSES_MAX)
                        break;
                told += same;
                str_addf(&text, "%s%s (%s", named > 1 ? "; " : "", a->closes[i]->title,
                         severity_name(a->closes[i]->severity));
                if (same > 1)
                        str_addf(&text, ", %zu times", same);
                str_add(&text, ")");
        }
        if (told < n)
                str_addf(&text, "; and %zu more", n - told);
        labelled(w, "closes", text.text);
}

static const char *mark(const struct action *a)
{
        if (a->not_applied)
                return "by hand or kit";
        return a->cuts ? "cuts you off" : a->suggested ? "suggested" : "your choice";
}

static void add_action(struct writer *w, const struct action *a, size_t number)
{
        _cleanup_str_ struct str risk = {0};
        const char *label = "heed";

        str_addf(w->to, "\n%2zu. %s%s%s  [%s]\n", number, w->r->colour ? BOLD : "", safe(w, a->title),
                 w->r->colour ? PLAIN : "", mark(a));
        labelled(w, "id", a->id);
        labelled(w, "why", a->why);
        str_addf(&risk, "%s. %s", action_risk_name(a->risk), a->risk_why);
        labelled(w, "risk", risk.text);
        if (a->cuts) {
                _cleanup_free_ char *text = xasprintf("%s It is not done without --lock-me-out.", a->cuts);

                labelled(w, label, text);
                label = "";
        }
        if (a->not_applied) {
                labelled(w, label, a->not_applied);
                label = "";
        }
        for (const char *const *warning = a->warnings; *warning; warning++, label = "")
                labelled(w, label, *warning);
        commands(w, "do", a->steps);
        commands(w, "undo", a->undo);
        add_closes(w, a);
}

/* The values that are not in the title: what the firewall lets in. */
static void add_rules(struct writer *w, const struct action *a)
{
        const char *label = "rules";

        if (a->kind != ACTION_FIREWALL && a->kind != ACTION_PUBLISHED)
                return;
        for (const struct action_value *v = a->values; v->name; v++) {
                if (streq(v->name, "log"))
                        continue;
                str_addf(w->to, INDENT "%-*s%s\n", LABEL_WIDTH, label, safe(w, v->text));
                label = "";
        }
}

static void add_untouched(struct writer *w)
{
        const struct plan *plan = w->r->plan;

        if (!plan->untouched.n)
                return;
        str_addf(w->to, "\n%zu %s closed by none of these actions:\n", plan->untouched.n,
                 plan->untouched.n == 1 ? "finding is" : "findings are");
        for (size_t i = 0; i < plan->untouched.n; i++) {
                _cleanup_free_ char *text =
                        xasprintf("%s (%s): %s.", plan->untouched.at[i]->title,
                                  severity_name(plan->untouched.at[i]->severity), plan->untouched_why.at[i]);

                layout_paragraph(w->to, "  - ", safe(w, text), w->r->width);
        }
}

static void add_notes(struct writer *w)
{
        if (!w->r->plan->notes.n)
                return;
        str_add(w->to, "\nHeed:\n");
        vec_foreach(note, &w->r->plan->notes)
                layout_paragraph(w->to, "  - ", safe(w, *note), w->r->width);
}

static void add_head(struct writer *w)
{
        const struct plan_report *r = w->r;
        size_t suggested = 0;

        for (size_t i = 0; i < r->n_chosen; i++)
                suggested += r->chosen[i]->suggested;
        str_addf(w->to, "Plan %s for %s: %zu %s, %zu suggested. Nothing has been changed.\n", r->plan->id,
                 safe(w, r->plan->hostname ? r->plan->hostname : "this host"), r->n_chosen,
                 r->n_chosen == 1 ? "action" : "actions", suggested);
        str_addf(w->to, "Of %zu %s these actions close %zu, the suggested ones %zu.\n",
                 r->assessment->findings.n, r->assessment->findings.n == 1 ? "finding" : "findings",
                 plan_report_closed(r, false), plan_report_closed(r, true));
}

/* A kit for Windows closes what no `apply` can. */
static bool closes(const struct action *a)
{
        return !a->not_applied || a->kind == ACTION_WINDOWS_SERVICE || a->kind == ACTION_WINDOWS_FIREWALL;
}

size_t plan_report_closed(const struct plan_report *r, bool suggested)
{
        size_t n = 0;

        vec_foreach(f, &r->assessment->findings) {
                bool closed = false;

                for (size_t i = 0; i < r->n_chosen && !closed; i++)
                        for (const struct finding **c = r->chosen[i]->closes; *c && !closed; c++)
                                closed = *c == f && closes(r->chosen[i]) &&
                                         (!suggested || r->chosen[i]->suggested);
                n += closed;
        }
        return n;
}

void plan_text_add(const struct plan_report *r, struct str *to)
{
        struct writer w = {.r = r, .to = to};

        add_head(&w);
        for (size_t i = 0; i < r->n_chosen; i++) {
                add_action(&w, r->chosen[i], i + 1);
                add_rules(&w, r->chosen[i]);
        }
        add_untouched(&w);
        add_notes(&w);
        str_release(&w.safe);
}
