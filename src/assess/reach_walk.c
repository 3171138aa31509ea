/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "assess/reach_walk.h"

#include "assess/reach_match.h"
#include "base/str.h"

#define MAX_DEPTH        16     /* as the kernel: NFT_JUMP_STACK_SIZE */
#define MAX_FLOWS        16     /* ways packets take by notrack and NAT */
#define PRIORITY_CONNTRACK (-200) /* NF_IP_PRI_CONNTRACK */

/* Packets of some sources that are alike in all the rest. */
struct flow {
        struct packet packet;
        struct sources from;
        struct rule_place by; /* the rule that changed the destination */
        const struct rule_nat *nat;
        bool unclear; /* the new destination is not known */
};

struct flows {
        struct flow at[MAX_FLOWS];
        size_t n;
};

struct spans {
        vec(struct rule_span) list;
};

struct walk {
        const struct ruleset *ruleset;
        struct scratch *scratch;
        const struct packet_goal *goal;
        struct answer *answer;
        bool usual, later;
        /* of the base chain that is walked, for one flow */
        const struct flow *flow;
        const struct ruleset_chain *chain;
        struct spans accepted, untracked_may, untracked_must;
        struct flows *translated;
        unsigned depth;
        /* over all */
        struct spans arrives, fails;
};

void answer_release(struct answer *a)
{
        vec_clear(&a->stops);
        vec_clear(&a->doubts);
}

static void gather(struct spans *to, struct sources from)
{
        for (size_t i = 0; i < from.n; i++)
                *vec_push(&to->list) = from.at[i];
}

static struct sources taken(struct walk *w, struct spans *from)
{
        struct sources all = sources_of(w->scratch, from->list.at, from->list.n);

        from->list.n = 0;
        return all;
}

static struct rule_place place_of(const struct ruleset_chain *chain, const struct ruleset_rule *rule)
{
        return (struct rule_place){chain, rule ? rule->handle : 0};
}

static void add_stop(struct walk *w, struct sources from, struct rule_place at, const struct rule_nat *nat)
{
        if (!from.n)
                return;
        gather(&w->fails, from);
        *vec_push(&w->answer->stops) = (struct stop){from, at, nat};
}

static void add_doubt(struct walk *w, struct sources from, struct rule_place at, const char *words)
{
        if (from.n)
                *vec_push(&w->answer->doubts) = (struct doubt){from, at, words};
}

/* Nobody knows what becomes of them. */
static void add_unclear(struct walk *w, struct sources from, struct rule_place at, const char *words)
{
        if (!from.n)
                return;
        add_doubt(w, from, at, words);
        gather(&w->arrives, from);
        gather(&w->fails, from);
}

/* --- chains --------------------------------------------------------------------------------------- */

struct frame { /* of one chain */
        const struct ruleset_chain *chain;
        const struct ruleset_rule *rule;
        struct sources here; /* may get to this rule */
        struct sources out;  /* may leave the chain by return */
};

static struct sources walk_chain(struct walk *w, const struct ruleset_chain *chain, struct sources from);

static void leave(struct walk *w, struct frame *f, const struct part *part)
{
        if (part->must.at == f->here.at && part->must.n == f->here.n)
                f->here = (struct sources){0};
        else
                f->here = sources_without(w->scratch, f->here, part->must);
}

static void go_to(struct walk *w, struct frame *f, const struct rule_verdict *v, const struct part *part)
{
        struct rule_place at = place_of(f->chain, f->rule);
        struct sources back;

        if (v->chain == RULE_NO_CHAIN || w->depth >= MAX_DEPTH) {
                add_unclear(w, part->may, at, "a jump that cannot be followed");
                return;
        }
        back = walk_chain(w, &w->ruleset->chains[v->chain], part->may);
        leave(w, f, part);
        if (v->kind == RULE_GOTO)
                f->out = sources_union(w->scratch, f->out, back);
        else
                f->here = sources_union(w->scratch, f->here, back);
}

static void translate(struct walk *w, struct frame *f, const struct rule_nat *nat, const struct part *part)
{
        struct rule_place at = place_of(f->chain, f->rule);
        struct flow *to;

        if (!w->chain->nat || !w->translated || w->translated->n == MAX_FLOWS || !nat->clear) {
                add_unclear(w, part->may, at, "where a NAT rule leads to");
                return;
        }
        /* `dnat ip to` in a chain for both families leaves the other one alone */
        if (nat->to.family && nat->to.family != w->flow->packet.family)
                return;
        to = &w->translated->at[w->translated->n++];
        *to = *w->flow;
        to->from = part->may;
        to->packet.later = w->later;
        to->by = at;
        to->nat = nat;
        to->packet.translated = true;
        leave(w, f, part);
}

