/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/ruleset_rule.h"

#include <string.h>

#include "base/str.h"
#include "collect/forwards.h"
#include "collect/forwards_scope.h"
#include "collect/forwards_text.h"

/* The rule being read. */
struct draft {
        struct ruleset_parse *p;
        const char *family, *table;
        vec(struct rule_match) matches;
        struct ruleset_rule rule;
        struct translated translated;
        bool acted; /* a statement that acts on packets came: what follows does not limit that */
};

const char *ruleset_text(const json_t *object, const char *key)
{
        const char *text = json_string_value(json_object_get(object, key));

        return text ? text : "";
}

/* --- statements ----------------------------------------------------------------------------------- */

void ruleset_set_opaque(struct ruleset_parse *p, const char *words)
{
        if (!p->ruleset->opaque)
                p->ruleset->opaque = pool_intern(p->pool, words);
}

static void add_match(struct draft *d, struct rule_match m)
{
        if (d->acted)
                ruleset_set_opaque(d->p, "a rule that does something before all its conditions are looked at");
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
                        ret->chain = find_chain(d, ruleset_text(body, "target"));
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
        const char *type = ruleset_text(json_object_get(statement, "reject"), "type");
        const char *family = ruleset_text(json_object_get(statement, "dnat"), "family");

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

/* What is read for a value may be missing, and then the rule ends there: a member of a map, a header. */
static bool may_be_missing(const json_t *value)
{
        const char *kind = json_object_iter_key(json_object_iter((json_t *)value));
        json_t *part;
        size_t i;

        json_array_foreach ((json_t *)value, i, part)
                if (may_be_missing(part))
                        return true;
        if (!kind || streq(kind, "meta"))
                return false;
        return !strchr("|&^<>", kind[0]) || may_be_missing(json_object_get(value, kind));
}

static void read_mangle(struct draft *d, const json_t *body)
{
        static const char *const moving[] = {"saddr", "daddr", "sport", "dport", "protocol", "nexthdr", "flags"};
        const json_t *key = json_object_get(body, "key"), *payload = json_object_get(key, "payload");
        const char *field = ruleset_text(payload, "field");

        if (payload && !field[0])
                ruleset_set_opaque(d->p, "a rule that rewrites packets");
        for (size_t i = 0; i < array_len(moving); i++)
                if (streq(field, moving[i]))
                        ruleset_set_opaque(d->p, "a rule that rewrites packets");
        if ((!value_of(key, "meta") && !value_of(key, "ct")) || may_be_missing(json_object_get(body, "value")))
                add_unknown(d, RULE_UNKNOWN, "a rule that changes packets");
}

static void read_notrack(struct draft *d, const json_t *body)
{
        d->rule.untracks = true;
        d->acted = true;
}

static void read_tproxy(struct draft *d, const json_t *body)
{
        ruleset_set_opaque(d->p, "a transparent proxy (tproxy)");
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

/* Of a map of counters or helpers the rule ends where there is no member. */
static void read_harmless(struct draft *d, const json_t *body)
{
        if (json_object_get(body, "map"))
                add_unknown(d, RULE_UNKNOWN, "a map");
}

static void read_copy(struct draft *d, const json_t *body)
{
        if (may_be_missing(json_object_get(body, "addr")) || may_be_missing(json_object_get(body, "dev")))
                add_unknown(d, RULE_UNKNOWN, "a map");
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

        if (streq(ruleset_text(body, "type"), "match"))
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
        {"fwd", read_forwarding},    {"counter", read_harmless},  {"log", read_harmless},   {"dup", read_copy},
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
        ruleset_set_opaque(d->p, "a statement that is not known");
}

/* --- rules and chains ----------------------------------------------------------------------------- */

static bool is_extension(const json_t *statement, const char *type)
{
        return streq(ruleset_text(json_object_get(statement, "xt"), "type"), type);
}

static void read_text(struct draft *d, const json_t *rule)
{
        const char *text = json_string_value(json_object_get(rule, "text"));
        json_t *statement, *found, *match;
        bool matches = false;
        size_t i;

        json_array_foreach (json_object_get(rule, "expr"), i, statement)
                matches = matches || (is_extension(statement, "match") &&
                                      !streq(ruleset_text(json_object_get(statement, "xt"), "name"), "comment"));
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

struct ruleset_rule rule_read(struct ruleset_parse *p, const json_t *rule)
{
        struct draft d = {.p = p, .family = ruleset_text(rule, "family"), .table = ruleset_text(rule, "table")};
        const char *text = json_string_value(json_object_get(rule, "text"));
        json_t *statement;
        size_t i;

        d.rule.verdict.chain = RULE_NO_CHAIN;
        d.rule.handle = (uint64_t)json_integer_value(json_object_get(rule, "handle"));
        read_text(&d, rule);
        json_array_foreach (json_object_get(rule, "expr"), i, statement)
                if (is_extension(statement, "target"))
                        read_target(&d, ruleset_text(json_object_get(statement, "xt"), "name"), text);
                else
                        read_statement(&d, statement);
        keep_matches(&d);
        vec_clear(&d.matches);
        if (d.translated.ports)
                translated_release(&d.translated);
        return d.rule;
}
