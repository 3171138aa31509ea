/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>

#include "base/wrap.h"
#include "cli/explain.h"

#define INDENT 2u
#define COLUMN 18u /* where values stand behind their labels */

/* SGR sequences; words carry the meaning, colour only adds. */
#define BOLD "\033[1m"
#define DIM  "\033[2m"
#define OFF  "\033[0m"

static const char *const class_words[ADVICE_MAX] = {
        [ADVICE_EXPECTED] = "expected: normal on a machine whose job it is",
        [ADVICE_RECONFIGURE] = "reconfigure: use the better protocol or configuration",
        [ADVICE_REVIEW] = "review: is it needed at all?",
};
static const char *const class_colours[ADVICE_MAX] = {"\033[32m", "\033[33m", "\033[36m"};
static const char *const severity_colours[SEVERITY_MAX] = {"", "", "\033[33m", "\033[31m", "\033[1;31m"};

static const struct {
        const char *word, *text;
} encryptions[] = {
        {"none", "no, everything is readable on the way"},
        {"optional", "only where it is switched on"},
        {"starttls", "begins in the clear, can change to TLS (STARTTLS)"},
        {"tls", "yes, TLS from the first byte"},
        {"native", "yes, by the protocol itself"},
        {"varies", "depends on the configuration"},
};

struct writer {
        struct str *to;
        const struct explain_style *style;
};

static void paint(const struct writer *w, const char *colour, const char *text)
{
        bool on = w->style->colour && colour[0];

        str_addf(w->to, "%s%s%s", on ? colour : "", text, on ? OFF : "");
}

static void heading(const struct writer *w, const char *text)
{
        str_add_char(w->to, '\n');
        paint(w, BOLD, text);
        str_add_char(w->to, '\n');
}

static void paragraph(const struct writer *w, const char *title, const char *text)
{
        heading(w, title);
        wrap_add(w->to, text, 0, INDENT, w->style->width);
}

static void label(const struct writer *w, const char *name)
{
        str_addf(w->to, "%*s%-*s", (int)INDENT, "", (int)(COLUMN - INDENT), name);
}

static void labelled(const struct writer *w, const char *name, const char *text)
{
        label(w, name);
        wrap_add(w->to, text, COLUMN, COLUMN, w->style->width);
}

static void coloured(const struct writer *w, const char *name, const char *colour, const char *text)
{
        label(w, name);
        paint(w, colour, text);
        str_add_char(w->to, '\n');
}

/* "- text" or "1. text", further lines below the text. */
static void item(const struct writer *w, const char *mark, const char *text)
{
        unsigned at = INDENT + (unsigned)strlen(mark) + 1;

        str_addf(w->to, "%*s%s ", (int)INDENT, "", mark);
        wrap_add(w->to, text, at, at, w->style->width);
}

/* --- ports ----------------------------------------------------------------------------------- */

static void list_ranges(struct str *s, const struct port_range *ranges, size_t n)
{
        char text[PORT_RANGE_TEXT_SIZE];

        for (size_t i = 0; i < n; i++)
                str_addf(s, "%s%s", i ? ", " : "", port_range_format(&ranges[i], text));
}

/* "ssh (tcp, udp)", "exec (tcp), comsat (udp)" */
static void list_names(struct str *s, const struct explained_port *port)
{
        bool said[TRANSPORT_MAX] = {false};
        const char *between = "";

        for (enum transport t = 0; t < TRANSPORT_MAX; t++) {
                if (!port->known[t] || said[t])
                        continue;
                str_addf(s, "%s%s (%s", between, port->entry[t].name[0] ? port->entry[t].name : "no name",
                         transport_name(t));
                for (enum transport u = t + 1; u < TRANSPORT_MAX; u++)
                        if (port->known[u] && streq(port->entry[u].name, port->entry[t].name)) {
                                str_addf(s, ", %s", transport_name(u));
                                said[u] = true;
                        }
                str_add_char(s, ')');
                between = ", ";
        }
        if (!s->len)
                str_add(s, "to nobody");
}

static void add_description(const struct writer *w, const struct explained_port *port)
{
        for (enum transport t = 0; t < TRANSPORT_MAX; t++)
                if (port->known[t] && port->entry[t].description[0]) {
                        labelled(w, "Description", port->entry[t].description);
                        return;
                }
}

