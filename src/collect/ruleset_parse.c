/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/ruleset_parse.h"

#include <string.h>

#include "base/str.h"
#include "collect/forwards_scope.h"
#include "collect/ruleset_rule.h"

#define PRIORITY_NAT (-100) /* NF_IP_PRI_NAT_DST: chains of type nat are all asked here */

static enum ruleset_hook hook_of(const char *name)
{
        static const char *const names[] = {
                [RULESET_INGRESS] = "ingress",
                [RULESET_PREROUTING] = "prerouting",
                [RULESET_INPUT] = "input",
                [RULESET_FORWARD] = "forward",
        };

        for (unsigned i = RULESET_INGRESS; i < array_len(names); i++)
                if (streq(names[i], name))
                        return (enum ruleset_hook)i;
        return RULESET_NO_HOOK;
}

static bool is_ip(const char *family)
{
        return streq(family, "ip") || streq(family, "ip6") || streq(family, "inet") || streq(family, "netdev");
}

static struct chain_read *make_chain(struct ruleset_parse *p, const json_t *of, const char *name)
{
        const char *family = ruleset_text(of, "family"), *table = ruleset_text(of, "table");
        const char *full = set_name(&p->match, family, table, name);
        struct chain_read *chain;
        uint64_t index;

        if (map_get_str(&p->chain_by_name, full, &index))
                return &p->chains.at[index];
        map_put_str(&p->chain_by_name, pool_intern(p->pool, full), p->chains.n);
        chain = vec_push(&p->chains);
        chain->chain = (struct ruleset_chain){
                .family = pool_intern(p->pool, family),
                .table = pool_intern(p->pool, table),
                .name = pool_intern(p->pool, name),
                .families = streq(family, "ip") ? 1 : streq(family, "ip6") ? 2 : 3,
        };
        return chain;
}

static void index_chain(struct ruleset_parse *p, const json_t *body)
{
        struct ruleset_chain *c = &make_chain(p, body, ruleset_text(body, "name"))->chain;
        json_int_t priority = json_integer_value(json_object_get(body, "prio"));

        c->hook = hook_of(ruleset_text(body, "hook"));
        c->nat = streq(ruleset_text(body, "type"), "nat");
        c->drops = streq(ruleset_text(body, "policy"), "drop");
        c->everywhere = c->hook != RULESET_INGRESS;
        c->priority = priority < INT32_MIN ? INT32_MIN : priority > INT32_MAX ? INT32_MAX : (int32_t)priority;
}

static bool is_dormant(const json_t *table)
{
        json_t *flags = json_object_get(table, "flags"), *flag;
        size_t i;

        json_array_foreach (flags, i, flag)
                if (streq_ptr(json_string_value(flag), "dormant"))
                        return true;
        return streq_ptr(json_string_value(flags), "dormant");
}

/* Sets that rules add to are those whose content changes by itself: JSON does not tell the flag "dynamic". */
static void index_changed(struct ruleset_parse *p, const json_t *rule)
{
        json_t *statement;
        size_t i;

        json_array_foreach (json_object_get(rule, "expr"), i, statement) {
                const char *set = json_string_value(json_object_get(json_object_get(statement, "set"), "set"));
                const char *map = json_string_value(json_object_get(json_object_get(statement, "map"), "map"));
                const char *name = set ? set : map;

                if (name && name[0] == '@')
                        map_put_str(&p->match.changed,
                                    pool_intern(p->pool, set_name(&p->match, ruleset_text(rule, "family"),
                                                                  ruleset_text(rule, "table"), name + 1)),
                                    1);
        }
}

static void index_object(struct ruleset_parse *p, const json_t *object)
{
        json_t *body;

        if ((body = value_of(object, "rule"))) {
                *vec_push(&make_chain(p, body, ruleset_text(body, "chain"))->rules) = body;
                index_changed(p, body);
        } else if ((body = value_of(object, "chain"))) {
                index_chain(p, body);
        } else if ((body = value_of(object, "table"))) {
                if (is_dormant(body))
                        map_put_str(&p->dormant,
                                    pool_intern(p->pool, set_name(&p->match, ruleset_text(body, "family"),
                                                                  ruleset_text(body, "name"), "")),
                                    1);
        } else if ((body = value_of(object, "set")) || (body = value_of(object, "map"))) {
                map_put_str(&p->match.sets,
                            pool_intern(p->pool, set_name(&p->match, ruleset_text(body, "family"),
                                                          ruleset_text(body, "table"), ruleset_text(body, "name"))),
                            (uintptr_t)body);
        }
}

/* Chains of type nat are asked together, among themselves by their own priority. */
static int32_t when(const struct ruleset_chain *c)
{
        return c->nat && c->hook == RULESET_PREROUTING ? PRIORITY_NAT : c->priority;
}

