/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/ruleset_parse.h"

#include <errno.h>
#include <string.h>

#include "base/map.h"
#include "base/str.h"
#include "base/vec.h"
#include "collect/forwards.h"
#include "collect/forwards_scope.h"
#include "collect/forwards_text.h"
#include "collect/ruleset_match.h"

#define PRIORITY_NAT (-100) /* NF_IP_PRI_NAT_DST: chains of type nat are all asked here */

struct chain_read {
        struct ruleset_chain chain;
        vec(const json_t *) rules;
};

struct parse {
        struct pool *pool;
        struct match_reader match;
        struct ruleset *ruleset;
        vec(struct chain_read) chains;
        vec(const struct rule_nat *) nats;
        struct map chain_by_name;
        struct map dormant;
};

/* The rule being read. */
struct draft {
        struct parse *p;
        const char *family, *table;
        vec(struct rule_match) matches;
        struct ruleset_rule rule;
        struct translated translated;
        bool acted; /* a statement that acts on packets came: what follows does not limit that */
};

static const char *text_in(const json_t *object, const char *key)
{
        const char *text = json_string_value(json_object_get(object, key));

        return text ? text : "";
}

/* --- statements ----------------------------------------------------------------------------------- */

static void set_opaque(struct parse *p, const char *words)
{
        if (!p->ruleset->opaque)
                p->ruleset->opaque = pool_intern(p->pool, words);
}

static void add_match(struct draft *d, struct rule_match m)
{
        if (d->acted)
                set_opaque(d->p, "a rule that does something before all its conditions are looked at");
        *vec_push(&d->matches) = m;
}

static void add_unknown(struct draft *d, enum rule_match_kind kind, const char *words)
{
        add_match(d, match_words(&d->p->match, kind, words));
}

static uint32_t find_chain(struct draft *d, const char *name)
{
        uint64_t index;

        if (!map_get_str(&d->p->chain_by_name, set_name(&d->p->match, d->family, d->table, name), &index))
                return RULE_NO_CHAIN;
        return (uint32_t)index;
}

static struct rule_verdict unclear(struct draft *d, const char *words)
{
        return (struct rule_verdict){.kind = RULE_UNCLEAR, .words = pool_intern(d->p->pool, words)};
}

/* False when the statement is no verdict. */
static bool read_verdict(struct draft *d, const json_t *statement, struct rule_verdict *ret)
{
        static const struct {
                const char *word;
                enum rule_verdict_kind kind;
        } words[] = {
                {"accept", RULE_ACCEPT}, {"drop", RULE_DROP},         {"reject", RULE_DROP}, {"return", RULE_RETURN},
                {"jump", RULE_JUMP},     {"goto", RULE_GOTO},         {"queue", RULE_UNCLEAR},
                {"continue", RULE_CONTINUE},
        };

        for (size_t i = 0; i < array_len(words); i++) {
                const json_t *body = json_object_get(statement, words[i].word);

                if (!body)
                        continue;
                *ret = (struct rule_verdict){.kind = words[i].kind, .chain = RULE_NO_CHAIN, .words = words[i].word};
                if (ret->kind == RULE_JUMP || ret->kind == RULE_GOTO)
                        ret->chain = find_chain(d, text_in(body, "target"));
                return true;
        }
        return false;
}

static void read_match(struct draft *d, const json_t *body)
{
        struct rule_match m = match_read(&d->p->match, d->family, d->table, body);

        if (json_is_true(json_object_get(body, "none")))
                m.negated = true;
        add_match(d, m);
}

static void imply(struct draft *d, const char *key, const char *value)
{
        json_t *body = json_pack("{s:s,s:{s:{s:s}},s:s}", "op", "==", "left", "meta", "key", key, "right", value);

        read_match(d, body);
        json_decref(body);
}

/*
 * nft leaves out of its listing what a statement implies: `meta nfproto ipv4 reject` is `reject with icmp` there.
 */
