/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/json.h"
#include "base/str.h"
#include "cli/harden.h"
#include "knowledge/profile.h"

/* --- text ----------------------------------------------------------------------------------------- */

static void add_words(struct str *to, const char *indent, const char *const *words, size_t n)
{
        size_t column = 0;

        for (size_t i = 0; i < n; i++) {
                size_t len = strlen(words[i]);

                if (column && column + len > 90) {
                        str_add(to, "\n");
                        column = 0;
                }
                str_addf(to, "%s%s", column ? " " : indent, words[i]);
                column += len + 1;
        }
        str_add(to, "\n");
}

static void add_group(struct str *to, const struct profile_group *g)
{
        char buf[PORT_RANGE_TEXT_SIZE];

        str_addf(to, "\n  %s\n", g->why);
        add_words(to, "    ", g->units, g->n_units);
        for (size_t i = 0; i < g->n_ports; i++)
                str_addf(to, "%s%s", i ? " " : "    ports: ", port_range_format(&g->ports[i], buf));
        str_add(to, g->n_ports ? "\n" : "");
}

static void add_profile(struct str *to, const struct profile *p)
{
        str_addf(to, "%s (%s)\n%s\n", p->title, p->name, p->what);
        for (size_t i = 0; i < p->n_groups; i++)
                add_group(to, &p->groups[i]);
        for (size_t i = 0; i < p->n_includes; i++)
                str_addf(to, "\n  And all of %s: quaymaster harden profiles %s\n", p->includes[i],
                         p->includes[i]);
}

static void add_list(struct str *to)
{
        size_t n;
        const struct profile *const *all = profiles_all(&n);

        for (size_t i = 0; i < n; i++)
                str_addf(to, "%-15s %s\n", all[i]->name, all[i]->what);
}

/* --- records -------------------------------------------------------------------------------------- */

static void add_record(struct json *j, const struct profile *p)
{
        char buf[PORT_RANGE_TEXT_SIZE];

        json_open_object(j, NULL);
        json_str(j, "type", "profile");
        json_str(j, "name", p->name);
        json_str(j, "title", p->title);
        json_str(j, "what", p->what);
        json_open_array(j, "includes");
        for (size_t i = 0; i < p->n_includes; i++)
                json_str(j, NULL, p->includes[i]);
        json_end(j);
        json_open_array(j, "services");
        for (size_t i = 0; i < p->n_groups; i++) {
                json_open_object(j, NULL);
                json_open_array(j, "units");
                for (size_t u = 0; u < p->groups[i].n_units; u++)
                        json_str(j, NULL, p->groups[i].units[u]);
                json_end(j);
                json_open_array(j, "ports");
                for (size_t u = 0; u < p->groups[i].n_ports; u++)
                        json_str(j, NULL, port_range_format(&p->groups[i].ports[u], buf));
                json_end(j);
                json_str(j, "why", p->groups[i].why);
                json_end(j);
        }
        json_end(j);
        json_end(j);
        json_end_line(j);
}

static void add_records(struct str *to, const struct profile *only)
{
        struct json j = json_to(to);
        size_t n;
        const struct profile *const *all = profiles_all(&n);

        for (size_t i = 0; i < n; i++)
                if (!only || all[i] == only)
                        add_record(&j, all[i]);
        json_open_object(&j, NULL);
        json_str(&j, "type", "summary");
        json_bool(&j, "complete", true);
        json_end(&j);
        json_end_line(&j);
}

int harden_show_profiles(const struct invocation *in, struct err *err)
{
        const char *name = in->n_arguments > 1 ? in->arguments[1] : NULL;
        const struct profile *profile = name ? profile_find(name) : NULL;
        _cleanup_str_ struct str text = {0};
        int r;

        if (name && !profile) {
                err_set(err, -EINVAL, "there is no profile '%s'; `quaymaster harden profiles` lists them",
                        name);
                return QM_EXIT_USAGE;
        }
        if (invocation_has(in, "json"))
                add_records(&text, profile);
        else if (profile)
                add_profile(&text, profile);
        else
                add_list(&text);
        r = fd_write_all(STDOUT_FILENO, str_text(&text), text.len);
        if (r < 0 && r != -EPIPE)
                err_errno(err, -r, "cannot write the profiles");
        return r < 0 ? QM_EXIT_INCOMPLETE : QM_EXIT_DONE;
}
