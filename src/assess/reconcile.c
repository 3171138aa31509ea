/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "assess/reconcile.h"

#include "assess/outside.h"
#include "assess/outside_rule.h"
#include "base/str.h"
#include "knowledge/names.h"

const char *reconcile_kind_name(enum reconcile_kind kind)
{
        static const char *const names[] = {"agreed",           "forwarded",        "not-reachable",
                                            "unexplained-open", "protocol-differs", "not-asked",
                                            "undecided"};

        return kind < RECONCILE_KIND_MAX ? names[kind] : "unknown";
}

struct joining {
        struct outside *o;
        const struct reconcile_input *in;
};

/* --- who takes what ------------------------------------------------------------------------------ */

static bool in_namespace(const struct joining *j, const struct listener *l)
{
        return !l->netns || streq(l->netns->role, j->in->netns ? j->in->netns : "host");
}

/* Whether it takes what is sent to that address (ipv6(7): IPV6_V6ONLY). */
static bool takes_address(const struct listener *l, const struct address *address)
{
        struct address bound = address_unmapped(&l->address), asked = address_unmapped(address);

        if (!l->address.family)
                return true;
        if (address_is_any(&l->address))
                return l->address.family == asked.family || l->dual_stack;
        return address_compare(&bound, &asked) == 0;
}

static bool takes_port(const struct listener *l, enum transport transport, uint16_t port)
{
        return l->transport == transport && port >= l->port &&
               port <= (l->port_last > l->port ? l->port_last : l->port);
}

static const struct listener *find_listener(const struct joining *j, const struct endpoint *e,
                                            enum listener_kind kind)
{
        for (size_t i = 0; i < j->in->n_listeners; i++) {
                const struct listener *l = &j->in->listeners[i];

                if (l->kind == kind && !l->client_reason && in_namespace(j, l) &&
                    takes_port(l, e->transport, e->port) && takes_address(l, &e->address))
                        return l;
        }
        return NULL;
}

/* The same port in another namespace: a container that is reached in a way the inside view does not show. */
static const struct listener *find_elsewhere(const struct joining *j, const struct endpoint *e)
{
        for (size_t i = 0; i < j->in->n_listeners; i++) {
                const struct listener *l = &j->in->listeners[i];

                if (!in_namespace(j, l) && !l->client_reason && takes_port(l, e->transport, e->port) &&
                    !address_is_loopback(&l->address))
                        return l;
        }
        return NULL;
}

static const char *who(const struct joining *j, const struct listener *l)
{
        const char *program = listener_program(l);

        if (l->n_processes && program)
                return pool_printf(j->o->pool, "%s (pid %d)", program, (int)l->processes[0]->pid);
        return program ? program : "a process that was not seen";
}

static const char *listener_address(const struct listener *l, char buf[ADDRESS_TEXT_SIZE])
{
        return l->address.family ? address_format(&l->address, buf) : "every address";
}

/* --- rows ---------------------------------------------------------------------------------------- */

static struct reconcile_row *add_row(const struct joining *j, enum reconcile_kind kind,
                                     const struct observed *o, const struct listener *l)
{
        struct reconcile_row *row = vec_push(&j->o->rows);

        *row = (struct reconcile_row){
                .kind = kind,
                .transport = o ? o->endpoint.transport : l->transport,
                .address = o ? o->endpoint.address : l->address,
                .port = o ? o->endpoint.port : l->port,
                .asset = j->in->asset,
                .observed = o,
                .listener = l,
        };
        return row;
}

/* The rest of a finding about a row; the row's sentence is its first evidence. */
static void add_finding(const struct joining *j, const struct reconcile_row *row, const char *rule,
                        struct verdict_draft *draft)
{
        char address[ADDRESS_TEXT_SIZE];
        struct lines evidence = {0};
        struct finding finding;

        lines_add(&evidence, pool_printf(j->o->pool, "answers: %s on %s",
                                         endpoint_port_text(j->o->pool, &row->observed->endpoint),
                                         address_format(&row->address, address)));
        lines_add(&evidence, row->why);
        finding = draft_finish(j->o->pool, rule, &evidence, draft);
        finding.observed = row->observed;
        *vec_push(&j->o->findings) = finding;
}