static void add_registered(const struct writer *w, const struct explained_port *port)
{
        static const struct {
                const char *range, *text;
        } ranges[] = {
                {"system", "system (0-1023)"},
                {"registered", "registered (1024-49151)"},
                {"dynamic", "dynamic (49152-65535)"},
        };
        _cleanup_str_ struct str names = {0};

        list_names(&names, port);
        str_addf(w->to, "%*sPort %-*u", (int)INDENT, "", (int)(COLUMN - INDENT - 5), port->port);
        for (size_t i = 0; i < array_len(ranges); i++)
                if (streq(ranges[i].range, registry_range(port->port)))
                        str_addf(&names, "; range: %s", ranges[i].text);
        _cleanup_free_ char *text = xasprintf("registered %s", str_text(&names));
        wrap_add(w->to, text, COLUMN, COLUMN, w->style->width);
}

static void list_words(const struct writer *w, const char *name, const char *const *words, size_t n)
{
        _cleanup_str_ struct str s = {0};

        for (size_t i = 0; i < n; i++)
                str_addf(&s, "%s%s", i ? ", " : "", words[i]);
        if (n)
                labelled(w, name, s.text);
}

static void add_programs(const struct writer *w, const struct page *page)
{
        list_words(w, "Programs", page->programs, page->n_programs);
        list_words(w, "On its ports", page->also_programs, page->n_also_programs);
}

/* --- a page ---------------------------------------------------------------------------------- */

static void add_head(const struct writer *w, const struct explained *e, const struct explained_page *found)
{
        static const char *const matches[] = {"its usual port", "often met here", NULL, NULL};
        const struct page *page = found->page;
        _cleanup_str_ struct str ports = {0}, also = {0};
        struct explained_port port = explain_port_of(e, page);

        paint(w, BOLD, page->name);
        if (e->ports.n && matches[found->match])
                str_addf(w->to, " - %s", matches[found->match]);
        str_add_char(w->to, '\n');
        list_ranges(&ports, page->ports, page->n_ports);
        list_ranges(&also, page->also_ports, page->n_also_ports);
        if (port.port)
                add_registered(w, &port);
        if (ports.len)
                labelled(w, "Usual port", ports.text);
        if (also.len)
                labelled(w, "Often met on", also.text);
        add_programs(w, page);
        for (size_t i = 0; i < array_len(encryptions); i++)
                if (streq(encryptions[i].word, page->encrypted))
                        labelled(w, "Encrypted", encryptions[i].text);
}

static void add_judgement(const struct writer *w, const struct page *page)
{
        paragraph(w, "What it is", page->what);
        heading(w, "Advice");
        str_addf(w->to, "%*s", (int)INDENT, "");
        paint(w, class_colours[page->advice], class_words[page->advice]);
        str_add_char(w->to, '\n');
        wrap_add(w->to, page->why, 0, INDENT, w->style->width);
        heading(w, "Risk, where it can be reached from");
        coloured(w, "this host", severity_colours[page->risk_loopback], severity_name(page->risk_loopback));
        coloured(w, "local networks", severity_colours[page->risk_link], severity_name(page->risk_link));
        coloured(w, "the internet", severity_colours[page->risk_internet],
                 severity_name(page->risk_internet));
}

static void add_steps(const struct writer *w, const char *const *steps, size_t n, uint16_t port)
{
        heading(w, "What to do");
        for (size_t i = 0; i < n; i++) {
                _cleanup_str_ struct str step = {0};
                char mark[24];

                explain_step(&step, steps[i], port);
                (void)snprintf(mark, sizeof(mark), "%zu.", i + 1);
                item(w, mark, str_text(&step));
        }
}

static void add_alternative(const struct writer *w, const struct alternative *alternative)
{
        _cleanup_str_ struct str s = {0};

        if (!alternative->protocol)
                return;
        str_add(&s, alternative->protocol);
        if (alternative->port)
                str_addf(&s, " on %s", alternative->port);
        if (alternative->package)
                str_addf(&s, ", Debian package %s", alternative->package);
        paragraph(w, "Better", s.text);
}

/* Configuration lines stand as they must be typed: not folded. */
static void add_binds(const struct writer *w, const struct page *page)
{
        if (page->n_binds)
                heading(w, "To listen on loopback only");
        for (size_t i = 0; i < page->n_binds; i++) {
                const char *line = page->binds[i].set;

                str_addf(w->to, "%*s%s: in %s\n", (int)INDENT, "", page->binds[i].package,
                         page->binds[i].file);
                while (*line) {
                        size_t len = strcspn(line, "\n");

                        str_addf(w->to, "%*s%.*s\n", (int)(2 * INDENT + 2), "", (int)len, line);
                        line += len + (line[len] == '\n');
                }
        }
}