static void read_implied(struct draft *d, const json_t *statement)
{
        static const struct {
                const char *word, *key, *value;
        } implied[] = {
                {"icmp", "nfproto", "ipv4"}, {"icmpv6", "nfproto", "ipv6"}, {"tcp reset", "l4proto", "tcp"},
                {"ip", "nfproto", "ipv4"},   {"ip6", "nfproto", "ipv6"},
        };
        const char *type = text_in(json_object_get(statement, "reject"), "type");
        const char *family = text_in(json_object_get(statement, "dnat"), "family");

        for (size_t i = 0; i < array_len(implied); i++)
                if (streq(implied[i].word, type) || streq(implied[i].word, family))
                        imply(d, implied[i].key, implied[i].value);
}

static void read_map(struct draft *d, const json_t *body)
{
        struct rule_match *map = pool_alloc(d->p->pool, sizeof(*map));
        struct rule_verdict *verdicts;
        json_t *pairs, *pair;
        size_t i;

        *map = match_read_map(&d->p->match, d->family, d->table, body, &pairs);
        if (!pairs) {
                d->rule.verdict = unclear(d, "a verdict map");
                add_match(d, *map);
                return;
        }
        verdicts = pool_alloc(d->p->pool, (json_array_size(pairs) + 1) * sizeof(*verdicts));
        json_array_foreach (pairs, i, pair)
                if (!read_verdict(d, json_array_get(pair, 1), &verdicts[i]))
                        verdicts[i] = unclear(d, "a verdict map");
        d->rule.map = map;
        d->rule.verdicts = verdicts;
}

/* "10.0.0.1", 80, {"range":[80,90]}; of addresses a range is not one value. */
static void read_nat(struct draft *d, const json_t *body, bool here)
{
        struct rule_nat *nat = pool_alloc(d->p->pool, sizeof(*nat));
        const json_t *port = json_object_get(body, "port"), *address = json_object_get(body, "addr");
        const char *text = json_string_value(address);
        uint32_t first = 0, last = 0;

        nat->here = here;
        nat->clear = (!address || (text && address_parse(text, &nat->to) == 0)) &&
                     (!port || (value_ports(port, &first, &last) && first && first <= last && last <= UINT16_MAX)) &&
                     (here || address || port);
        nat->first = (uint16_t)first;
        nat->last = (uint16_t)last;
        d->rule.verdict = (struct rule_verdict){.kind = RULE_NAT, .nat = nat};
        *vec_push(&d->p->nats) = nat;
}

static void read_dnat(struct draft *d, const json_t *body)
{
        read_nat(d, body, false);
}

static void read_redirect(struct draft *d, const json_t *body)
{
        read_nat(d, body, true);
}

static void read_limit(struct draft *d, const json_t *body)
{
        add_unknown(d, json_is_true(json_object_get(body, "inv")) ? RULE_RARELY : RULE_USUALLY, "a limit");
}

/* A set that is full takes no more, and then the rule ends there; what stands with the member decides, too. */
static void read_set(struct draft *d, const json_t *body)
{
        const json_t *inner = json_object_get(body, "stmt"), *limit;
        enum rule_match_kind kind = RULE_USUALLY;

        inner = json_is_array(inner) ? json_array_get(inner, 0) : inner;
        limit = json_object_get(inner, "limit");
        limit = limit ? limit : json_object_get(inner, "ct count");
        if (json_is_true(json_object_get(limit, "inv")))
                kind = RULE_RARELY;
        else if (inner && !limit && !json_object_get(inner, "counter"))
                kind = RULE_UNKNOWN;
        add_unknown(d, kind, "a dynamic set");
}

static void read_mangle(struct draft *d, const json_t *body)
{
        static const char *const moving[] = {"saddr", "daddr", "sport", "dport", "protocol", "nexthdr", "flags"};
        const json_t *payload = json_object_get(json_object_get(body, "key"), "payload");
        const char *field = text_in(payload, "field");

        if (payload && !field[0])
                set_opaque(d->p, "a rule that rewrites packets");
        for (size_t i = 0; i < array_len(moving); i++)
                if (streq(field, moving[i]))
                        set_opaque(d->p, "a rule that rewrites packets");
}

