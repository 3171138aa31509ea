/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "harden/zones.h"

#include <errno.h>
#include <fnmatch.h>

#include "model/port_set.h"

#define MANY_PORTS 1024u /* an approval of one program for so many is taken for the ports that it has now */

/* The table as it grows. */
struct table {
        struct draft draft;
        struct zone_lines zones;
        struct firewall_spec spec; /* the same lines, parsed */
        vec(const char *) allow;
        size_t n_approved; /* lines that come from approvals */
        bool by_owner;     /* an approval is for one program only */
};

static void table_release(struct table *t)
{
        draft_release(&t->draft);
        zone_lines_release(&t->zones);
        firewall_spec_release(&t->spec);
        vec_clear(&t->allow);
}

/* Zones of the line are in the spec before it. What is no line is noted, and not opened: false. */
static bool add_line(struct maker *m, struct table *t, const char *line)
{
        struct err err = {0};

        vec_foreach(known, &t->allow)
                if (streq(*known, line))
                        return true;
        while (t->spec.zones.n < t->zones.lines.n)
                if (firewall_spec_add(&t->spec, t->zones.lines.at[t->spec.zones.n], &err) < 0)
                        break;
        if (err.code < 0 || firewall_spec_add(&t->spec, line, &err) < 0) {
                plan_note(m, pool_printf(m->pool, "Not opened by the firewall: '%s' (%s).", line, err.text));
                return false;
        }
        *vec_push(&t->allow) = line;
        return true;
}

/* --- approvals ------------------------------------------------------------------------------- */

static bool is_for_one_program(const struct policy_rule *rule)
{
        return rule->process.n || rule->unit.n || rule->package.n || rule->user.n || rule->container.n;
}

static bool is_approved_by(const struct listener *l, const struct policy_rule *rule)
{
        return harden_approval(l) == rule && l->kind == LISTENER_SOCKET && harden_is_of_own_netns(l) &&
               harden_is_on_network(l);
}

/* The device that all listeners which use the approval there are bound to, as " device eth1"; "": any. */
static const char *device_of(struct maker *m, struct table *t, const struct policy_rule *rule,
                             enum transport transport, uint16_t port)
{
        const char *device = NULL;
        bool first = true;

        vec_foreach(l, &m->assessment->listeners) {
                if (l->transport != transport || l->port != port || !is_approved_by(l, rule))
                        continue;
                if (!first && !streq_ptr(device, l->device))
                        return "";
                device = l->device;
                first = false;
        }
        if (device && firewall_device_valid(device))
                return pool_printf(m->pool, " device %s", device);
        if (device)
                draft_warn(&t->draft,
                           pool_printf(m->pool,
                                       "%u/%s listens on one interface, whose name the firewall cannot have: it is "
                                       "opened on all.",
                                       port, transport_name(transport)));
        return "";
}

static const char *comment_of(struct maker *m, const struct policy_rule *rule)
{
        const char *text =
                pool_printf(m->pool, "line %u: %s", rule->line, rule->need ? rule->need : rule->what);

        return firewall_comment(m->pool, text);
}

static void allow_run(struct maker *m, struct table *t, const struct policy_rule *rule,
                      const struct from *from, enum transport transport, uint16_t first, uint16_t last)
{
        _cleanup_str_ struct str line = {0};

        str_addf(&line, "allow %s %u", transport == TRANSPORT_RAW ? "protocol" : transport_name(transport),
                 first);
        if (last > first)
                str_addf(&line, "-%u", last);
        str_addf(&line, "%s%s # %s", str_text(&from->text),
                 last > first ? "" : device_of(m, t, rule, transport, first), comment_of(m, rule));
        t->n_approved += add_line(m, t, pool_intern(m->pool, line.text));
}

/* What the policy forbids whoever asks, and what it forbids to some of those that the approval would let in. */
static void take_denied(struct maker *m, const struct policy_rule *rule, bool anywhere,
                        enum transport transport, struct port_set *ports)
{
        const struct policy *policy = m->in->policy;

        for (size_t i = policy->n_allow; i < policy->n_rules; i++) {
                const struct policy_rule *deny = &policy->rules[i];

                if (deny->from || deny->from_zones.n || deny->protocol || deny->encryption ||
                    is_for_one_program(deny))
                        continue;
                for (size_t k = 0; k < deny->n_ports; k++)
                        for (unsigned p = deny->ports[k].first;
                             deny->ports[k].transports & 1u << transport && p <= deny->ports[k].last; p++)
                                port_set_remove(ports, (uint16_t)p);
        }
        vec_foreach(l, &m->assessment->listeners)
                if (anywhere && l->transport == transport && l->judgement.verdict == VERDICT_PROHIBITED &&
                    harden_is_of_own_netns(l))
                        port_set_remove(ports, l->port);
}