static void decide(struct walk *w, struct frame *f, const struct rule_verdict *v, const struct part *part)
{
        struct rule_place at = place_of(f->chain, f->rule);

        switch (v->kind) {
        case RULE_CONTINUE:
                return;
        case RULE_ACCEPT:
                gather(&w->accepted, part->may);
                break;
        case RULE_DROP:
                add_stop(w, part->may, at, NULL);
                break;
        case RULE_RETURN:
                f->out = sources_union(w->scratch, f->out, part->may);
                break;
        case RULE_JUMP:
        case RULE_GOTO:
                go_to(w, f, v, part);
                return;
        case RULE_NAT:
                translate(w, f, v->nat, part);
                return;
        case RULE_UNCLEAR:
                add_unclear(w, part->may, at, v->words);
                return;
        }
        leave(w, f, part);
}

/* What the rule's matches leave; *ret_doubt: the first that is not certain. */
static struct part narrow(struct walk *w, const struct frame *f, const struct rule_match **ret_doubt)
{
        const struct packet *packet = &w->flow->packet;
        struct part part = {f->here, f->here};

        for (size_t i = 0; i < f->rule->n_matches && part.may.n; i++) {
                struct part one = reach_match(w->scratch, &f->rule->matches[i], packet, part.may, w->usual);

                w->answer->work += f->rule->matches[i].n_keys > 1 && f->rule->matches[i].elements
                                           ? f->rule->matches[i].elements->n
                                           : 0;
                if (!*ret_doubt && one.must.at != one.may.at && !sources_equal(one.must, one.may))
                        *ret_doubt = &f->rule->matches[i];
                if (part.must.at == part.may.at && part.must.n == part.may.n)
                        part.must = one.must;
                else
                        part.must = sources_common(w->scratch, part.must, one.must);
                part.may = one.may;
        }
        return part;
}

static void walk_map(struct walk *w, struct frame *f, struct part part)
{
        const struct rule_match *map = f->rule->map;
        struct sources left = part.may; /* no two members hold for one packet */

        for (size_t i = 0; i <= map->elements->n && left.n; i++) {
                struct part one;

                w->answer->work++;
                if (i == map->elements->n && !map->elements->rest)
                        break;
                one = reach_member(w->scratch, map, &w->flow->packet, part.may, w->usual, i);
                if (!one.may.n)
                        continue;
                one.must = sources_common(w->scratch, one.must, part.must);
                if (!sources_equal(one.must, one.may))
                        add_doubt(w, one.may, place_of(f->chain, f->rule), map->words);
                left = sources_without(w->scratch, left, one.must);
                decide(w, f, &f->rule->verdicts[i], &one);
        }
}

static void walk_rule(struct walk *w, struct frame *f)
{
        const struct rule_match *doubt = NULL;
        const struct ruleset_rule *rule = f->rule;
        struct part part;

        if (rule->verdict.kind == RULE_CONTINUE && !rule->map && !rule->untracks)
                return;
        part = narrow(w, f, &doubt);
        if (!part.may.n)
                return;
        if (doubt)
                add_doubt(w, part.may, place_of(f->chain, rule), doubt->words);
        if (rule->untracks) {
                gather(&w->untracked_may, part.may);
                gather(&w->untracked_must, part.must);
        }
        if (rule->map)
                walk_map(w, f, part);
        else
                decide(w, f, &rule->verdict, &part);
}

/* Those that come out at the end, or by return. */
static struct sources walk_chain(struct walk *w, const struct ruleset_chain *chain, struct sources from)
{
        struct frame f = {.chain = chain, .here = from};
        const struct packet *p = &w->flow->packet;

        w->depth++;
        for (size_t i = 0; i < chain->n_rules && f.here.n && !w->answer->too_much; i++) {
                f.rule = &chain->rules[i];
                if (f.rule->has_ports && p->has_port && (p->port < f.rule->low || p->port > f.rule->high))
                        continue;
                if (++w->answer->work > REACH_MAX_WORK)
                        w->answer->too_much = true;
                walk_rule(w, &f);
        }
        w->depth--;
        return f.out.n ? sources_union(w->scratch, f.here, f.out) : f.here;
}