static void read_notrack(struct draft *d, const json_t *body)
{
        d->rule.untracks = true;
        d->acted = true;
}

static void read_tproxy(struct draft *d, const json_t *body)
{
        set_opaque(d->p, "a transparent proxy (tproxy)");
}

static void read_source_nat(struct draft *d, const json_t *body)
{
        d->rule.verdict = unclear(d, "source NAT");
}

static void read_synproxy(struct draft *d, const json_t *body)
{
        d->rule.verdict = unclear(d, "synproxy");
}

static void read_forwarding(struct draft *d, const json_t *body)
{
        d->rule.verdict = unclear(d, "fwd");
}

static void read_harmless(struct draft *d, const json_t *body)
{
}

static void read_text_match(struct draft *d, const json_t *m)
{
        const char *words = json_string_value(json_object_get(m, "words"));

        if (words)
                add_unknown(d, RULE_UNKNOWN, words);
        else if (json_object_get(m, "limit"))
                add_unknown(d, json_is_true(json_object_get(m, "over")) ? RULE_RARELY : RULE_USUALLY, "a limit");
        else
                read_match(d, m);
}

/* Of iptables: what it says stands in the translated text. */
static void read_target(struct draft *d, const char *name, const char *text)
{
        static const char *const going_on[] = {
                "LOG",      "NFLOG",  "MARK", "CONNMARK", "TRACE", "CHECKSUM", "TOS",   "DSCP", "CLASSIFY",
                "TCPMSS",   "TTL",    "HL",   "SET",      "SECMARK", "AUDIT",  "LED",   "ECN",  "RATEEST",
                "IDLETIMER", "CONNSECMARK",
        };
        json_t *to = d->translated.target;

        for (size_t i = 0; i < array_len(going_on); i++)
                if (streq(name, going_on[i]))
                        return;
        if (streq(name, "REJECT"))
                d->rule.verdict = (struct rule_verdict){.kind = RULE_DROP};
        else if (streq(name, "NOTRACK") || (streq(name, "CT") && text && strstr(text, "notrack")))
                d->rule.untracks = true;
        else if (streq(name, "CT") && text && !strstr(text, "xt target"))
                return;
        else if (streq(name, "DNAT") || streq(name, "REDIRECT") || streq(name, "NETMAP"))
                read_nat(d, to ? json_object_iter_value(json_object_iter(to)) : NULL, streq(name, "REDIRECT"));
        else if (streq(name, "TPROXY"))
                read_tproxy(d, NULL);
        else
                d->rule.verdict = unclear(d, name);
}

static void read_extension(struct draft *d, const json_t *body)
{
        static const char words[] = "an extension of iptables";

        if (streq(text_in(body, "type"), "match"))
                return; /* it stands in the text */
        /* libnftables before 1.0.6 does not say what it is */
        add_unknown(d, RULE_UNKNOWN, words);
        if (d->rule.verdict.kind == RULE_CONTINUE)
                d->rule.verdict = unclear(d, words);
}

static const struct {
        const char *word;
        void (*read)(struct draft *d, const json_t *body);
} statements[] = {
        {"match", read_match},       {"vmap", read_map},          {"dnat", read_dnat},      {"redirect", read_redirect},
        {"limit", read_limit},       {"ct count", read_limit},    {"quota", read_limit},    {"set", read_set},
        {"meter", read_set},         {"mangle", read_mangle},     {"notrack", read_notrack}, {"tproxy", read_tproxy},
        {"snat", read_source_nat},   {"masquerade", read_source_nat}, {"synproxy", read_synproxy},
        {"fwd", read_forwarding},    {"counter", read_harmless},  {"log", read_harmless},   {"dup", read_harmless},
        {"flow", read_harmless},     {"ct helper", read_harmless}, {"ct timeout", read_harmless},
        {"ct expectation", read_harmless}, {"comment", read_harmless}, {"xt", read_extension},
};