static void allow_ports(struct maker *m, struct table *t, const struct policy_rule *rule,
                        const struct from *from, enum transport transport, struct port_set *ports)
{
        take_denied(m, rule, from->anywhere, transport, ports);
        for (int at = 1; (at = port_set_next(ports, (unsigned)at)) >= 0;) {
                unsigned last = (unsigned)at;

                while (last < UINT16_MAX && port_set_has(ports, (uint16_t)(last + 1)))
                        last++;
                allow_run(m, t, rule, from, transport, (uint16_t)at, (uint16_t)last);
                at = (int)last + 1;
                if (at > UINT16_MAX)
                        break;
        }
}

static bool is_wide(const struct policy_rule *rule, const struct policy_ports *p)
{
        return p->dynamic || (is_for_one_program(rule) && p->last - p->first >= (int)MANY_PORTS);
}

/* Ports that an approval of "any port" has in use now. */
static void add_used(struct maker *m, const struct policy_rule *rule, enum transport transport,
                     struct table *t, struct port_set *to)
{
        bool any = false;

        vec_foreach(l, &m->assessment->listeners)
                if (l->transport == transport && is_approved_by(l, rule)) {
                        port_set_add(to, l->port);
                        any = true;
                }
        if (any)
                draft_warn(&t->draft,
                           pool_printf(m->pool,
                                       "Line %u (%s) approves many ports: only those in use now are opened. "
                                       "Where they change (RPC, NFS), set fixed ones.",
                                       rule->line, rule->what));
}

static void allow_transport(struct maker *m, struct table *t, const struct policy_rule *rule,
                            const struct from *from, enum transport transport)
{
        struct port_set ports = {0};
        bool used = !rule->n_ports && (!rule->transports || rule->transports & 1u << transport);

        for (size_t i = 0; i < rule->n_ports; i++) {
                const struct policy_ports *p = &rule->ports[i];

                if (!(p->transports & 1u << transport))
                        continue;
                if (is_wide(rule, p))
                        used = true;
                else
                        port_set_add_range(&ports, p->first, p->last);
        }
        if (used)
                add_used(m, rule, transport, t, &ports);
        if (transport == TRANSPORT_RAW)
                for (unsigned p = UINT8_MAX + 1; p <= UINT16_MAX; p++)
                        port_set_remove(&ports, (uint16_t)p);
        allow_ports(m, t, rule, from, transport, &ports);
}

/* A redirect arrives with the port that it was changed to. */
static void allow_redirects(struct maker *m, struct table *t, const struct policy_rule *rule,
                            const struct from *from)
{
        vec_foreach(l, &m->assessment->listeners)
                if (l->kind == LISTENER_FORWARD && !l->forward->to.family && l->forward->to_port &&
                    harden_is_of_own_netns(l) && harden_approval(l) == rule)
                        allow_run(m, t, rule, from, l->transport, l->forward->to_port, l->forward->to_port);
}

static void allow_rule(struct maker *m, struct table *t, const struct policy_rule *rule)
{
        _cleanup_(from_release) struct from from = {0};

        from_of_rule(m, rule, &t->zones, &t->draft, &from);
        if (from.nowhere)
                return;
        t->by_owner = t->by_owner || is_for_one_program(rule);
        for (unsigned transport = 0; transport < TRANSPORT_MAX; transport++)
                allow_transport(m, t, rule, &from, (enum transport)transport);
        allow_redirects(m, t, rule, &from);
}

/* --- what else must come in ------------------------------------------------------------------ */

static bool is_guest_port(const struct listener *l)
{
        if (l->transport == TRANSPORT_UDP)
                return l->port == 53 || l->port == 67 || l->port == 547;
        return l->transport == TRANSPORT_TCP && l->port == 53;
}

static bool serves_on(const struct listener *l, const struct interface_address *a)
{
        if (!harden_is_of_own_netns(l) || l->kind != LISTENER_SOCKET || !is_guest_port(l))
                return false;
        if (l->device)
                return streq_ptr(l->device, a->device);
        return address_compare(&l->address, &a->address) == 0 ||
               (address_is_any(&l->address) && l->transport == TRANSPORT_UDP && l->port != 53);
}

