/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Units that run and are in no group of the profile that was named (knowledge/profile.h). A profile does not
 * know this machine: what it does not name is shown to be looked at, and is never suggested.
 */
#include "harden/maker.h"

static bool is_running(const struct service *s)
{
        return s->state && (streq(s->state, "running") || streq(s->state, "listening"));
}

static bool is_for_units(const struct service *s)
{
        return streq_ptr(s->manager, "systemd") &&
               (str_ends(s->name, ".service") || str_ends(s->name, ".socket"));
}

/* The socket of a service that runs goes with it. */
static bool goes_with_its_service(const struct maker *m, const struct service *s)
{
        return s->triggers != NONE && str_ends(s->name, ".socket") &&
               is_running(&m->view->services.at[s->triggers]);
}

static bool is_in_plan(const struct maker *m, const char *unit)
{
        vec_foreach(a, &m->plan->actions)
                for (const struct action_value *v = a->values; a->kind == ACTION_UNIT_STOP && v->name; v++)
                        if (streq(v->text, unit))
                                return true;
        return false;
}

static void make_one(struct maker *m, const struct service *s)
{
        struct unit_group g = {
                .unit = s,
                .socket = s->triggered_by != NONE ? &m->view->services.at[s->triggered_by] : NULL,
        };
        struct draft d = draft_new(ACTION_UNIT_STOP);

        unit_stop_fill(m, &d, &g);
        d.action.title = pool_printf(m->pool, "Stop and disable %s", s->name);
        d.action.why = pool_printf(m->pool, "It runs, and the profile %s (%s) does not name it.",
                                   m->in->profile->name, m->in->profile->title);
        d.action.risk = RISK_MEDIUM;
        d.action.risk_why =
                "Nobody has said that it is not needed: find out what it is for (systemctl status) first.";
        draft_add(m, &d, s->name);
}

static void make(struct maker *m)
{
        if (!m->in->profile)
                return;
        vec_foreach(s, &m->view->services)
                if (is_for_units(s) && is_running(s) && !goes_with_its_service(m, s) &&
                    !unit_is_core(s->name) && !profile_group_of(m->in->profile, s->name) &&
                    !is_in_plan(m, s->name))
                        make_one(m, s);
}

const struct action_maker maker_unit_profile = {.make = make};