static void read_statement(struct draft *d, const json_t *statement)
{
        const char *name = json_object_iter_key(json_object_iter((json_t *)statement));
        struct rule_verdict verdict;

        read_implied(d, statement);
        if (read_verdict(d, statement, &verdict)) {
                d->rule.verdict = verdict;
                return;
        }
        for (size_t i = 0; name && i < array_len(statements); i++)
                if (streq(statements[i].word, name)) {
                        statements[i].read(d, json_object_get(statement, name));
                        return;
                }
        add_unknown(d, RULE_UNKNOWN, name ? name : "a statement");
        set_opaque(d->p, "a statement that is not known");
}

/* --- rules and chains ----------------------------------------------------------------------------- */

static bool is_extension(const json_t *statement, const char *type)
{
        return streq(text_in(json_object_get(statement, "xt"), "type"), type);
}

static void read_text(struct draft *d, const json_t *rule)
{
        const char *text = json_string_value(json_object_get(rule, "text"));
        json_t *statement, *found, *match;
        bool matches = false;
        size_t i;

        json_array_foreach (json_object_get(rule, "expr"), i, statement)
                matches = matches || (is_extension(statement, "match") &&
                                      !streq(text_in(json_object_get(statement, "xt"), "name"), "comment"));
        if (!text) {
                if (matches)
                        add_unknown(d, RULE_UNKNOWN, "an extension of iptables");
                return;
        }
        d->translated = translated_parse(text, strlen(text));
        if (!matches)
                return;
        found = words_matches(text);
        json_array_foreach (found, i, match)
                read_text_match(d, match);
        json_decref(found);
}

/* What is quick to look at, and mostly false, comes first: each is looked at only where those before it are true. */
static unsigned cost(const struct rule_match *m)
{
        if (m->n_keys != 1)
                return 8;
        switch (m->keys[0].kind) {
        case RULE_PORT:
                return 0;
        case RULE_PROTOCOL:
        case RULE_FAMILY:
                return 1;
        case RULE_SOURCE:
                return 9;
        default:
                return m->kind == RULE_UNKNOWN ? 7 : 2;
        }
}

/* Where a match on the port leaves nothing outside a range. */
static void note_ports(struct ruleset_rule *rule, const struct rule_match *m)
{
        const struct rule_elements *e = m->elements;

        if (m->kind != RULE_IN || m->negated || m->n_keys != 1 || m->keys[0].kind != RULE_PORT || m->keys[0].mask ||
            rule->has_ports || !e->ordered || e->rest || e->unsure || !e->n || e->spans[0].first > UINT16_MAX)
                return;
        rule->has_ports = true;
        rule->low = (uint16_t)e->spans[0].first;
        rule->high = e->spans[e->n - 1].last > UINT16_MAX ? UINT16_MAX : (uint16_t)e->spans[e->n - 1].last;
}

static bool is_usual(const struct rule_match *m)
{
        if (m->kind == RULE_USUALLY || m->kind == RULE_RARELY)
                return true;
        for (size_t i = 0; i < m->n_keys; i++)
                if (m->keys[i].kind == RULE_TCP_FLAGS || m->keys[i].kind == RULE_NEXT_HEADER)
                        return true;
        return false;
}

static void keep_matches(struct draft *d)
{
        struct rule_match *to = pool_alloc(d->p->pool, (d->matches.n + 1) * sizeof(*to));
        size_t n = 0;

        for (unsigned wanted = 0; wanted < 10; wanted++)
                vec_foreach (m, &d->matches)
                        if (cost(m) == wanted)
                                to[n++] = *m;
        vec_foreach (m, &d->matches) {
                note_ports(&d->rule, m);
                d->p->ruleset->has_usual = d->p->ruleset->has_usual || is_usual(m);
        }
        d->rule.matches = to;
        d->rule.n_matches = n;
}

