/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "harden/maker.h"

struct units {
        vec(const struct service *) list; /* in the order they are stopped */
};

static void units_release(struct units *units)
{
        vec_clear(&units->list);
}

static void add_unit(struct units *to, const struct service *unit)
{
        vec_foreach(known, &to->list)
                if (*known == unit)
                        return;
        *vec_push(&to->list) = unit;
}

/* What would start the service again comes first: its socket, and timer and path of its name (systemd.timer(5)). */
static void gather(struct maker *m, const struct unit_group *g, struct units *to)
{
        static const char *const types[] = {"socket", "timer", "path"};
        const char *dot = strrchr(g->unit->name, '.');

        if (g->socket)
                add_unit(to, g->socket);
        for (size_t i = 0; dot && i < array_len(types); i++) {
                uint32_t index = inside_find_service(m->view, pool_printf(m->pool, "%.*s.%s",
                                                                          (int)(dot - g->unit->name),
                                                                          g->unit->name, types[i]));

                if (index != NONE && !streq_ptr(m->view->services.at[index].startup, "masked"))
                        add_unit(to, &m->view->services.at[index]);
        }
        add_unit(to, g->unit);
        if (g->unit->triggers != NONE && !strstr(m->view->services.at[g->unit->triggers].name, "@."))
                add_unit(to, &m->view->services.at[g->unit->triggers]);
}

static bool is_any(const char *word, const char *const *words)
{
        for (; word && *words; words++)
                if (streq(word, *words))
                        return true;
        return false;
}

/* systemctl(1): a mask is a link in /etc/systemd/system, so where the unit's own file is there it can't be made. */
static bool may_mask(const struct service *unit)
{
        return !unit->file || !str_after(unit->file, "/etc/systemd/system/");
}

static const char *join(struct maker *m, const struct units *units, bool (*has)(const struct service *unit))
{
        _cleanup_str_ struct str text = {0};

        vec_foreach(unit, &units->list)
                if (!has || has(*unit))
                        str_addf(&text, "%s%s", text.len ? " " : "", harden_word(m, (*unit)->name));
        return text.len ? pool_intern(m->pool, text.text) : NULL;
}

static bool is_enabled(const struct service *unit)
{
        static const char *const words[] = {"enabled", "enabled-runtime", "generated", NULL};

        return is_any(unit->startup, words);
}

static bool is_active(const struct service *unit)
{
        static const char *const words[] = {"running", "listening", "waiting", "exited", "active", NULL};

        return is_any(unit->state, words);
}

static void add_commands(struct maker *m, struct draft *d, const struct units *units)
{
        const char *all = join(m, units, NULL), *mask = join(m, units, may_mask),
                   *on = join(m, units, is_enabled), *active = join(m, units, is_active);

        draft_step(d, pool_printf(m->pool, "systemctl disable --now %s", all));
        if (mask) {
                draft_step(d, pool_printf(m->pool, "systemctl mask %s", mask));
                draft_undo(d, pool_printf(m->pool, "systemctl unmask %s", mask));
        }
        if (on)
                draft_undo(d, pool_printf(m->pool, "systemctl enable %s", on));
        if (active)
                draft_undo(d, pool_printf(m->pool, "systemctl start %s", active));
}

/* First of all what depends on it. True: something does. */
static bool warn_of_needs(struct maker *m, struct draft *d, const struct units *units)
{
        bool any = false;

        if (!m->in->unit_needed_by) {
                draft_warn(
                        d,
                        pool_printf(
                                m->pool,
                                "What depends on it was not asked: systemctl list-dependencies --reverse %s",
                                harden_word(m, units->list.at[units->list.n - 1]->name)));
                return false;
        }
        vec_foreach(unit, &units->list) {
                const char *by = m->in->unit_needed_by((*unit)->name, m->in->arg);

                if (by)
                        draft_warn(d, pool_printf(m->pool, "%s is needed by %s", (*unit)->name, by));
                any = any || by;
        }
        return any;
}

static const char *other_listeners(struct maker *m, const struct unit_group *g)
{
        size_t n = 0;

        vec_foreach(l, &g->listeners)
                n += !harden_is_unwanted(m, *l);
        return n ? pool_printf(m->pool, "It also serves %zu other %s, which end%s with it", n,
                               n == 1 ? "listener" : "listeners", n == 1 ? "s" : "")
                 : NULL;
}

static void set_risk(struct maker *m, struct draft *d, const struct unit_group *g, bool needed)
{
        const char *name = g->unit->name, *carries = unit_carries(name);
        struct action *a = &d->action;

        a->risk = RISK_LOW;
        a->risk_why = "Whoever still uses it finds it gone.";
        if (needed) {
                a->risk = RISK_MEDIUM;
                a->risk_why = "What needs it may stop, or not start again.";
        }
        if (carries) {
                a->risk = RISK_HIGH;
                a->risk_why = pool_printf(m->pool, "With it stop %s.", carries);
        }
        if (unit_is_core(name)) {
                a->risk = RISK_HIGH;
                a->risk_why = "The machine itself needs it, or you need it to reach the machine.";
        }
        if (unit_group_is_session(m, g))
                a->cuts = pool_printf(m->pool, "Your own session came in by it (port %u).",
                                      m->in->session_port);
        /* an approval that has run out was a need once: somebody decides */
        a->suggested = a->risk != RISK_HIGH && !needed;
        vec_foreach(l, &g->listeners)
                a->suggested = a->suggested && (*l)->judgement.verdict != VERDICT_EXPIRED;
}

bool unit_stop_fill(struct maker *m, struct draft *d, const struct unit_group *g)
{
        _cleanup_(units_release) struct units units = {0};
        bool needed;

        gather(m, g, &units);
        needed = warn_of_needs(m, d, &units);
        vec_foreach(unit, &units.list) {
                draft_value(d, "unit", (*unit)->name);
                if (!may_mask(*unit))
                        draft_warn(d,
                                   pool_printf(m->pool,
                                               "%s cannot be masked, as its file is in /etc/systemd/system: "
                                               "something may start it again",
                                               (*unit)->name));
        }
        add_commands(m, d, &units);
        return needed;
}

static void make_one(struct maker *m, const struct unit_group *g)
{
        struct draft d = draft_new(ACTION_UNIT_STOP);
        const char *also = other_listeners(m, g);

        d.action.title = pool_printf(m->pool, "Stop and disable %s", g->unit->name);
        d.action.why = m->in->policy
                               ? pool_printf(m->pool, "The policy approves nothing that it serves (%s).",
                                             unit_group_ports(m, g, false))
                               : pool_printf(m->pool, "The guide advises against what it serves (%s).",
                                             unit_group_ports(m, g, false));
        set_risk(m, &d, g, unit_stop_fill(m, &d, g));
        if (also)
                draft_warn(&d, also);
        vec_foreach(l, &g->listeners)
                draft_close(m, &d, *l, CLOSES_ALL);
        draft_add(m, &d, g->unit->name);
}

/* Never where something of the unit is approved, even if for this machine only. */
static void make(struct maker *m)
{
        _cleanup_(unit_groups_release) struct unit_groups groups = {0};

        unit_groups_make(m, &groups);
        vec_foreach(g, &groups.list)
                if (unit_group_unwanted(m, g, false) && !unit_group_is_needed(g) &&
                    !unit_group_only_loopback(g))
                        make_one(m, g);
}

const struct action_maker maker_unit_stop = {.make = make};
