/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ports that Docker and others publish by DNAT do not come through the input hook: a table of its own looks at what was
 * changed on its way, by the port that was asked for. Rules of others stay as they are.
 */
#include "harden/zones.h"

struct published {
        struct draft draft;
        struct zone_lines zones;
        vec(const char *) allow, deny;
};

static void published_release(struct published *p)
{
        draft_release(&p->draft);
        zone_lines_release(&p->zones);
        vec_clear(&p->allow);
        vec_clear(&p->deny);
}

static bool is_published(const struct listener *l)
{
        return l->kind == LISTENER_FORWARD && l->forward->to.family && harden_is_of_own_netns(l) &&
               harden_is_on_network(l) && (l->transport == TRANSPORT_TCP || l->transport == TRANSPORT_UDP);
}

/* " tcp 8080-8090" */
static const char *ports_of(struct maker *m, const struct listener *l)
{
        if (l->port_last > l->port)
                return pool_printf(m->pool, "%s %u-%u", transport_name(l->transport), l->port, l->port_last);
        return pool_printf(m->pool, "%s %u", transport_name(l->transport), l->port);
}

static const char *to_of(struct maker *m, const struct listener *l)
{
        char text[ADDRESS_TEXT_SIZE];

        if (!l->address.family || address_is_any(&l->address))
                return "";
        return pool_printf(m->pool, " to %s", address_format(&l->address, text));
}

static void add_allow(struct published *p, const char *line)
{
        vec_foreach(known, &p->allow)
                if (streq(*known, line))
                        return;
        *vec_push(&p->allow) = line;
}

static void add_deny(struct maker *m, struct published *p, const struct listener *l)
{
        _cleanup_str_ struct str guests = {0};
        const char *line = pool_printf(m->pool, "deny %s%s", ports_of(m, l), to_of(m, l));

        vec_foreach(known, &p->deny)
                if (streq(*known, line)) /* of the other family */
                        return;
        add_attached(m, true, &guests);
        if (guests.len)
                add_allow(p, pool_printf(m->pool, "allow %s from%s # containers among themselves",
                                         ports_of(m, l), guests.text));
        *vec_push(&p->deny) = line;
}

/* One whose approval is for some zones only is refused to all others. */
static void add_approved(struct maker *m, struct published *p, const struct listener *l)
{
        _cleanup_(from_release) struct from from = {0};

        from_of_rule(m, harden_approval(l), &p->zones, &p->draft, &from);
        if (from.anywhere)
                return;
        if (!from.nowhere)
                add_allow(p,
                          pool_printf(m->pool, "allow %s%s%s", ports_of(m, l), from.text.text, to_of(m, l)));
        add_deny(m, p, l);
}

static void finish(struct maker *m, struct published *p)
{
        struct draft *d = &p->draft;

        d->action.title = "Close published ports that are not approved";
        d->action.why =
                "They are passed on to containers before the firewall for this machine's own sockets sees them.";
        d->action.risk_why = "Whoever uses them from other machines is cut off. The containers run on.";
        d->action.suggested = m->in->n_approvals > 0;
        draft_warn(
                d,
                "Better where it is possible: publish on loopback only (-p 127.0.0.1:PORT:PORT), or not at all.");
        vec_foreach(line, &p->zones.lines)
                draft_value(d, "zone", *line);
        vec_foreach(line, &p->allow)
                draft_value(d, "allow", *line);
        vec_foreach(line, &p->deny)
                draft_value(d, "deny", *line);
        draft_value(d, "log", "yes");
        draft_step(d, "nft -f FILE   (the file: quaymaster harden plan --show-firewall)");
        draft_undo(d, "nft delete table inet " FIREWALL_TABLE_PUBLISHED);
        draft_add(m, d, NULL);
}

static void make(struct maker *m)
{
        _cleanup_(published_release) struct published p = {.draft = draft_new(ACTION_PUBLISHED)};

        if (!m->in->policy)
                return;
        vec_foreach(l, &m->assessment->listeners) {
                if (!is_published(l))
                        continue;
                if (harden_approval(l))
                        add_approved(m, &p, l);
                else
                        add_deny(m, &p, l);
                if (l->judgement.verdict != VERDICT_APPROVED)
                        draft_close(m, &p.draft, l, harden_is_needed(l) ? CLOSES_POLICY : CLOSES_REACH);
        }
        if (p.deny.n)
                finish(m, &p);
}

const struct action_maker maker_published = {.make = make};
