/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/findings_html.h"

#include "base/text.h"
#include "report/group.h"
#include "report/row.h"

#define MOST_PLACES 12u /* of one group; the table has all */

static void put_text(struct str *to, const char *text)
{
        text_add_html(to, text ? text : "-");
}

/* What stands in raw, which is empty after that. */
static void put_raw(struct str *to, struct str *raw)
{
        text_add_html(to, str_text(raw));
        str_reset(raw);
}

static void begin_item(struct str *to, const char *label)
{
        str_add(to, "<dt>");
        str_add(to, label);
        str_add(to, "</dt><dd>");
}

static void add_evidence(const char *text, void *arg)
{
        struct str *to = arg;

        str_add(to, "<li>");
        put_text(to, text);
        str_add(to, "</li>");
}

static void add_step(const char *text, void *arg)
{
        struct str *to = arg;
        const char *command = row_step_command(text);
        _cleanup_str_ struct str prose = {0};

        str_add(to, "<li>");
        str_add_n(&prose, text, command ? (size_t)(command - text) : strlen(text));
        put_text(to, str_text(&prose));
        if (command) {
                str_add(to, "<code>");
                put_text(to, command);
                str_add(to, "</code>");
        }
        str_add(to, "</li>");
}

static void add_controls(struct str *to, const struct control *controls)
{
        if (!controls->framework)
                return;
        begin_item(to, "Controls");
        for (const struct control *c = controls; c->framework; c++) {
                if (c != controls)
                        str_add(to, ", ");
                put_text(to, c->framework);
                str_add(to, " ");
                put_text(to, c->id);
        }
        str_add(to, "</dd>\n");
}

static void add_group_items(struct str *to, const struct finding_group *g)
{
        const struct finding *f = g->first;
        _cleanup_str_ struct str raw = {0};

        begin_item(to, "Where");
        group_add_places(&raw, g, MOST_PLACES);
        put_raw(to, &raw);
        str_add(to, "</dd>\n");
        if (f->listener)
                row_add_owner(&raw, f->listener);
        if (raw.len) {
                begin_item(to, "Who");
                put_raw(to, &raw);
                str_add(to, "</dd>\n");
        }
        if (f->advice.why) {
                begin_item(to, "Why");
                put_text(to, f->advice.why);
                str_add(to, "</dd>\n");
        }
        if (f->evidence[0]) {
                begin_item(to, "Evidence");
                str_add(to, "<ul>");
                group_each_evidence(g, add_evidence, to);
                str_add(to, "</ul></dd>\n");
        }
        if (f->remediation[0]) {
                begin_item(to, "What to do");
                str_add(to, "<ol>");
                group_each_step(g, add_step, to);
                str_add(to, "</ol></dd>\n");
        }
        if (f->alternative.protocol) {
                begin_item(to, "Instead");
                row_add_alternative(&raw, &f->alternative);
                put_raw(to, &raw);
                str_add(to, "</dd>\n");
        }
        add_controls(to, f->controls);
}

static void add_group(struct str *to, const struct finding_group *g)
{
        const struct finding *f = g->first;
        const char *severity = severity_name(f->severity), *class = advice_class_name(f->advice.class);
        _cleanup_str_ struct str title = {0};

        str_addf(to, "<article class=\"%s\"><div class=\"head\"><span class=\"tag\">%s</span><h3>",
                 severity, severity);
        group_add_title(&title, g);
        put_text(to, str_text(&title));
        str_addf(to, "</h3><span class=\"tag %s\">%s</span></div>\n<dl>\n", class, class);
        add_group_items(to, g);
        str_add(to, "</dl></article>\n");
}

int findings_html_add(struct str *to, const struct finding *findings, size_t n, int (*flush)(void *arg), void *arg)
{
        _cleanup_(groups_release) struct finding_groups groups = groups_of(findings, n);
        int r = 0;

        str_add(to, "<section aria-labelledby=\"findings\"><h2 id=\"findings\">Findings</h2>\n");
        if (!groups.list.n)
                str_add(to, "<p>None.</p>\n");
        vec_foreach (g, &groups.list) {
                add_group(to, g);
                r = flush(arg);
                if (r < 0)
                        return r;
        }
        str_add(to, "</section>\n");
        return 0;
}
