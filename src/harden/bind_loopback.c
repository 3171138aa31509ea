/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "harden/maker.h"
#include "harden/recipe.h"

/* "comment out Listen and Port; add: Listen localhost:631" */
static const char *edit_in_words(struct maker *m, const struct recipe *recipe, const char *path)
{
        _cleanup_str_ struct str text = {0};
        const char *separator = "";

        str_addf(&text, "edit %s: comment out lines of ", path);
        for (const char *const *word = recipe->edit->words; *word; word++, separator = ", ")
                str_addf(&text, "%s'%s'", separator, *word);
        str_add(&text, "; add:");
        for (const char *line = recipe->content, *end; (end = strchr(line, '\n')); line = end + 1)
                if (!str_after(line, recipe->edit->mark)) {
                        str_add_char(&text, ' ');
                        str_add_n(&text, line, (size_t)(end - line));
                }
        return pool_intern(m->pool, str_text(&text));
}

static void add_commands(struct maker *m, struct draft *d, const struct recipe *recipe, const char *unit,
                         const char *path)
{
        bool of_systemd = str_after(path, "/etc/systemd/system/") != NULL;
        const char *again =
                pool_printf(m->pool, "systemctl %s %s", recipe->restart ? "restart" : "reload", unit);

        draft_step(d, recipe->edit ? edit_in_words(m, recipe, path) : pool_printf(m->pool, "write %s", path));
        draft_undo(d, pool_printf(m->pool, recipe->edit ? "put back %s" : "rm %s", path));
        if (of_systemd) {
                draft_step(d, "systemctl daemon-reload");
                draft_undo(d, "systemctl daemon-reload");
        }
        draft_step(d, again);
        draft_undo(d, again);
}

static void make_one(struct maker *m, const struct unit_group *g, const struct recipe *recipe,
                     const char *unit, const char *path)
{
        struct draft d = draft_new(ACTION_BIND_LOOPBACK);

        d.action.title = pool_printf(m->pool, "Bind %s to loopback", unit);
        d.action.suggested = unit_group_only_loopback(g);
        d.action.why =
                d.action.suggested
                        ? pool_printf(m->pool,
                                      "The policy approves it on this machine only, and others "
                                      "reach it (%s).",
                                      unit_group_ports(m, g, true))
                        : pool_printf(m->pool,
                                      "If it is needed at all (%s), then perhaps on this machine only.",
                                      unit_group_ports(m, g, true));
        d.action.risk_why = "Programs on other machines that use it are cut off; it is restarted.";
        if (unit_group_is_session(m, g))
                d.action.cuts = pool_printf(m->pool, "Your own session came in by it (port %u).",
                                            m->in->session_port);
        if (unit_is_core(g->unit->name)) {
                d.action.risk = RISK_HIGH;
                d.action.suggested = false;
        }
        draft_value(&d, "recipe", recipe->name);
        draft_value(&d, "unit", unit);
        if (recipe->note)
                draft_warn(&d, recipe->note);
        add_commands(m, &d, recipe, unit, path);
        vec_foreach(l, &g->listeners)
                if (harden_is_on_network(*l) && harden_is_unwanted(m, *l))
                        draft_close(m, &d, *l, CLOSES_REACH);
        draft_add(m, &d, unit);
}

static void look_at(struct maker *m, const struct unit_group *g)
{
        vec_foreach(l, &g->listeners) {
                const struct recipe *recipe = recipe_for(*l);
                const char *unit = recipe ? recipe_unit(recipe, *l) : NULL;
                _cleanup_str_ struct str path = {0};

                if (!unit || recipe_expand(recipe, recipe->path, unit, &path) < 0)
                        continue;
                make_one(m, g, recipe, unit, pool_intern(m->pool, path.text));
                return;
        }
}

static void make(struct maker *m)
{
        _cleanup_(unit_groups_release) struct unit_groups groups = {0};

        unit_groups_make(m, &groups);
        vec_foreach(g, &groups.list)
                if (unit_group_unwanted(m, g, true) && !unit_group_is_needed(g))
                        look_at(m, g);
}

const struct action_maker maker_bind_loopback = {.make = make};
