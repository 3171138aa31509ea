/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For daemons that have no recipe: systemd itself refuses all packets but those of this machine (systemd.resource-
 * control(5)). SocketBindDeny= is not used: a daemon that may not bind does not start.
 */
#include "harden/maker.h"
#include "harden/recipe.h"

static const char *const properties[] = {
        "IPAddressDeny=any", "IPAddressAllow=localhost",
        "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK", /* getaddrinfo(3) asks netlink */
};

/* Sockets that a .socket unit holds are not the service's own: limits of the service do not apply to them. */
static bool may_have(const struct unit_group *g)
{
        if (g->socket || !str_ends(g->unit->name, ".service") || unit_is_core(g->unit->name) ||
            unit_carries(g->unit->name))
                return false;
        vec_foreach(l, &g->listeners)
                if ((*l)->activation || recipe_for(*l))
                        return false;
        return true;
}

static void make_one(struct maker *m, const struct unit_group *g)
{
        struct draft d = draft_new(ACTION_UNIT_SANDBOX);
        const char *unit = g->unit->name;
        const char *path = pool_printf(m->pool, "/etc/systemd/system/%s.d/90-quaymaster.conf", unit);
        const char *restart = pool_printf(m->pool, "systemctl restart %s", harden_word(m, unit));

        d.action.title = pool_printf(m->pool, "Let %s speak with this machine only", unit);
        d.action.suggested = true;
        d.action.why = pool_printf(m->pool,
                                   "The policy approves it on this machine only, and others reach it (%s).",
                                   unit_group_ports(m, g, true));
        d.action.risk_why =
                "It can reach no other machine either: no DNS server, database or update there. It is restarted.";
        if (unit_group_is_session(m, g))
                d.action.cuts = pool_printf(m->pool, "Your own session came in by it (port %u).",
                                            m->in->session_port);
        draft_warn(
                &d,
                "Needs a kernel and systemd with BPF for control groups; without, systemd only warns in its log.");
        draft_value(&d, "unit", unit);
        for (size_t i = 0; i < array_len(properties); i++)
                draft_value(&d, "property", properties[i]);
        draft_step(&d, pool_printf(m->pool, "write %s with %s", path,
                                   "IPAddressDeny=any, IPAddressAllow=localhost"));
        draft_step(&d, "systemctl daemon-reload");
        draft_step(&d, restart);
        draft_undo(&d, pool_printf(m->pool, "rm %s", harden_word(m, path)));
        draft_undo(&d, "systemctl daemon-reload");
        draft_undo(&d, restart);
        vec_foreach(l, &g->listeners)
                if (harden_is_on_network(*l) && harden_is_unwanted(m, *l))
                        draft_close(m, &d, *l, CLOSES_REACH);
        draft_add(m, &d, unit);
}

static void make(struct maker *m)
{
        _cleanup_(unit_groups_release) struct unit_groups groups = {0};

        unit_groups_make(m, &groups);
        vec_foreach(g, &groups.list)
                if (unit_group_unwanted(m, g, true) && unit_group_only_loopback(g) && may_have(g))
                        make_one(m, g);
}

const struct action_maker maker_unit_sandbox = {.make = make};
