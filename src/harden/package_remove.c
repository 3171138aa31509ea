/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "harden/maker.h"

static const struct package *package_of(const struct maker *m, const struct unit_group *g)
{
        const struct package *p = NULL;

        if (g->unit->package != NONE && g->unit->package < m->view->packages.n)
                p = &m->view->packages.at[g->unit->package];
        else if (g->listeners.n)
                p = g->listeners.at[0]->package;
        return p && streq_ptr(p->manager, "dpkg") ? p : NULL;
}

/* Another unit or program of the package is approved. */
static bool is_needed(const struct maker *m, const struct package *p)
{
        vec_foreach(l, &m->assessment->listeners) {
                bool of_unit =
                        l->unit && l->unit->package != NONE && &m->view->packages.at[l->unit->package] == p;

                if (harden_approval(l) && (l->package == p || of_unit))
                        return true;
        }
        return false;
}

static bool is_there(const struct maker *m, const char *id)
{
        vec_foreach(a, &m->plan->actions)
                if (streq(a->id, id))
                        return true;
        return false;
}

static void make_one(struct maker *m, const struct unit_group *g, const struct package *p)
{
        struct draft d = draft_new(ACTION_PACKAGE_REMOVE);
        const char *also = m->in->package_also ? m->in->package_also(p->name, m->in->arg) : NULL;

        d.action.title = pool_printf(m->pool, "Remove package %s", p->name);
        d.action.why = "What is not there can't be started again by mistake, and needs no updates.";
        d.action.risk = RISK_HIGH;
        d.action.risk_why =
                "There is no exact way back: installing it again may bring another version and configuration.";
        d.action.not_applied =
                "A package cannot be put back exactly as it was: it is done by kits or by hand.";
        if (also)
                draft_warn(&d, pool_printf(m->pool, "With it go: %s", also));
        else if (!m->in->package_also)
                draft_warn(&d,
                           pool_printf(m->pool, "What would go with it was not asked: apt-get -s remove %s",
                                       harden_word(m, p->name)));
        draft_value(&d, "package", p->name);
        draft_step(&d, pool_printf(m->pool, "apt-get remove %s", harden_word(m, p->name)));
        draft_undo(&d, pool_printf(m->pool, "apt-get install %s",
                                   harden_word(m, pool_printf(m->pool, "%s=%s", p->name, p->version))));
        vec_foreach(l, &g->listeners)
                draft_close(m, &d, *l, CLOSES_ALL);
        draft_add(m, &d, p->name);
}

static bool has_expired(const struct unit_group *g)
{
        vec_foreach(l, &g->listeners)
                if ((*l)->judgement.verdict == VERDICT_EXPIRED)
                        return true;
        return false;
}

/* Only of what is to be stopped anyway. */
static void make(struct maker *m)
{
        _cleanup_(unit_groups_release) struct unit_groups groups = {0};

        unit_groups_make(m, &groups);
        vec_foreach(g, &groups.list) {
                const struct package *p = package_of(m, g);

                if (p && is_there(m, pool_printf(m->pool, "unit-stop:%s", g->unit->name)) &&
                    !is_there(m, pool_printf(m->pool, "package-remove:%s", p->name)) && !is_needed(m, p) &&
                    !has_expired(g) && !unit_is_core(g->unit->name) && !unit_carries(g->unit->name))
                        make_one(m, g, p);
        }
}

const struct action_maker maker_package_remove = {.make = make};
