/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "policy/policy_judge_own.h"

#define NARROW    64u /* a rule of so many ports at most is found by each of them */
#define NONE_NEXT UINT32_MAX

/* --- the index ------------------------------------------------------------------------------- */

static uint64_t place_key(enum transport transport, uint16_t port)
{
        return (uint64_t)transport << 16 | port;
}

static size_t count_ports(const struct policy_rule *rule)
{
        size_t n = 0;

        for (size_t i = 0; i < rule->n_ports; i++)
                n += rule->ports[i].dynamic ? UINT16_MAX
                                            : (size_t)(rule->ports[i].last - rule->ports[i].first) + 1;
        return n;
}

static void index_place(struct policy_judge *j, enum transport transport, uint16_t port, uint32_t rule)
{
        uint64_t head = NONE_NEXT;

        (void)map_get(&j->narrow, place_key(transport, port), &head);
        map_put(&j->narrow, place_key(transport, port), j->chains.n);
        *vec_push(&j->chains) = (struct chain){rule, (uint32_t)head};
}

static void index_rule(struct policy_judge *j, uint32_t index)
{
        const struct policy_rule *rule = &j->policy->rules[index];
        size_t n = count_ports(rule);

        if (!n || n > NARROW) {
                *vec_push(&j->wide) = index;
                return;
        }
        for (size_t i = 0; i < rule->n_ports; i++)
                for (unsigned t = 0; t < TRANSPORT_MAX; t++)
                        for (unsigned port = rule->ports[i].first; port <= rule->ports[i].last; port++)
                                if (rule->ports[i].transports & 1u << t)
                                        index_place(j, (enum transport)t, (uint16_t)port, index);
}

struct policy_judge *policy_judge_new(const struct policy *policy, const struct estate *estate, int64_t now,
                                      struct pool *pool)
{
        struct policy_judge *j = xcalloc(1, sizeof(*j));

        j->policy = policy;
        j->estate = estate;
        j->pool = pool;
        j->today = day_of(now);
        j->used = xcalloc(policy->n_rules + 1, 1);
        j->meant = xcalloc(policy->n_rules + 1, 1);
        j->decided = xcalloc(policy->n_rules + 1, sizeof(*j->decided));
        map_reserve(&j->narrow, policy->n_rules);
        for (size_t i = 0; i < policy->n_rules; i++)
                index_rule(j, (uint32_t)i);
        return j;
}

struct policy_judge *policy_judge_free(struct policy_judge *j)
{
        if (!j)
                return NULL;
        map_release(&j->narrow);
        vec_clear(&j->chains);
        vec_clear(&j->wide);
        vec_clear(&j->zones.list);
        free(j->used);
        free(j->meant);
        free(j->decided);
        free(j);
        return NULL;
}

/* --- the host -------------------------------------------------------------------------------- */

static void add_zone(struct policy_judge *j, const char *zone)
{
        if (!zone)
                return;
        vec_foreach(known, &j->zones.list)
                if (streq(*known, zone))
                        return;
        *vec_push(&j->zones.list) = zone;
}

static void mark_meant(struct policy_judge *j, const struct subject *s);

void policy_judge_host(struct policy_judge *j, const struct inside *view)
{
        struct subject s;

        j->hostname = view->hostname;
        j->asset = NULL;
        j->zones.list.n = 0;
        if (j->estate) {
                if (view->hostname)
                        j->asset = estate_asset_by_name(j->estate, view->hostname);
                vec_foreach(a, &view->addresses) {
                        if (!j->asset && !address_is_loopback(&a->address) && a->netns < view->netns.n &&
                            view->netns.at[a->netns].kind == NETNS_HOST)
                                j->asset = estate_asset_by_address(j->estate, &a->address);
                        add_zone(j, estate_zone(j->estate, &a->address));
                }
                for (size_t i = 0; j->asset && i < j->asset->n_addresses; i++)
                        add_zone(j, estate_zone(j->estate, &j->asset->addresses[i]));
        }
        s = (struct subject){.hostname = j->hostname,
                             .asset = j->asset,
                             .zones = j->zones.list.at,
                             .n_zones = j->zones.list.n};
        mark_meant(j, &s);
}

static void mark_meant(struct policy_judge *j, const struct subject *s)
{
        for (size_t i = 0; i < j->policy->n_allow; i++)
                j->meant[i] |= policy_is_on(s, &j->policy->rules[i]);
}

/* --- deciding -------------------------------------------------------------------------------- */

struct decision {
        struct judgement judgement;
        uint32_t index;
        unsigned goodness; /* of an approval that applies: 3 holds, 2 expired, 1 does not hold */
        enum miss nearest; /* of approvals that do not apply */
        uint32_t nearest_index;
        uint32_t too_far; /* the first that holds, and would apply to a listener that is reached from less far */
};

