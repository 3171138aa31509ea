/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/findings_text.h"

#include "base/text.h"
#include "report/group.h"
#include "report/layout.h"
#include "report/row.h"

#define MOST_PLACES   6u /* of one group; JSON has all */
#define MOST_EVIDENCE 8u /* lines of one group; JSON has all */

/* Escape sequences (ECMA-48 SGR) that only ever go beside a word that says the same. */
#define BOLD  "\033[1m"
#define DIM   "\033[2m"
#define PLAIN "\033[0m"

static const struct {
        const char *sign;
        const char *word;
        const char *colour;
} severities[SEVERITY_MAX] = {
        [SEVERITY_INFO] = {"i ", "INFO", DIM},
        [SEVERITY_LOW] = {"- ", "LOW", "\033[36m"},
        [SEVERITY_MEDIUM] = {"* ", "MEDIUM", "\033[33m"},
        [SEVERITY_HIGH] = {"! ", "HIGH", "\033[31m"},
        [SEVERITY_CRITICAL] = {"!!", "CRITICAL", "\033[1;31m"},
};

struct writer {
        const struct findings_text *t;
        struct str raw, safe; /* one text from outside, before and after it was made printable */
};

static void paint(struct writer *w, const char *sequence)
{
        if (w->t->colour)
                str_add(w->t->to, sequence);
}

/* What stands in w->raw, printable; it is empty after that. Valid until the next call. */
static const char *take_safe(struct writer *w)
{
        str_reset(&w->safe);
        text_add_printable(&w->safe, str_text(&w->raw));
        str_reset(&w->raw);
        return str_text(&w->safe);
}

static const char *safe(struct writer *w, const char *text)
{
        str_reset(&w->raw);
        str_add(&w->raw, text ? text : "-");
        return take_safe(w);
}

static void writer_release(struct writer *w)
{
        str_release(&w->raw);
        str_release(&w->safe);
}

struct lines {
        struct writer *w;
        const char *lead; /* of the first line; later ones are indented as far */
        size_t n;
};

#define LABEL_WIDTH 12
#define NO_LABEL    "            "

static void labelled(struct writer *w, const char *label, const char *text)
{
        _cleanup_str_ struct str lead = {0};

        str_addf(&lead, "   %-*s", LABEL_WIDTH - 3, label);
        layout_paragraph(w->t->to, lead.text, text, w->t->width);
}

static void add_evidence(const char *text, void *arg)
{
        struct lines *lines = arg;

        if (lines->n++ < MOST_EVIDENCE)
                labelled(lines->w, lines->n == 1 ? "seen" : "", safe(lines->w, text));
}

/* A command stands on a line of its own, never broken, so that it can be copied. */
static void add_step(const char *text, void *arg)
{
        struct lines *lines = arg;
        struct writer *w = lines->w;
        _cleanup_str_ struct str lead = {0};
        const char *command = row_step_command(text);

        lines->n++;
        str_addf(&lead, "   %-*s%zu. ", LABEL_WIDTH - 3, lines->n == 1 ? "do" : "", lines->n);
        if (command != text) {
                str_add_n(&w->raw, text, command ? (size_t)(command - text) : strlen(text));
                layout_paragraph(w->t->to, lead.text, take_safe(w), w->t->width);
        }
        if (!command)
                return;
        str_add(w->t->to, command == text ? lead.text : NO_LABEL "   ");
        str_add(w->t->to, safe(w, command));
        str_add_char(w->t->to, '\n');
}

static void add_group(struct writer *w, const struct finding_group *g)
{
        const struct finding *f = g->first;
        struct lines evidence = {.w = w}, steps = {.w = w};

        str_add_char(w->t->to, '\n');
        paint(w, severities[f->severity].colour);
        str_add(w->t->to, severities[f->severity].sign);
        paint(w, PLAIN);
        str_add_char(w->t->to, ' ');
        paint(w, BOLD);
        group_add_title(&w->raw, g);
        str_add(w->t->to, take_safe(w));
        paint(w, PLAIN);
        str_add_char(w->t->to, '\n');

        group_add_places(&w->raw, g, MOST_PLACES);
        labelled(w, "where", take_safe(w));
        if (f->listener)
                row_add_owner(&w->raw, f->listener);
        if (w->raw.len)
                labelled(w, "who", take_safe(w));
        group_each_evidence(g, add_evidence, &evidence);
        if (evidence.n > MOST_EVIDENCE)
                str_addf(w->t->to, NO_LABEL "and %zu more; --json has all\n", evidence.n - MOST_EVIDENCE);
        if (f->advice.why)
                labelled(w, "why", safe(w, f->advice.why));
        group_each_step(g, add_step, &steps);
        if (f->alternative.protocol) {
                row_add_alternative(&w->raw, &f->alternative);
                labelled(w, "instead", take_safe(w));
        }
}

static void add_severity_heading(struct writer *w, enum severity severity, size_t n)
{
        str_add_char(w->t->to, '\n');
        paint(w, severities[severity].colour);
        str_add(w->t->to, severities[severity].word);
        paint(w, PLAIN);
        str_addf(w->t->to, " (%zu)\n", n);
}

int findings_text_add(const struct findings_text *t, const struct finding *findings, size_t n)
{
        _cleanup_(groups_release) struct finding_groups groups = groups_of(findings, n);
        _cleanup_(writer_release) struct writer w = {.t = t};
        struct tally tally = {0};
        int last = SEVERITY_MAX, r = 0;

        row_count_findings(&tally, findings, n);
        vec_foreach (g, &groups.list) {
                if ((int)g->first->severity != last)
                        add_severity_heading(&w, g->first->severity, tally.severity[g->first->severity]);
                last = (int)g->first->severity;
                add_group(&w, g);
                r = t->flush ? t->flush(t->arg) : 0;
                if (r < 0)
                        return r;
        }
        return 0;
}