/* Containers and virtual machines ask their own bridge for names and addresses. */
static void allow_guests(struct maker *m, struct table *t)
{
        vec_foreach(a, &m->view->addresses) {
                if (a->netns >= m->view->netns.n || !m->view->netns.at[a->netns].own ||
                    !is_bridge_of_guests(a->device))
                        continue;
                vec_foreach(l, &m->assessment->listeners) {
                        if (!serves_on(l, a))
                                continue;
                        if (!add_line(m, t,
                                      pool_printf(m->pool,
                                                  "allow %s %u device %s # names and addresses for guests",
                                                  transport_name(l->transport), l->port, a->device)))
                                continue;
                        draft_warn(&t->draft,
                                   pool_printf(m->pool, "Guests on %s may go on asking %u/%s there.",
                                               a->device, l->port, transport_name(l->transport)));
                }
        }
}

static bool range_has(const struct address_range *ranges, size_t n, const struct address *a)
{
        for (size_t i = 0; i < n; i++)
                if (ranges[i].first.family == a->family && address_range_has(&ranges[i], a))
                        return true;
        return false;
}

static bool lets_in(const struct firewall_spec *spec, const struct firewall_rule *rule,
                    const struct address *remote)
{
        if (rule->device || rule->to.family)
                return false;
        if ((!rule->n_from && !rule->n_from_zones) || range_has(rule->from, rule->n_from, remote))
                return true;
        for (size_t i = 0; i < rule->n_from_zones; i++)
                vec_foreach(zone, &spec->zones)
                        if (streq(zone->name, rule->from_zones[i]) &&
                            range_has(zone->ranges, zone->n_ranges, remote))
                                return true;
        return false;
}

static bool has_port(const struct firewall_rule *rule, enum transport transport, uint16_t port)
{
        return rule->transport == transport && port >= rule->first && port <= rule->last;
}

static void allow_session(struct maker *m, struct table *t)
{
        struct address remote = address_unmapped(&m->in->session_remote);
        char text[ADDRESS_TEXT_SIZE];

        if (!remote.family)
                return;
        vec_foreach(rule, &t->spec.rules)
                if (has_port(rule, TRANSPORT_TCP, m->in->session_port) && lets_in(&t->spec, rule, &remote))
                        return;
        (void)address_format(&remote, text);
        if (m->in->lock_me_out) {
                draft_warn(&t->draft,
                           pool_printf(
                                   m->pool,
                                   "Your session from %s to port %u is let in by no approval: after it ends "
                                   "there is no way back in by it (--lock-me-out).",
                                   text, m->in->session_port));
                return;
        }
        (void)add_line(m, t,
                       pool_printf(m->pool, "allow tcp %u from %s # the session this plan was made from",
                                   m->in->session_port, text));
        draft_warn(
                &t->draft,
                pool_printf(m->pool,
                            "No approval lets in your session from %s to port %u: a rule for just that is "
                            "added. Approve the port, and make the plan anew.",
                            text, m->in->session_port));
}

/* --- warnings -------------------------------------------------------------------------------- */

static bool is_opened(const struct table *t, const struct listener *l)
{
        vec_foreach(rule, &t->spec.rules)
                if (has_port(rule, l->transport, l->port))
                        return true;
        return false;
}

/* It is reached today, and will not be. */
static bool is_shut(const struct table *t, const struct listener *l)
{
        return l->kind == LISTENER_SOCKET && harden_is_of_own_netns(l) && harden_is_on_network(l) &&
               !is_opened(t, l);
}

#define KEPT(protocol) \
        ((protocol) == 1 || (protocol) == 2 || (protocol) == 6 || (protocol) == 17 || (protocol) == 58)

static void warn_of_raw(struct maker *m, struct table *t)
{
        vec_foreach(l, &m->assessment->listeners) {
                const char *name = l->transport == TRANSPORT_RAW ? ip_protocol_name(l->port) : NULL;

                if (l->transport != TRANSPORT_RAW || KEPT(l->port) || !l->port || l->port > UINT8_MAX ||
                    !is_shut(t, l))
                        continue;
                draft_warn(&t->draft,
                           pool_printf(m->pool,
                                       "IP protocol %u%s%s%s has a raw socket here and is no longer let in: "
                                       "approve it by ip_protocol where it is needed.",
                                       l->port, name ? " (" : "", name ? name : "", name ? ")" : ""));
        }
}