static int compare_chains(const struct ruleset_chain *a, const struct ruleset_chain *b)
{
        if (when(a) != when(b))
                return when(a) < when(b) ? -1 : 1;
        if (a->nat != b->nat)
                return a->nat ? 1 : -1;
        return (a->priority > b->priority) - (a->priority < b->priority);
}

static void hook_chain(struct ruleset *r, uint32_t index)
{
        const struct ruleset_chain *chain = &r->chains[index];
        uint32_t *list = r->hooked[chain->hook];
        size_t i;

        for (i = r->n_hooked[chain->hook]++; i > 0 && compare_chains(chain, &r->chains[list[i - 1]]) < 0; i--)
                list[i] = list[i - 1];
        list[i] = index;
}

/*
 * Chains of the same priority are asked in an order that a ruleset does not tell (the one hooked last comes first).
 * That matters where they change destinations.
 */
static void note_contention(struct ruleset_parse *p)
{
        struct ruleset *r = p->ruleset;
        const uint32_t *list = r->hooked[RULESET_PREROUTING];

        for (size_t i = 0; i < r->n_hooked[RULESET_PREROUTING]; i++)
                for (size_t k = 0; k < r->n_hooked[RULESET_PREROUTING]; k++) {
                        struct ruleset_chain *a = &r->chains[list[i]], *b = &r->chains[list[k]];

                        if (i == k || !(a->families & b->families) || !a->nat)
                                continue;
                        if (b->nat && a->priority == b->priority)
                                a->contended = true;
                        else if (!b->nat && b->priority == PRIORITY_NAT)
                                ruleset_set_opaque(p, "a chain that is asked as NAT is done");
                }
}

static bool may_drop(const struct ruleset_chain *chain)
{
        for (size_t i = 0; i < chain->n_rules; i++)
                if (chain->rules[i].verdict.kind == RULE_DROP || chain->rules[i].map)
                        return true;
        return chain->drops;
}

static void finish_chain(struct ruleset_parse *p, uint32_t index)
{
        struct ruleset_chain *to = &p->ruleset->chains[index];
        struct chain_read *from = &p->chains.at[index];

        *to = from->chain;
        to->rules = pool_alloc(p->pool, (from->rules.n + 1) * sizeof(*to->rules));
        vec_foreach (rule, &from->rules)
                to->rules[to->n_rules++] = rule_read(p, *rule);
}

static void finish(struct ruleset_parse *p)
{
        struct ruleset *r = p->ruleset;

        r->chains = pool_alloc(p->pool, (p->chains.n + 1) * sizeof(*r->chains));
        r->n_chains = p->chains.n;
        for (unsigned hook = 0; hook < RULESET_HOOK_MAX; hook++)
                r->hooked[hook] = pool_alloc(p->pool, (p->chains.n + 1) * sizeof(*r->hooked[hook]));
        for (uint32_t i = 0; i < r->n_chains; i++)
                finish_chain(p, i);
        for (uint32_t i = 0; i < r->n_chains; i++) {
                struct ruleset_chain *c = &r->chains[i];

                if (map_get_str(&p->dormant, set_name(&p->match, c->family, c->table, ""), NULL))
                        continue;
                if (!is_ip(c->family) && may_drop(c))
                        r->also_asked = pool_printf(p->pool, "rules of the family %s", c->family);
                else if (is_ip(c->family) && c->hook != RULESET_NO_HOOK)
                        hook_chain(r, i);
        }
        note_contention(p);
        r->n_nats = p->nats.n;
        r->nats = pool_alloc(p->pool, (p->nats.n + 1) * sizeof(const struct rule_nat *));
        for (size_t i = 0; i < p->nats.n; i++)
                r->nats[i] = p->nats.at[i];
        r->names_devices = p->match.names_devices;
        r->names_targets = p->match.names_targets;
}

static void parse_release(struct ruleset_parse *p)
{
        vec_foreach (chain, &p->chains)
                vec_clear(&chain->rules);
        vec_clear(&p->chains);
        vec_clear(&p->nats);
        map_release(&p->chain_by_name);
        map_release(&p->dormant);
        match_reader_release(&p->match);
}

const struct ruleset *ruleset_read(struct pool *pool, const json_t *objects)
{
        _cleanup_(parse_release) struct ruleset_parse p = {
                .pool = pool,
                .match = {.pool = pool, .nothing = json_array()},
                .ruleset = pool_alloc(pool, sizeof(*p.ruleset)),
        };
        json_t *object;
        size_t i;

        json_array_foreach ((json_t *)objects, i, object)
                index_object(&p, object);
        finish(&p);
        return p.ruleset;
}