static struct ruleset_rule read_rule(struct parse *p, const json_t *rule)
{
        struct draft d = {.p = p, .family = text_in(rule, "family"), .table = text_in(rule, "table")};
        const char *text = json_string_value(json_object_get(rule, "text"));
        json_t *statement;
        size_t i;

        d.rule.verdict.chain = RULE_NO_CHAIN;
        d.rule.handle = (uint64_t)json_integer_value(json_object_get(rule, "handle"));
        read_text(&d, rule);
        json_array_foreach (json_object_get(rule, "expr"), i, statement)
                if (is_extension(statement, "target"))
                        read_target(&d, text_in(json_object_get(statement, "xt"), "name"), text);
                else
                        read_statement(&d, statement);
        keep_matches(&d);
        vec_clear(&d.matches);
        if (d.translated.ports)
                translated_release(&d.translated);
        return d.rule;
}

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

static struct chain_read *make_chain(struct parse *p, const json_t *of, const char *name)
{
        const char *family = text_in(of, "family"), *table = text_in(of, "table");
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

static void index_chain(struct parse *p, const json_t *body)
{
        struct ruleset_chain *c = &make_chain(p, body, text_in(body, "name"))->chain;
        json_int_t priority = json_integer_value(json_object_get(body, "prio"));

        c->hook = hook_of(text_in(body, "hook"));
        c->nat = streq(text_in(body, "type"), "nat");
        c->drops = streq(text_in(body, "policy"), "drop");
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
static void index_changed(struct parse *p, const json_t *rule)
{
        json_t *statement;
        size_t i;

        json_array_foreach (json_object_get(rule, "expr"), i, statement) {
                const char *set = json_string_value(json_object_get(json_object_get(statement, "set"), "set"));
                const char *map = json_string_value(json_object_get(json_object_get(statement, "map"), "map"));
                const char *name = set ? set : map;

                if (name && name[0] == '@')
                        map_put_str(&p->match.changed,
                                    pool_intern(p->pool, set_name(&p->match, text_in(rule, "family"),
                                                                  text_in(rule, "table"), name + 1)),
                                    1);
        }
}

static void index_object(struct parse *p, const json_t *object)
{
        json_t *body;

        if ((body = value_of(object, "rule"))) {
                *vec_push(&make_chain(p, body, text_in(body, "chain"))->rules) = body;
                index_changed(p, body);
        } else if ((body = value_of(object, "chain"))) {
                index_chain(p, body);
        } else if ((body = value_of(object, "table"))) {
                if (is_dormant(body))
                        map_put_str(&p->dormant,
                                    pool_intern(p->pool, set_name(&p->match, text_in(body, "family"),
                                                                  text_in(body, "name"), "")),
                                    1);
        } else if ((body = value_of(object, "set")) || (body = value_of(object, "map"))) {
                map_put_str(&p->match.sets,
                            pool_intern(p->pool, set_name(&p->match, text_in(body, "family"), text_in(body, "table"),
                                                          text_in(body, "name"))),
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
static void note_contention(struct parse *p)
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
                                set_opaque(p, "a chain that is asked as NAT is done");
                }
}

static bool may_drop(const struct ruleset_chain *chain)
{
        for (size_t i = 0; i < chain->n_rules; i++)
                if (chain->rules[i].verdict.kind == RULE_DROP || chain->rules[i].map)
                        return true;
        return chain->drops;
}

static void finish_chain(struct parse *p, uint32_t index)
{
        struct ruleset_chain *to = &p->ruleset->chains[index];
        struct chain_read *from = &p->chains.at[index];

        *to = from->chain;
        to->rules = pool_alloc(p->pool, (from->rules.n + 1) * sizeof(*to->rules));
        vec_foreach (rule, &from->rules)
                to->rules[to->n_rules++] = read_rule(p, *rule);
}

static void finish(struct parse *p)
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

static void parse_release(struct parse *p)
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
        _cleanup_(parse_release) struct parse p = {
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
