/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "knowledge/generate.h"

static void add_texts(struct str *out, const char *name, const char *const *texts, size_t n)
{
        str_addf(out, "static const char *const %s[] = {", name);
        for (size_t i = 0; i < n; i++) {
                generate_literal(out, texts[i]);
                str_add(out, ", ");
        }
        str_add(out, "NULL};\n");
}

static void add_ports(struct str *out, size_t profile, size_t group, const struct profile_group *g)
{
        str_addf(out, "static const struct port_range profile_%zu_ports_%zu[] = {", profile, group);
        for (size_t i = 0; i < g->n_ports; i++)
                str_addf(out, "{(enum transport)%d, %u, %u}, ", (int)g->ports[i].transport,
                         g->ports[i].first, g->ports[i].last);
        str_add(out, "{0}};\n");
}

static void add_groups(struct str *out, size_t index, const struct profile *p)
{
        for (size_t g = 0; g < p->n_groups; g++) {
                _cleanup_str_ struct str name = {0};

                str_addf(&name, "profile_%zu_units_%zu", index, g);
                add_texts(out, str_text(&name), p->groups[g].units, p->groups[g].n_units);
                add_ports(out, index, g, &p->groups[g]);
        }
        str_addf(out, "static const struct profile_group profile_%zu_groups[] = {\n", index);
        for (size_t g = 0; g < p->n_groups; g++) {
                str_addf(out, "{profile_%zu_units_%zu, profile_%zu_ports_%zu, ", index, g, index, g);
                generate_literal(out, p->groups[g].why);
                str_addf(out, ", %u, %u},\n", p->groups[g].n_units, p->groups[g].n_ports);
        }
        str_add(out, "{0}};\n");
}

static void add_profile(struct str *out, size_t index, const struct profile *p)
{
        const char *const texts[] = {p->name, p->title, p->what};
        _cleanup_str_ struct str name = {0};

        add_groups(out, index, p);
        str_addf(&name, "profile_%zu_includes", index);
        add_texts(out, str_text(&name), p->includes, p->n_includes);
        str_addf(out, "static const struct profile profile_%zu = {", index);
        for (size_t i = 0; i < array_len(texts); i++) {
                generate_literal(out, texts[i]);
                str_add(out, ", ");
        }
        str_addf(out, "profile_%zu_includes, profile_%zu_groups, %u, %u};\n", index, index, p->n_includes,
                 p->n_groups);
}

void generate_profiles(struct str *out, const struct parsed_profiles *profiles)
{
        for (size_t i = 0; i < profiles->list.n; i++)
                add_profile(out, i, &profiles->list.at[i]);
        str_add(out, "const struct profile *const builtin_profiles[] = {");
        for (size_t i = 0; i < profiles->list.n; i++)
                str_addf(out, "&profile_%zu, ", i);
        str_addf(out, "NULL};\nconst uint16_t builtin_n_profiles = %zu;\n", profiles->list.n);
}