/* --- hooks ---------------------------------------------------------------------------------------- */

/* What a base chain lets pass. */
static struct sources pass_base(struct walk *w, const struct ruleset_chain *chain, const struct flow *flow,
                                struct flows *translated)
{
        struct flow first = *flow;
        struct sources back;

        first.packet.later = false; /* what NAT did with the first packet it does with those behind it */
        w->flow = chain->nat ? &first : flow;
        w->chain = chain;
        w->translated = translated;
        w->depth = 0;
        back = walk_chain(w, chain, flow->from);
        if (chain->drops)
                add_stop(w, back, place_of(chain, NULL), NULL);
        else
                gather(&w->accepted, back);
        return taken(w, &w->accepted);
}

static void add_flow(struct walk *w, struct flows *to, struct flow flow)
{
        if (!flow.from.n)
                return;
        if (to->n < MAX_FLOWS)
                to->at[to->n++] = flow;
        else
                add_unclear(w, flow.from, flow.by, "too many ways through");
}

/* notrack does something only before conntrack has seen the packet. */
static void split_tracking(struct walk *w, struct flows *to, struct flow flow)
{
        struct sources may = taken(w, &w->untracked_may), must = taken(w, &w->untracked_must), rest;
        struct flow part = flow;

        /* which of two with one priority comes first, the one that was hooked last, is not known */
        if (w->chain->priority == PRIORITY_CONNTRACK)
                must = (struct sources){0};

        if (flow.packet.tracking != TRACK_LATER || !may.n) {
                add_flow(w, to, flow);
                return;
        }
        rest = sources_without(w->scratch, may, must);
        part.packet.tracking = TRACK_NOT;
        part.from = sources_common(w->scratch, flow.from, must);
        add_flow(w, to, part);
        part.packet.tracking = TRACK_UNSURE;
        part.from = sources_common(w->scratch, flow.from, rest);
        add_flow(w, to, part);
        flow.from = sources_without(w->scratch, flow.from, may);
        add_flow(w, to, flow);
}

static void start_tracking(struct flows *flows)
{
        for (size_t i = 0; i < flows->n; i++)
                if (flows->at[i].packet.tracking == TRACK_LATER)
                        flows->at[i].packet.tracking = TRACK_NEW;
}

/* The packet as its new destination makes it. */
static void redirect(struct walk *w, struct flow *flow)
{
        const struct rule_nat *nat = flow->nat;
        struct packet *p = &flow->packet;
        const struct packet before = *p;
        uint16_t port = p->port;
        enum leaving leaving;
        enum own own;

        if (nat->here) {
                p->to = TO_HERE;
                p->own = true;
        } else if (nat->to.family) {
                p->to = TO_ADDRESS;
                p->target = 0;
                for (unsigned i = 0; i < (nat->to.family == 4 ? 4u : 16u); i++)
                        p->target = p->target << 8 | nat->to.bytes[i];
                own = w->goal->is_own(w->goal->arg, p->family, p->target);
                p->own = own == OWN_CERTAIN;
                flow->unclear = own == OWN_PERHAPS;
        }
        if (!p->own && p->to == TO_ADDRESS) {
                leaving = w->goal->way_out(w->goal->arg, p->family, p->target, &p->out);
                p->has_out = leaving == LEAVES_BY;
                flow->unclear = flow->unclear || leaving == LEAVES_WRAPPED;
        }
        /* of a range the kernel keeps the port that lies in it, else it takes any (nf_nat_l4proto_unique_tuple) */
        if (nat->first && nat->first == nat->last)
                p->port = nat->first;
        else if (nat->first && (port < nat->first || port > nat->last))
                flow->unclear = true;
        p->perhaps_same = p->port == port &&
                          (before.to != TO_ADDRESS || p->to != TO_ADDRESS || p->target == before.target);
        /* what is led to a loopback address is dropped but where the device's route_localnet allows it */
        flow->unclear = flow->unclear || (p->own && p->to == TO_ADDRESS && address_is_loopback(&nat->to));
}

static bool is_asked(const struct ruleset_chain *chain, const struct flow *flow)
{
        if (!(chain->families & (flow->packet.family == 4 ? 1 : 2)))
                return false;
        /* only connections that are tracked, and of them what has no translation of its destination yet */
        return !chain->nat || (flow->packet.tracking != TRACK_NOT &&
                               (chain->hook != RULESET_PREROUTING || !flow->packet.translated));
}