/* Ports that stand for something which needs more than the port. */
static const struct hint {
        enum transport transport;
        uint16_t port;
        const char *text;
        bool always; /* also where the port is approved */
} hints[] = {
        {TRANSPORT_UDP, 500,
         "IKE (500/udp) is in use: IPsec also needs 4500/udp and IP protocol esp (50) or ah (51) approved.",
         true},
        {TRANSPORT_UDP, 4500,
         "IKE (4500/udp) is in use: IPsec behind NAT is all in that port; without NAT it also needs esp.",
         true},
        {TRANSPORT_UDP, 4789, "A VXLAN tunnel ends here (4789/udp): approve it for the other ends."},
        {TRANSPORT_UDP, 6081, "A Geneve tunnel ends here (6081/udp): approve it for the other ends."},
        {TRANSPORT_UDP, 1701, "An L2TP tunnel ends here (1701/udp): approve it for the other ends."},
        {TRANSPORT_UDP, 51820,
         "WireGuard listens here (51820/udp): where others begin the conversation, approve it."},
        {TRANSPORT_UDP, 67, "A DHCP server listens here (67/udp): its clients need it approved."},
        {TRANSPORT_UDP, 547, "A DHCPv6 server listens here (547/udp): its clients need it approved."},
        {TRANSPORT_UDP, 5353,
         "Multicast DNS (5353/udp): names in .local are only found while it is approved."},
        {TRANSPORT_UDP, 1900, "SSDP (1900/udp): devices are only found while it is approved."},
        {TRANSPORT_UDP, 5355,
         "LLMNR (5355/udp): names without a dot are only answered while it is approved."},
        {TRANSPORT_TCP, 111,
         "RPC: programs behind the portmapper have ports that change; give them fixed ones and approve those.",
         true},
        {TRANSPORT_TCP, 2049,
         "NFS (2049/tcp): version 4 needs only that port, version 3 also mountd, statd and lockd with "
         "fixed ports.",
         true},
};

static void warn_of_ports(struct maker *m, struct table *t)
{
        for (size_t i = 0; i < array_len(hints); i++)
                vec_foreach(l, &m->assessment->listeners)
                        if (l->transport == hints[i].transport && l->port == hints[i].port &&
                            (is_shut(t, l) ||
                             (hints[i].always && harden_is_of_own_netns(l) && harden_is_on_network(l)))) {
                                draft_warn(&t->draft, hints[i].text);
                                break;
                        }
}

static bool has_protocol(const struct table *t, uint16_t protocol)
{
        vec_foreach(rule, &t->spec.rules)
                if (has_port(rule, TRANSPORT_RAW, protocol))
                        return true;
        return false;
}

/* Programs whose protocol has no port, and that may have no socket to be seen. */
static void warn_of_programs(struct maker *m, struct table *t)
{
        static const struct {
                const char *glob;
                uint16_t protocol;
                const char *text;
        } programs[] = {
                {"keepalived", 112,
                 "keepalived runs: VRRP needs ip_protocol vrrp (112) approved, or both routers become master."},
                {"ospf*d", 89, "A routing daemon runs: OSPF needs ip_protocol ospf (89) approved."},
                {"bird*", 89, "A routing daemon runs: OSPF needs ip_protocol ospf (89) approved."},
                {"pim*d", 103, "A multicast router runs: PIM needs ip_protocol pim (103) approved."},
                {"charon*", 50,
                 "strongSwan runs: IPsec needs 500/udp, 4500/udp and ip_protocol esp (50) approved."},
                {"pluto", 50,
                 "Libreswan runs: IPsec needs 500/udp, 4500/udp and ip_protocol esp (50) approved."},
        };

        for (size_t i = 0; i < array_len(programs); i++)
                vec_foreach(p, &m->view->processes)
                        if (p->name && fnmatch(programs[i].glob, p->name, 0) == 0 &&
                            !has_protocol(t, programs[i].protocol)) {
                                draft_warn(&t->draft, programs[i].text);
                                break;
                        }
}