static void add_forwarded(const struct joining *j, const struct observed *o, const struct listener *l)
{
        struct reconcile_row *row = add_row(j, RECONCILE_FORWARDED, o, l);
        const struct forward *f = l->forward;
        char to[ADDRESS_TEXT_SIZE];

        if (!f)
                row->why = "open: the packet filter of the machine passes it on";
        else
                row->why = pool_printf(j->o->pool, "open: the packet filter passes it on to %s port %u (%s)",
                                       f->to.family ? address_format(&f->to, to) : "this machine",
                                       f->to_port ? f->to_port : o->endpoint.port,
                                       f->rule ? f->rule : "rule not known");
}

/* Both sides are known by name, neither rides on the other, and they differ. */
bool speaks_otherwise(const struct observed *o, const char *known_for)
{
        const char *spoken = o->identity ? o->identity->protocol : NULL;

        if (!observed_speaks(o) || o->identity->confidence != CONFIDENCE_CONFIRMED || !known_for)
                return false;
        return name_is_known(known_for) && name_is_known(spoken) && !names_same(known_for, spoken) &&
               !names_same(spoken, "http");
}

void draft_otherwise(struct pool *pool, const struct listener *l, const char *who, const char *known_for,
                     const char *spoken, struct verdict_draft *draft)
{
        draft->severity = SEVERITY_MEDIUM;
        draft->title = pool_printf(pool, "%s speaks %s, and is known for %s", who, spoken, known_for);
        draft->advice = (struct advice){
                ADVICE_REVIEW,
                "Either something between answers in its place, or the program is not what it is called.",
        };
        lines_add(&draft->remediation, l->n_processes && l->processes[0]->exe
                                               ? pool_printf(pool, "Look at the program: %s", l->processes[0]->exe)
                                               : NULL);
}

static void add_difference(const struct joining *j, const struct observed *o, const struct listener *l)
{
        struct reconcile_row *row = add_row(j, RECONCILE_PROTOCOL_DIFFERS, o, l);
        struct verdict_draft draft = {0};

        row->why = pool_printf(j->o->pool, "%s listens, which is known for %s; from outside it speaks %s",
                               who(j, l), l->protocol, o->identity->protocol);
        lines_add(&draft.remediation,
                  "Compare what answers from outside with what answers on the machine itself");
        draft_otherwise(j->o->pool, l, who(j, l), l->protocol, o->identity->protocol, &draft);
        add_finding(j, row, "outside-protocol-differs", &draft);
}

static bool by_middlebox(const struct observed *o)
{
        return o->endpoint.reason == REASON_MIDDLEBOX ||
               (o->identity && o->identity->behaviour == BEHAVIOUR_MIDDLEBOX);
}

static const char *why_unexplained(const struct joining *j, const struct observed *o,
                                   const struct listener *elsewhere)
{
        if (by_middlebox(o))
                return "open, and nothing on the machine listens: something between answers for all of its "
                       "ports";
        if (elsewhere)
                return pool_printf(
                        j->o->pool,
                        "open, and nothing listens in this namespace; %s listens on that port in namespace "
                        "%s, "
                        "and how it is reached is not seen",
                        who(j, elsewhere), elsewhere->netns->role);
        if (!j->in->complete)
                return "open, and no listener was seen; but the inside view did not see all sockets";
        return "open, and nothing on the machine listens or passes it on: a forward or proxy in between, "
               "another machine with "
               "this address, or something that hides";
}

static void add_unexplained(const struct joining *j, const struct observed *o)
{
        const struct listener *elsewhere = find_elsewhere(j, &o->endpoint);
        struct reconcile_row *row = add_row(j, RECONCILE_UNEXPLAINED_OPEN, o, elsewhere);
        struct verdict_draft draft = {
                .severity = elsewhere || !j->in->complete ? SEVERITY_MEDIUM : SEVERITY_HIGH,
                .title = "An open port that nothing on the machine explains",
                .advice = {ADVICE_REVIEW,
                           "What answers there is not what is looked after; in the worst case it hides."},
                .controls = (const char *const[]){"nist-800-53r5:SI-4", "nist-800-53r5:CM-8", NULL},
        };

        row->why = why_unexplained(j, o, elsewhere);
        if (by_middlebox(o))
                return;
        if (elsewhere)
                lines_add(&draft.remediation,
                          pool_printf(j->o->pool, "Look at namespace %s, and at what forwards to it",
                                      elsewhere->netns->role));
        if (!j->in->complete)
                lines_add(&draft.remediation, "Look again from inside as root: quaymaster audit");
        lines_add(&draft.remediation,
                  "Look on the way: load balancers, NAT and proxies that have this address");
        lines_add(&draft.remediation,
                  "Compare the MAC address and the SSH host key: is it the same machine?");
        lines_add(
                &draft.remediation,
                "If nothing explains it, take the machine to be broken into: look at its traffic from "
                "outside of it");
        add_finding(j, row, "outside-unexplained", &draft);
}

