/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "harden/maker.h"

/* Where systemd runs, scripts are units of it (startup "generated") and go with them. */
static const struct service *script_of(const struct listener *l)
{
        return harden_is_of_host(l) && l->unit && streq_ptr(l->unit->manager, "sysv") ? l->unit : NULL;
}

/* The first listener of the script that is unwanted stands for it; NULL when something of it is approved. */
static bool is_first(struct maker *m, const struct listener *l)
{
        bool first = true;

        vec_foreach(other, &m->assessment->listeners) {
                if (script_of(other) != l->unit)
                        continue;
                if (other->judgement.verdict == VERDICT_APPROVED || other->judgement.too_far)
                        return false;
                if (other < l && harden_is_unwanted(m, other))
                        first = false;
        }
        return first;
}

static void make_one(struct maker *m, const struct listener *l)
{
        struct draft d = draft_new(ACTION_SYSV_STOP);
        const char *name = l->unit->name;

        d.action.title = pool_printf(m->pool, "Stop and disable the script /etc/init.d/%s", name);
        d.action.why = m->in->policy ? "The policy approves nothing that it serves."
                                     : "The guide advises against what it serves.";
        d.action.risk_why =
                "Whoever still uses it finds it gone; what depends on it is not known of scripts.";
        d.action.suggested = !unit_is_core(pool_printf(m->pool, "%s.service", name)) && !unit_carries(name);
        if (harden_is_session(m, l))
                d.action.cuts = pool_printf(m->pool, "Your own session came in by it (port %u).",
                                            m->in->session_port);
        draft_value(&d, "script", name);
        draft_step(&d, pool_printf(m->pool, "service %s stop", name));
        draft_step(&d, pool_printf(m->pool, "update-rc.d %s disable", name));
        draft_undo(&d, pool_printf(m->pool, "update-rc.d %s enable", name));
        draft_undo(&d, pool_printf(m->pool, "service %s start", name));
        vec_foreach(other, &m->assessment->listeners)
                if (script_of(other) == l->unit)
                        draft_close(m, &d, other, CLOSES_ALL);
        draft_add(m, &d, name);
}

static void make(struct maker *m)
{
        vec_foreach(l, &m->assessment->listeners)
                if (script_of(l) && harden_is_unwanted(m, l) && is_first(m, l))
                        make_one(m, l);
}

const struct action_maker maker_sysv_stop = {.make = make};