static void ask_base(struct walk *w, const struct ruleset_chain *chain, struct flows *flows)
{
        struct flows next = {.n = 0}, translated = {.n = 0};

        for (size_t i = 0; i < flows->n; i++) {
                struct flow flow = flows->at[i];
                struct sources passed;

                if (!is_asked(chain, &flow)) {
                        add_flow(w, &next, flow);
                        continue;
                }
                passed = pass_base(w, chain, &flow, chain->hook == RULESET_PREROUTING ? &translated : NULL);
                if (chain->nat && flow.packet.tracking == TRACK_UNSURE)
                        add_unclear(w, flow.from, place_of(chain, NULL), "whether the packet is tracked");
                if (chain->contended)
                        add_unclear(w, sources_without(w->scratch, flow.from, passed), place_of(chain, NULL),
                                    "which of several NAT chains is asked first");
                if (!chain->everywhere) /* at a device, of which the ruleset does not say which */
                        add_doubt(w, flow.from, place_of(chain, NULL), "the device of an ingress chain");
                else
                        flow.from = passed;
                split_tracking(w, &next, flow);
        }
        for (size_t i = 0; i < translated.n; i++) {
                redirect(w, &translated.at[i]);
                add_flow(w, &next, translated.at[i]);
        }
        *flows = next;
}

static void ask_hook(struct walk *w, enum ruleset_hook hook, struct flows *flows)
{
        const struct ruleset *r = w->ruleset;

        for (size_t i = 0; i < r->n_hooked[hook] && flows->n && !w->answer->too_much; i++) {
                const struct ruleset_chain *chain = &r->chains[r->hooked[hook][i]];

                if (hook == RULESET_PREROUTING && (chain->nat || chain->priority > PRIORITY_CONNTRACK))
                        start_tracking(flows);
                ask_base(w, chain, flows);
        }
}

/* --- the way in ----------------------------------------------------------------------------------- */

/* After prerouting: whether it is on the way to where it was asked about. */
static bool heads_there(struct walk *w, const struct flow *flow)
{
        const struct packet *p = &flow->packet;
        const struct packet_goal *goal = w->goal;

        if (flow->unclear) {
                add_unclear(w, flow->from, flow->by, "where a NAT rule leads to");
                return false;
        }
        if (p->translated && p->has_port && p->port == goal->port &&
            (goal->here ? p->own : p->to == TO_ADDRESS && p->target == goal->target))
                return true;
        if (!p->translated && !goal->forwarded)
                return true;
        /* one address of this host may be the one that is listened on */
        if (p->translated && p->to == TO_HERE && !goal->forwarded && p->port == goal->port)
                add_unclear(w, flow->from, flow->by, "the address that a redirect leads to");
        else
                add_stop(w, flow->from, flow->by, flow->nat);
        return false;
}

static bool stays_here(const struct packet *p)
{
        return p->own || p->to == TO_GROUP;
}

void reach_ask(const struct ruleset *r, struct scratch *scratch, const struct packet *packet, struct sources from,
               const struct packet_goal *goal, bool usual, bool inside, struct answer *ret)
{
        struct walk w = {
                .ruleset = r,
                .scratch = scratch,
                .goal = goal,
                .answer = ret,
                .usual = usual,
                .later = packet->later,
        };
        struct flows flows = {.at = {{.packet = *packet, .from = from}}, .n = from.n > 0};

        if (!inside) {
                ask_hook(&w, RULESET_INGRESS, &flows);
                ask_hook(&w, RULESET_PREROUTING, &flows);
        }
        start_tracking(&flows);
        for (size_t i = 0; i < flows.n; i++) {
                struct flows one = {.at = {flows.at[i]}, .n = 1};
                struct packet *p = &one.at[0].packet;

                if (!inside && !heads_there(&w, &flows.at[i]))
                        continue;
                p->whole = stays_here(p);
                p->knows_out = p->has_out && !stays_here(p);
                ask_hook(&w, stays_here(p) ? RULESET_INPUT : RULESET_FORWARD, &one);
                for (size_t k = 0; k < one.n; k++)
                        gather(&w.arrives, one.at[k].from);
        }
        ret->arrives = taken(&w, &w.arrives);
        ret->fails = taken(&w, &w.fails);
        vec_clear(&w.arrives.list);
        vec_clear(&w.fails.list);
        vec_clear(&w.accepted.list);
        vec_clear(&w.untracked_may.list);
        vec_clear(&w.untracked_must.list);
}