static void add_agreed(const struct joining *j, const struct observed *o, const struct listener *l)
{
        add_row(j, RECONCILE_AGREED, o, l)->why = pool_printf(j->o->pool, "open, and %s listens", who(j, l));
}

static void join_open(const struct joining *j, const struct observed *o)
{
        const struct listener *l = NULL;

        if (!j->in->from_itself) /* before local delivery: nat in prerouting (nft(8)) */
                l = find_listener(j, &o->endpoint, LISTENER_FORWARD);
        if (l) {
                add_forwarded(j, o, l);
                return;
        }
        l = find_listener(j, &o->endpoint, LISTENER_SOCKET);
        if (!l)
                add_unexplained(j, o);
        else if (speaks_otherwise(o, l->protocol))
                add_difference(j, o, l);
        else
                add_agreed(j, o, l);
}

/* --- from the listener's side -------------------------------------------------------------------- */

static bool was_asked(const struct joining *j, const struct listener *l)
{
        return l->transport <= TRANSPORT_UDP && j->in->asked[l->transport] &&
               port_set_has(j->in->asked[l->transport], l->port);
}

static const struct observed *find_observed(const struct joining *j, const struct address *address,
                                            const struct listener *l)
{
        vec_foreach(o, &j->o->observed)
                if (o->endpoint.transport == l->transport && o->endpoint.port == l->port &&
                    address_compare(&o->endpoint.address, address) == 0)
                        return o;
        return NULL;
}

static bool undecided(const struct joining *j, size_t address, const struct listener *l)
{
        const struct host_coverage *host = j->in->hosts ? j->in->hosts[address] : NULL;

        return host &&
               (host->status == HOST_NOT_ASKED || port_set_has(&host->undecided[l->transport], l->port));
}

static const char *why_silent(const struct joining *j, const struct observed *o, const struct listener *l)
{
        if (l->exposure.blocked_by)
                return pool_printf(j->o->pool, "%s listens; the packet filter blocks it: %s", who(j, l),
                                   l->exposure.blocked_by);
        if (l->device)
                return pool_printf(j->o->pool, "%s listens on device %s only, and was asked over another",
                                   who(j, l), l->device);
        if (o && o->endpoint.state == ENDPOINT_UNREACHABLE)
                return pool_printf(j->o->pool, "%s listens; the address could not be reached (%s)",
                                   who(j, l), endpoint_reason_name(o->endpoint.reason));
        if (o && o->endpoint.state == ENDPOINT_FILTERED)
                return pool_printf(j->o->pool,
                                   "%s listens; filtered (%s) by a filter that is not known here", who(j, l),
                                   endpoint_reason_name(o->endpoint.reason));
        if (o && o->endpoint.state == ENDPOINT_CLOSED)
                return pool_printf(
                        j->o->pool,
                        "%s listens, and yet it was refused (%s): a filter that is not known here rejects "
                        "it, or it "
                        "came or went in between",
                        who(j, l), endpoint_reason_name(o->endpoint.reason));
        return pool_printf(
                j->o->pool,
                "%s listens; from here it was not open: closed, or a filter that is not known here",
                who(j, l));
}

static void add_silent(const struct joining *j, size_t address, const struct listener *l)
{
        const struct address *at = &j->in->addresses[address];
        const struct observed *o = find_observed(j, at, l);
        struct reconcile_row *row;

        if (o && o->endpoint.state == ENDPOINT_OPEN)
                return; /* from the other side */
        if (o && o->endpoint.state == ENDPOINT_OPEN_FILTERED) {
                row = add_row(j, RECONCILE_UNDECIDED, o, l);
                row->why = pool_printf(
                        j->o->pool,
                        "%s listens; what was sent got no answer, which may be its way or a filter",
                        who(j, l));
                return;
        }
        if ((!o && undecided(j, address, l)) || (o && o->endpoint.state == ENDPOINT_UNDECIDED)) {
                row = add_row(j, RECONCILE_UNDECIDED, o, l);
                row->why = pool_printf(j->o->pool, "%s listens; whether it is reached could not be decided",
                                       who(j, l));
        } else {
                row = add_row(j, RECONCILE_NOT_REACHABLE, o, l);
                row->why = why_silent(j, o, l);
        }
        row->address = *at;
}

