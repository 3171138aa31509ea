/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "knowledge/generate.h"

#include "base/text.h"

void generate_literal(struct str *out, const char *s)
{
        if (!s) {
                str_add(out, "NULL");
                return;
        }
        str_add_char(out, '"');
        for (; *s; s++) {
                unsigned char c = (unsigned char)*s;

                /* three octal digits end by themselves; '?' could begin a trigraph */
                if (c < 0x20 || c >= 0x7f || c == '"' || c == '\\' || c == '?')
                        str_addf(out, "\\%03o", c);
                else
                        str_add_char(out, (char)c);
        }
        str_add_char(out, '"');
}

static void add_texts(struct str *out, const char *const *texts, size_t n)
{
        if (!n) {
                str_add(out, "NULL");
                return;
        }
        str_add(out, "(const char *const[]){");
        for (size_t i = 0; i < n; i++) {
                generate_literal(out, texts[i]);
                str_add_char(out, ',');
        }
        str_add(out, "}");
}

static void add_ranges(struct str *out, const struct port_range *ranges, size_t n)
{
        if (!n) {
                str_add(out, "NULL");
                return;
        }
        str_add(out, "(const struct port_range[]){");
        for (size_t i = 0; i < n; i++)
                str_addf(out, "{%d,%u,%u},", (int)ranges[i].transport, ranges[i].first, ranges[i].last);
        str_add(out, "}");
}

static void add_binds(struct str *out, const struct bind_hint *binds, size_t n)
{
        if (!n) {
                str_add(out, "NULL");
                return;
        }
        str_add(out, "(const struct bind_hint[]){");
        for (size_t i = 0; i < n; i++) {
                const char *const texts[] = {binds[i].package, binds[i].file, binds[i].set};

                str_add_char(out, '{');
                for (size_t t = 0; t < array_len(texts); t++) {
                        generate_literal(out, texts[t]);
                        str_add_char(out, ',');
                }
                str_add(out, "},");
        }
        str_add(out, "}");
}

static void add_text_fields(struct str *out, const struct page *p)
{
        const struct {
                const char *name, *text;
        } fields[] = {
                {"id", p->id},
                {"name", p->name},
                {"what", p->what},
                {"why", p->why},
                {"encrypted", p->encrypted},
                {"note", p->note},
                {"source", p->source},
                {"alternative.protocol", p->alternative.protocol},
                {"alternative.port", p->alternative.port},
                {"alternative.package", p->alternative.package},
        };

        for (size_t i = 0; i < array_len(fields); i++) {
                str_addf(out, " .%s = ", fields[i].name);
                generate_literal(out, fields[i].text);
                str_add(out, ",\n");
        }
}

static void add_text_lists(struct str *out, const struct page *p)
{
        const struct {
                const char *name;
                const char *const *texts;
                size_t n;
        } lists[] = {
                {"aliases", p->aliases, p->n_aliases},
                {"programs", p->programs, p->n_programs},
                {"also_programs", p->also_programs, p->n_also_programs},
                {"packages", p->packages, p->n_packages},
                {"remediation", p->remediation, p->n_remediation},
                {"references", p->references, p->n_references},
                {"controls", p->controls, p->n_controls},
        };

        for (size_t i = 0; i < array_len(lists); i++) {
                str_addf(out, " .%s = ", lists[i].name);
                add_texts(out, lists[i].texts, lists[i].n);
                str_addf(out, ", .n_%s = %zu,\n", lists[i].name, lists[i].n);
        }
}

static void add_page(struct str *out, const struct page *p)
{
        str_add(out, "{\n");
        add_text_fields(out, p);
        add_text_lists(out, p);
        str_add(out, " .ports = ");
        add_ranges(out, p->ports, p->n_ports);
        str_add(out, ", .also_ports = ");
        add_ranges(out, p->also_ports, p->n_also_ports);
        str_add(out, ", .binds = ");
        add_binds(out, p->binds, p->n_binds);
        str_addf(out, ",\n .n_ports = %u, .n_also_ports = %u, .n_binds = %u,\n", p->n_ports, p->n_also_ports,
                 p->n_binds);
        str_addf(out, " .advice = %d, .risk_loopback = %d, .risk_link = %d, .risk_internet = %d},\n",
                 (int)p->advice, (int)p->risk_loopback, (int)p->risk_link, (int)p->risk_internet);
}

static void add_words(struct str *out, const char *name, const struct page_word *words, size_t n)
{
        str_addf(out, "static const struct page_word %s[] = {\n", name);
        for (size_t i = 0; i < n; i++) {
                str_add_char(out, '{');
                generate_literal(out, words[i].word);
                str_addf(out, ",%u},\n", words[i].page);
        }
        str_add(out, "{NULL,0}};\n");
}

void generate_pages(struct str *out, const struct page_table *table)
{
        str_add(out, "static const struct page pages[] _unused_ = {\n");
        for (size_t i = 0; i < table->n_pages; i++)
                add_page(out, table->pages[i]);
        str_add(out, "{.id = NULL}};\nstatic const struct page *const page_refs[] = {\n");
        for (size_t i = 0; i < table->n_pages; i++)
                str_addf(out, "&pages[%zu],\n", i);
        str_add(out, "NULL};\n");
        add_words(out, "words", table->words, table->n_words);
        add_words(out, "programs", table->programs, table->n_programs);
        add_words(out, "packages", table->packages, table->n_packages);
        str_add(out, "static const struct page_span spans[] = {\n");
        for (size_t i = 0; i < table->n_spans; i++)
                str_addf(out, "{%u,%u,%u,%u},\n", table->spans[i].first, table->spans[i].last,
                         table->spans[i].transport, table->spans[i].page);
        str_add(out,
                "{0,0,0,0}};\nconst struct page_table builtin_pages = {\n"
                " .pages = page_refs, .words = words, .programs = programs, .packages = packages, .spans = spans,\n");
        str_addf(out, " .n_pages = %u, .n_words = %u, .n_programs = %u, .n_packages = %u, .n_spans = %u};\n",
                 table->n_pages, table->n_words, table->n_programs, table->n_packages, table->n_spans);
}

static size_t add_controls(struct str *out, const struct parsed_controls *controls, bool baseline_only)
{
        size_t n = 0;

        vec_foreach (c, &controls->list) {
                if (baseline_only && !c->baseline)
                        continue;
                str_add(out, "{.framework = ");
                generate_literal(out, c->control.framework);
                str_add(out, ", .id = ");
                generate_literal(out, c->control.id);
                str_add(out, ", .title = ");
                generate_literal(out, c->control.title);
                str_add(out, "},\n");
                n++;
        }
        str_add(out, "{.framework = NULL}};\n");
        return n;
}

void generate_controls(struct str *out, const struct parsed_controls *controls)
{
        size_t n;

        str_add(out, "const struct control builtin_controls[] = {\n");
        n = add_controls(out, controls, false);
        str_addf(out,
                 "const uint16_t builtin_n_controls = %zu;\nconst struct control builtin_baseline[] = {\n",
                 n);
        (void)add_controls(out, controls, true);
}