static void add_control(const struct writer *w, const struct control *control)
{
        _cleanup_free_ char *name = xasprintf("%s %s", control->framework, control->id);

        if (!control->title) {
                item(w, "-", name);
                return;
        }
        _cleanup_free_ char *text = xasprintf("%s: %s", name, control->title);
        item(w, "-", text);
}

static void add_sources(const struct writer *w, const struct page *page)
{
        _cleanup_str_ struct str references = {0};
        struct control control;

        for (size_t i = 0; i < page->n_references; i++)
                str_addf(&references, "%s%s", i ? "; " : "", page->references[i]);
        paragraph(w, "References", str_text(&references));
        heading(w, "Controls");
        for (const struct control *c = controls_baseline(); c->framework; c++)
                add_control(w, c);
        for (size_t i = 0; i < page->n_controls; i++)
                if (control_find(page->controls[i], &control))
                        add_control(w, &control);
        if (!streq(page->source, "built-in")) {
                _cleanup_free_ char *text = xasprintf("This page is from %s.", page->source);

                str_add_char(w->to, '\n');
                wrap_add(w->to, text, 0, 0, w->style->width);
        }
}

static void add_page(const struct writer *w, const struct explained *e, const struct explained_page *found)
{
        const struct page *page = found->page;

        add_head(w, e, found);
        add_judgement(w, page);
        add_steps(w, page->remediation, page->n_remediation, explain_number(e, page));
        add_alternative(w, &page->alternative);
        add_binds(w, page);
        if (page->note)
                paragraph(w, "Note", page->note);
        add_sources(w, page);
}

/* --- a number without a page ------------------------------------------------------------------ */

static void add_bare_ports(const struct writer *w, const struct explained *e)
{
        size_t n_steps = 0;

        while (explain_unknown_steps[n_steps])
                n_steps++;
        paint(w, BOLD, e->pages.n ? "No page of the guide expects it here" : "Not in the guide");
        str_add_char(w->to, '\n');
        vec_foreach (port, &e->ports) {
                add_registered(w, port);
                add_description(w, port);
        }
        heading(w, "Advice");
        str_addf(w->to, "%*s", (int)INDENT, "");
        paint(w, class_colours[ADVICE_REVIEW], class_words[ADVICE_REVIEW]);
        str_add_char(w->to, '\n');
        wrap_add(w->to, explain_unknown_why, 0, INDENT, w->style->width);
        add_steps(w, explain_unknown_steps, n_steps, 0);
}

/* --- all ------------------------------------------------------------------------------------- */

/* A page that only may be meant is named, unless it is all there is. */
static bool is_named_only(const struct explained *e, const struct explained_page *found)
{
        return (found->match == MATCH_ALSO || found->match == MATCH_PROGRAM) && e->pages.n > 1;
}

static void add_rule(const struct writer *w)
{
        str_add_char(w->to, '\n');
        for (unsigned i = 0; i < w->style->width; i++)
                str_add_char(w->to, '-');
        str_add(w->to, "\n\n");
}

/* One line, so that a number which many programs use does not fill the screen. */
static void add_named(const struct writer *w, const struct explained_page *found)
{
        str_add(w->to, found->match == MATCH_ALSO ? "Often met here: " : "On the ports of ");
        paint(w, BOLD, found->page->name);
        str_addf(w->to, " - quaymaster explain %s\n", found->page->id);
}

void explain_text(const struct explained *e, const struct explain_style *style, struct str *to)
{
        struct writer w = {.to = to, .style = style};
        size_t n_full = 0, n_named = 0;

        vec_foreach (found, &e->pages) {
                if (is_named_only(e, found)) {
                        n_named++;
                        continue;
                }
                if (n_full++)
                        add_rule(&w);
                add_page(&w, e, found);
        }
        if (!n_full && e->ports.n)
                add_bare_ports(&w, e);
        else if (!n_full)
                str_add(to, "A program of several services: which one it is, the port tells.\n");
        if (n_named && to->len)
                str_add_char(to, '\n');
        vec_foreach (found, &e->pages)
                if (is_named_only(e, found))
                        add_named(&w, found);
}