static bool family_asked(const struct joining *j, uint8_t family)
{
        for (size_t i = 0; i < j->in->n_addresses; i++)
                if (address_unmapped(&j->in->addresses[i]).family == family)
                        return true;
        return false;
}

/* It takes none of the addresses that were asked. */
static const char *why_elsewhere(const struct joining *j, const struct listener *l)
{
        struct address bound = address_unmapped(&l->address);
        char text[ADDRESS_TEXT_SIZE];

        if (address_is_loopback(&l->address))
                return pool_printf(j->o->pool,
                                   "%s listens on loopback (%s): reached from the machine itself only",
                                   who(j, l), listener_address(l, text));
        if (address_is_multicast(&l->address))
                return pool_printf(j->o->pool, "%s listens on the group %s", who(j, l),
                                   listener_address(l, text));
        if (!family_asked(j, bound.family))
                return pool_printf(j->o->pool,
                                   "%s listens on IPv%u only (%s), and none of its IPv%u addresses was asked",
                                   who(j, l), bound.family, listener_address(l, text), bound.family);
        return pool_printf(j->o->pool, "%s listens on %s only, which was not asked", who(j, l),
                           listener_address(l, text));
}

static void join_listener(const struct joining *j, const struct listener *l)
{
        bool taken = false;

        if (l->kind != LISTENER_SOCKET || l->client_reason || l->transport == TRANSPORT_RAW ||
            !in_namespace(j, l))
                return;
        if (!was_asked(j, l)) {
                add_row(j, RECONCILE_NOT_ASKED, NULL, l)->why =
                        pool_printf(j->o->pool, "%s listens; %u/%s was not among what was asked", who(j, l),
                                    l->port, transport_name(l->transport));
                return;
        }
        for (size_t i = 0; i < j->in->n_addresses; i++)
                if (takes_address(l, &j->in->addresses[i])) {
                        taken = true;
                        add_silent(j, i, l);
                }
        if (!taken)
                add_row(j, RECONCILE_NOT_REACHABLE, NULL, l)->why = why_elsewhere(j, l);
}

/* --- all ----------------------------------------------------------------------------------------- */

static bool of_asset(const struct reconcile_input *in, const struct address *address)
{
        for (size_t i = 0; i < in->n_addresses; i++)
                if (address_compare(&in->addresses[i], address) == 0)
                        return true;
        return false;
}

/* What needs a person first, then by place. */
static int compare_rows(const void *a, const void *b)
{
        static const unsigned char order[RECONCILE_KIND_MAX] = {
                [RECONCILE_UNEXPLAINED_OPEN] = 0, [RECONCILE_PROTOCOL_DIFFERS] = 1,
                [RECONCILE_NOT_REACHABLE] = 2,    [RECONCILE_UNDECIDED] = 3,
                [RECONCILE_FORWARDED] = 4,        [RECONCILE_AGREED] = 5,
                [RECONCILE_NOT_ASKED] = 6,
        };
        const struct reconcile_row *x = a, *y = b;
        int by_kind = order[x->kind] - order[y->kind], by_asset = strcmp(x->asset, y->asset);

        if (by_asset || by_kind)
                return by_asset ? by_asset : by_kind;
        if (x->transport != y->transport || x->port != y->port)
                return x->transport != y->transport ? (int)x->transport - (int)y->transport
                                                    : (int)x->port - (int)y->port;
        return address_compare(&x->address, &y->address);
}

void outside_reconcile(struct outside *o, const struct reconcile_input *in)
{
        const struct joining j = {o, in};

        vec_foreach(at, &o->observed)
                if (at->endpoint.state == ENDPOINT_OPEN && of_asset(in, &at->endpoint.address))
                        join_open(&j, at);
        for (size_t i = 0; i < in->n_listeners; i++)
                join_listener(&j, &in->listeners[i]);
        vec_sort(&o->rows, compare_rows);
        vec_sort(&o->findings, outside_compare_findings);
}