static void decide(struct decision *d, uint32_t index, unsigned goodness, struct judgement judgement)
{
        if (d->goodness > goodness || (d->goodness == goodness && d->index < index))
                return;
        d->goodness = goodness;
        d->index = index;
        d->judgement = judgement;
}

static bool has_expired(const struct policy_judge *j, const struct policy_rule *rule)
{
        return rule->expires != POLICY_NO_DAY && j->today > rule->expires;
}

static void decide_allowed(struct policy_judge *j, const struct subject *s, uint32_t index, unsigned notes,
                           struct decision *d)
{
        const struct policy_rule *rule = &j->policy->rules[index];
        enum speech protocol = rule->protocol ? policy_speaks(s, rule->protocol) : SPEAKS;
        enum speech encryption = rule->encryption ? policy_encrypts(s, rule->encryption) : SPEAKS;

        j->used[index] = 1;
        if (protocol == DIFFERS || encryption == DIFFERS) {
                if (d->goodness > 1 || (d->goodness == 1 && d->index < index))
                        return;
                decide(d, index, 1,
                       (struct judgement){
                               VERDICT_UNAPPROVED, rule,
                               pool_printf(j->pool,
                                           "line %u approves %s only %s%s, and what speaks there is %s",
                                           rule->line, rule->what, rule->protocol ? "as " : "",
                                           policy_wanted_text(j, rule), policy_speech_text(j, s)),
                               NULL});
                return;
        }
        notes |= (protocol == NOT_SEEN ? NOTE_PROTOCOL : 0u) |
                 (encryption == NOT_SEEN ? NOTE_ENCRYPTION : 0u);
        if (!policy_rule_needed(rule))
                decide(d, index, 1,
                       (struct judgement){VERDICT_UNAPPROVED, rule, policy_decided_text(j, index, VERDICT_UNAPPROVED),
                                          NULL});
        else if (has_expired(j, rule))
                decide(d, index, 2,
                       (struct judgement){VERDICT_EXPIRED, rule, policy_decided_text(j, index, VERDICT_EXPIRED), NULL});
        else
                decide(d, index, 3,
                       (struct judgement){VERDICT_APPROVED, rule, policy_decided_text(j, index, VERDICT_APPROVED),
                                          policy_note_text(j, notes)});
}

static void decide_missed(struct policy_judge *j, const struct policy_rule *rule, uint32_t index, enum miss miss,
                          struct decision *d)
{
        if (miss == MISS_FROM && index < d->too_far && policy_rule_needed(rule) && !has_expired(j, rule))
                d->too_far = index;
        if (miss > d->nearest || (miss == d->nearest && index < d->nearest_index)) {
                d->nearest = miss;
                d->nearest_index = index;
        }
}

static void try_rule(struct policy_judge *j, const struct subject *s, uint32_t index, struct decision *d)
{
        const struct policy_rule *rule = &j->policy->rules[index];
        unsigned notes;
        enum miss miss = policy_match(s, rule, &notes);

        if (miss == HIT && rule->deny)
                decide(d, index, 4,
                       (struct judgement){VERDICT_PROHIBITED, rule, policy_decided_text(j, index, VERDICT_PROHIBITED),
                                          NULL});
        else if (miss == HIT)
                decide_allowed(j, s, index, notes, d);
        else if (!rule->deny)
                decide_missed(j, rule, index, miss, d);
}

static struct judgement judge(struct policy_judge *j, const struct subject *s)
{
        struct decision d = {.index = UINT32_MAX, .too_far = UINT32_MAX};
        uint64_t next = NONE_NEXT;

        if (s->first == s->last) {
                if (map_get(&j->narrow, place_key(s->transport, s->first), &next))
                        for (; next != NONE_NEXT; next = j->chains.at[next].next)
                                try_rule(j, s, j->chains.at[next].rule, &d);
                vec_foreach(index, &j->wide)
                        try_rule(j, s, *index, &d);
        } else {
                for (uint32_t i = 0; i < j->policy->n_rules; i++)
                        try_rule(j, s, i, &d);
        }
        if (d.goodness)
                return d.judgement;
        d.judgement.verdict = VERDICT_UNAPPROVED;
        if (d.too_far != UINT32_MAX)
                d.judgement.too_far = &j->policy->rules[d.too_far];
        if (d.nearest > MISS_PORT) {
                const struct policy_rule *rule = &j->policy->rules[d.nearest_index];

                d.judgement.why = pool_printf(j->pool, "no approval applies; that of line %u %s", rule->line,
                                              policy_miss_text(j, s, rule, d.nearest));
        } else {
                d.judgement.why = "no approval of the policy names it";
        }
        return d.judgement;
}

/* --- subjects -------------------------------------------------------------------------------- */