static void warn_of_policy(struct maker *m, struct table *t)
{
        const struct policy *policy = m->in->policy;
        size_t todo = 0;

        for (size_t i = 0; i < policy->n_allow; i++)
                todo += !policy_rule_needed(&policy->rules[i]);
        if (todo)
                draft_warn(&t->draft,
                           pool_printf(m->pool,
                                       "%zu %s of the policy still %s `need: TODO` and open%s nothing.",
                                       todo, todo == 1 ? "entry" : "entries", todo == 1 ? "says" : "say",
                                       todo == 1 ? "s" : ""));
        vec_foreach(l, &m->assessment->listeners)
                if (l->judgement.verdict == VERDICT_EXPIRED && is_shut(t, l))
                        draft_warn(&t->draft,
                                   pool_printf(m->pool,
                                               "The approval of line %u (%s) has expired: it closes.",
                                               l->judgement.rule->line, l->judgement.rule->what));
        vec_foreach(l, &m->assessment->listeners)
                if (l->judgement.verdict == VERDICT_APPROVED && is_shut(t, l))
                        draft_warn(&t->draft,
                                   pool_printf(m->pool,
                                               "%u/%s is approved by line %u (%s), but for nobody that the "
                                               "firewall can let in: it closes.",
                                               l->port, transport_name(l->transport), l->judgement.rule->line,
                                               l->judgement.rule->what));
        if (t->by_owner)
                plan_note(
                        m,
                        "The firewall knows ports, not programs: where an approval is for one program, another one "
                        "on the same port gets in too, and the audit tells.");
}

/* A warning comes once, whatever many listeners brought it. */
static void drop_repeated(struct draft *d)
{
        size_t n = 0;

        for (size_t i = 0; i < d->warnings.n; i++) {
                bool known = false;

                for (size_t k = 0; k < n; k++)
                        known = known || streq(d->warnings.at[k], d->warnings.at[i]);
                if (!known)
                        d->warnings.at[n++] = d->warnings.at[i];
        }
        d->warnings.n = n;
}

/* --- the action ------------------------------------------------------------------------------ */

static void finish(struct maker *m, struct table *t)
{
        struct draft *d = &t->draft;

        d->action.title = "Let in what is approved, and nothing else";
        d->action.why = pool_printf(
                m->pool,
                "Default deny (a table of its own, %s), so that what is started tomorrow is not open "
                "at once.",
                FIREWALL_TABLE);
        d->action.risk_why = "What the policy forgot stops working for others. What is refused is logged: "
                             "quaymaster watch --denied";
        d->action.suggested = t->n_approved > 0;
        if (!t->n_approved)
                draft_warn(
                        d,
                        "No approval holds that lets anybody in: everything would close. Fill in policy.yaml first.");
        vec_foreach(line, &t->zones.lines)
                draft_value(d, "zone", *line);
        vec_foreach(line, &t->allow)
                draft_value(d, "allow", *line);
        draft_value(d, "log", "yes");
        draft_step(d, "nft -f FILE   (the file: quaymaster harden plan --show-firewall)");
        draft_undo(d, "nft delete table inet " FIREWALL_TABLE);
        vec_foreach(l, &m->assessment->listeners)
                if (is_shut(t, l))
                        draft_close(m, d, l, CLOSES_REACH);
                else if (harden_is_of_own_netns(l) && l->kind == LISTENER_SOCKET && l->judgement.too_far)
                        draft_close(m, d, l, CLOSES_POLICY);
        drop_repeated(d);
        draft_add(m, d, NULL);
}

static void make(struct maker *m)
{
        _cleanup_(table_release) struct table t = {
                .draft = draft_new(ACTION_FIREWALL),
                .spec = {.pool = m->pool},
        };

        if (!m->in->policy)
                return;
        for (size_t i = 0; i < m->in->n_approvals; i++)
                allow_rule(m, &t, m->in->approvals[i]);
        allow_guests(m, &t);
        allow_session(m, &t);
        warn_of_policy(m, &t);
        warn_of_raw(m, &t);
        warn_of_ports(m, &t);
        warn_of_programs(m, &t);
        finish(m, &t);
}

const struct action_maker maker_firewall = {.make = make};

int harden_firewall_spec(const struct action *a, struct pool *pool, struct firewall_spec *ret,
                         struct err *err)
{
        const char *log = action_value(a, "log", 0);

        *ret = (struct firewall_spec){.pool = pool, .log = !log || streq(log, "yes")};
        for (const struct action_value *v = a->values; v->name; v++) {
                int r;

                if (streq(v->name, "log"))
                        continue;
                if (!str_after(v->text, v->name))
                        return err_set(err, -EINVAL, "a line of the firewall is not what it is called");
                r = firewall_spec_add(ret, v->text, err);
                if (r < 0)
                        return r;
        }
        return 0;
}