static void place_listener(const struct policy_judge *j, const struct listener *l, struct subject *s)
{
        s->zones = j->zones.list.at;
        s->n_zones = j->zones.list.n;
        if (!j->estate || !l->address.family || address_is_any(&l->address))
                return;
        s->one_zone = estate_zone(j->estate, &l->address);
        s->zones = &s->one_zone;
        s->n_zones = s->one_zone != NULL;
}

/* Where the kernel's own range is not known, that of the registry (RFC 6335). */
#define DYNAMIC_LOW 49152u

static void set_listener(const struct policy_judge *j, const struct listener *l, struct subject *s)
{
        bool range_known = l->netns && l->netns->ephemeral_high;

        *s = (struct subject){
                .listener = l,
                .transport = l->transport,
                .first = l->port,
                .last = l->port_last > l->port ? l->port_last : l->port,
                .dynamic_low = range_known ? l->netns->ephemeral_low : DYNAMIC_LOW,
                .dynamic_high = range_known ? l->netns->ephemeral_high : UINT16_MAX,
                .protocol = l->confidence >= CONFIDENCE_LIKELY ? l->protocol : NULL,
                .confirmed = l->confidence == CONFIDENCE_CONFIRMED,
                .scope = l->exposure.blocked_by ? EXPOSURE_LOOPBACK : l->exposure.scope,
                .exposure = &l->exposure,
                .hostname = j->hostname,
                .asset = j->asset,
        };
        place_listener(j, l, s);
}

struct judgement policy_judge_listener(struct policy_judge *j, const struct listener *l)
{
        struct subject s;

        set_listener(j, l, &s);
        return judge(j, &s);
}

struct judgement policy_judge_observed(struct policy_judge *j, const struct observed *o)
{
        const struct address *a = &o->endpoint.address;
        bool seen = observed_speaks(o);
        struct subject s = {
                .transport = o->endpoint.transport,
                .first = o->endpoint.port,
                .last = o->endpoint.port,
                .dynamic_low = DYNAMIC_LOW,
                .dynamic_high = UINT16_MAX,
                .protocol = seen ? o->identity->protocol : NULL,
                .confirmed = seen && o->identity->confidence == CONFIDENCE_CONFIRMED,
                .encryption = seen ? o->identity->encryption : ENCRYPTION_UNKNOWN,
                .scope = address_is_loopback(a) ? EXPOSURE_LOOPBACK
                         : address_is_public(a) ? EXPOSURE_INTERNET
                                                : EXPOSURE_LINK,
                .hostname = o->asset_name,
                .asset = j->estate ? estate_asset_by_address(j->estate, a) : NULL,
                .one_zone = o->zone,
                .n_zones = o->zone != NULL,
        };

        s.zones = &s.one_zone;
        mark_meant(j, &s);
        return judge(j, &s);
}

/* --- telling --------------------------------------------------------------------------------- */

static const char *hit_text(struct policy_judge *j, const struct subject *s, uint32_t index, unsigned notes)
{
        struct decision d = {.index = UINT32_MAX};

        if (j->policy->rules[index].deny)
                return policy_decided_text(j, index, VERDICT_PROHIBITED);
        decide_allowed(j, s, index, notes, &d);
        if (!d.judgement.note)
                return d.judgement.why;
        return pool_printf(j->pool, "%s (%s)", d.judgement.why, d.judgement.note);
}

void policy_judge_explain(struct policy_judge *j, const struct listener *l, bool all, policy_told *told,
                          void *arg)
{
        size_t n_deny = j->policy->n_rules - j->policy->n_allow;
        struct subject s;

        set_listener(j, l, &s);
        for (size_t i = 0; i < j->policy->n_rules; i++) {
                uint32_t index =
                        (uint32_t)(i < n_deny ? j->policy->n_allow + i : i - n_deny); /* deny rules first */
                const struct policy_rule *rule = &j->policy->rules[index];
                unsigned notes;
                enum miss miss = policy_match(&s, rule, &notes);

                if (miss == MISS_PORT && !all)
                        continue;
                told(rule, miss == HIT,
                     miss == HIT ? hit_text(j, &s, index, notes) : policy_miss_text(j, &s, rule, miss), arg);
        }
}

const struct policy_rule *policy_judge_unused(const struct policy_judge *j, size_t *i)
{
        while (*i < j->policy->n_allow) {
                size_t index = (*i)++;

                if (j->meant[index] && !j->used[index])
                        return &j->policy->rules[index];
        }
        return NULL;
}

const struct policy_rule *policy_judge_holding(const struct policy_judge *j, size_t *i)
{
        while (*i < j->policy->n_allow) {
                size_t index = (*i)++;
                const struct policy_rule *rule = &j->policy->rules[index];

                if (j->meant[index] && policy_rule_needed(rule) && !has_expired(j, rule))
                        return rule;
        }
        return NULL;
}
