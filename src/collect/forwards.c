/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/forwards.h"

#include <errno.h>

#include "base/str.h"
#include "collect/forwards_walk.h"

#define MAX_DEPTH 16 /* as the kernel: NFT_JUMP_STACK_SIZE */

const char *text_of(const json_t *object, const char *key)
{
        const char *text = json_string_value(json_object_get(object, key));

        return text ? text : "";
}

/* The key of a chain or set. Valid until the next call: only names that are stored go into the pool. */
static const char *full_name(struct walk *w, const char *family, const char *table, const char *name)
{
        str_reset(&w->name);
        str_add(&w->name, family);
        str_add_char(&w->name, ' ');
        str_add(&w->name, table);
        str_add_char(&w->name, ' ');
        str_add(&w->name, name);
        return w->name.text;
}

static struct chain *find_chain(struct walk *w, const char *family, const char *table, const char *name)
{
        uint64_t index;

        if (!map_get_str(&w->chain_by_name, full_name(w, family, table, name), &index))
                return NULL;
        return &w->chains.at[index];
}

static struct chain *make_chain(struct walk *w, const char *family, const char *table, const char *name)
{
        const char *full = full_name(w, family, table, name);
        struct chain *chain;
        uint64_t index;

        if (map_get_str(&w->chain_by_name, full, &index))
                return &w->chains.at[index];
        map_put_str(&w->chain_by_name, pool_intern(w->pool, full), w->chains.n);
        chain = vec_push(&w->chains);
        chain->family = pool_intern(w->pool, family);
        return chain;
}

static uint8_t family_bits(const char *family)
{
        return streq(family, "ip") ? FAMILY_IPV4 : streq(family, "ip6") ? FAMILY_IPV6 : FAMILY_ANY;
}

static bool has_nat(const char *family)
{
        return streq(family, "ip") || streq(family, "ip6") || streq(family, "inet");
}

/*
 * Whether a table is switched off: its chains stay and are asked nothing. Of one flag JSON has the word, of
 * more a list.
 */
static bool is_dormant(const json_t *table)
{
        json_t *flags = json_object_get(table, "flags"), *flag;
        size_t i;

        json_array_foreach(flags, i, flag)
                if (streq_ptr(json_string_value(flag), "dormant"))
                        return true;
        return streq_ptr(json_string_value(flags), "dormant");
}

static void index_object(struct walk *w, const json_t *object)
{
        const char *family, *name;
        json_t *body;

        if ((body = value_of(object, "rule"))) {
                family = text_of(body, "family");
                if (has_nat(family))
                        *vec_push(&make_chain(w, family, text_of(body, "table"), text_of(body, "chain"))
                                           ->rules) = body;
        } else if ((body = value_of(object, "chain"))) {
                family = text_of(body, "family");
                if (has_nat(family) && streq(text_of(body, "type"), "nat") &&
                    streq(text_of(body, "hook"), "prerouting"))
                        make_chain(w, family, text_of(body, "table"), text_of(body, "name"))->base = body;
        } else if ((body = value_of(object, "table"))) {
                name = full_name(w, text_of(body, "family"), text_of(body, "name"), "");
                if (is_dormant(body))
                        map_put_str(&w->dormant, pool_intern(w->pool, name), 1);
        } else if ((body = value_of(object, "set")) || (body = value_of(object, "map"))) {
                family = text_of(body, "family");
                name = full_name(w, family, text_of(body, "table"), text_of(body, "name"));
                map_put_str(&w->set_by_name, pool_intern(w->pool, name),
                            (uintptr_t)json_object_get(body, "elem"));
        }
}

json_t *elements_of(struct walk *w, const struct step *step, json_t *value)
{
        const char *name = json_string_value(value);
        json_t *set = value_of(value, "set");
        uint64_t found = 0;
        json_t *one;

        if (name && name[0] == '@') {
                (void)map_get_str(&w->set_by_name, full_name(w, step->family, step->table, name + 1),
                                  &found);
                set = (json_t *)(uintptr_t)found;
                return json_is_array(set) ? json_incref(set) : json_array();
        }
        if (set)
                return json_is_array(set) ? json_incref(set) : json_array();
        one = json_array();
        json_array_append(one, value);
        return one;
}

static void walk_chain(struct walk *w, struct chain *chain, const struct scope *entry);

static void go_to(struct walk *w, struct step *step, const struct scope *scope, const json_t *body)
{
        struct chain *chain = find_chain(w, step->family, step->table, text_of(body, "target"));

        if (chain && !scope_is_empty(scope)) {
                step->leads_on = true;
                walk_chain(w, chain, scope);
        }
}

/* A verdict as a statement or as a value of a vmap. Verdicts that end are: all but jump and continue. */
static bool verdict(struct walk *w, struct step *step, const struct scope *scope, const json_t *statement)
{
        static const char *const ending[] = {"accept", "drop", "return", "reject", "queue"};
        const json_t *body;

        for (size_t i = 0; i < array_len(ending); i++)
                if (json_object_get(statement, ending[i]))
                        return step->ends = true;
        if ((body = json_object_get(statement, "jump"))) {
                go_to(w, step, scope, body);
                return true;
        }
        if ((body = json_object_get(statement, "goto"))) {
                go_to(w, step, scope, body);
                return step->ends = true;
        }
        return false;
}

static void verdict_map(struct walk *w, struct step *step, const struct scope *scope, const json_t *body)
{
        json_t *key = json_object_get(body, "key"), *pair;
        json_t *pairs = elements_of(w, step, json_object_get(body, "data"));
        size_t i;

        json_array_foreach (pairs, i, pair) {
                struct scope narrowed = scope_copy(scope);

                w->work += 1 + scope->places.n;
                if (scope_narrow_element(&narrowed, key, json_array_get(pair, 0)))
                        (void)verdict(w, step, &narrowed, json_array_get(pair, 1));
                else
                        step->unknown = true;
                forwards_scope_release(&narrowed);
                if (w->work > MAX_WORK)
                        break;
        }
        step->ends = false; /* for some of the packets only */
        json_decref(pairs);
}

static void run_from(struct walk *w, struct step *step, struct scope *scope, size_t at);

/*
 * A match on a concatenation: each element is a set of packets of its own, with which the rest of the rule
 * goes on.
 */
static void match_each(struct walk *w, struct step *step, struct scope *scope, const json_t *match,
                       size_t next)
{
        json_t *elements = elements_of(w, step, json_object_get(match, "right")), *element;
        bool unknown = false;
        size_t i;

        json_array_foreach (elements, i, element) {
                struct scope narrowed = scope_copy(scope);

                w->work += 1 + scope->places.n;
                step->ends = false;
                step->unknown = !scope_narrow_element(&narrowed, json_object_get(match, "left"), element);
                run_from(w, step, &narrowed, next);
                unknown = unknown || step->unknown;
                forwards_scope_release(&narrowed);
                if (w->work > MAX_WORK)
                        break;
        }
        step->unknown = unknown;
        scope->exact = false;
        json_decref(elements);
}

static void match(struct walk *w, struct step *step, struct scope *scope, const json_t *body)
{
        struct key key = key_of(json_object_get(body, "left"));
        const char *op = text_of(body, "op");
        json_t *elements = elements_of(w, step, json_object_get(body, "right"));

        w->work += json_array_size(elements);
        if (!scope_narrow(scope, &key, op, elements))
                step->unknown = true;
        json_decref(elements);
}

static bool in_list(const char *word, const char *const *list, size_t n)
{
        for (size_t i = 0; i < n; i++)
                if (streq(word, list[i]))
                        return true;
        return false;
}

/* Targets of iptables-nft that forward. */
static bool is_nat_extension(const json_t *body)
{
        static const char *const targets[] = {"DNAT", "REDIRECT", "NETMAP"};

        return streq(text_of(body, "type"), "target") &&
               in_list(text_of(body, "name"), targets, array_len(targets));
}

/* An extension of iptables, known by name; what it says stands in the translated text. */
static void extension(struct walk *w, struct step *step, struct scope *scope, const json_t *body)
{
        static const char *const port_matches[] = {"tcp", "udp", "udplite", "sctp", "multiport"};
        const char *name = text_of(body, "name");
        const struct translated *text = &step->translated;
        const json_t *target = NULL;

        if (streq(text_of(body, "type"), "match")) {
                if (!streq(name, "comment"))
                        scope->exact = false;
                if (in_list(name, port_matches, array_len(port_matches)) && (!text->ports || text->failed))
                        step->unknown = true;
                if (streq(name, "multiport") && !text->any_port)
                        step->unknown = true;
                return;
        }
        if (!is_nat_extension(body))
                return;
        target = text->target;
        if (!target)
                step->unknown = step->leads_on = step->ends = true;
        else if (json_object_get(target, "dnat"))
                forward_to(w, step, scope, json_object_get(target, "dnat"), false);
        else
                forward_to(w, step, scope, json_object_get(target, "redirect"), true);
}

static const char *statement_name(const json_t *what)
{
        const char *name = json_object_iter_key(json_object_iter((json_t *)what));

        return name ? name : "";
}

/* True when the rule goes on after this statement. */
static bool statement(struct walk *w, struct step *step, struct scope *scope, const json_t *what)
{
        static const char *const harmless[] = {"counter", "log", "mangle", "notrack"};
        const json_t *body;

        if ((body = json_object_get(what, "match")))
                match(w, step, scope, body);
        else if ((body = json_object_get(what, "xt")))
                extension(w, step, scope, body);
        else if ((body = json_object_get(what, "dnat")))
                forward_to(w, step, scope, body, false);
        else if ((body = json_object_get(what, "redirect")))
                forward_to(w, step, scope, body, true);
        else if ((body = json_object_get(what, "vmap")))
                verdict_map(w, step, scope, body);
        else if (verdict(w, step, scope, what))
                return !step->ends;
        else if (!in_list(statement_name(what), harmless, array_len(harmless)))
                scope->exact = false; /* limit, quota, a set that may be full: some packets stop here */
        return !step->ends;
}

static void run_from(struct walk *w, struct step *step, struct scope *scope, size_t at)
{
        size_t n = json_array_size(step->expressions);

        for (size_t i = at; i < n && !scope_is_empty(scope) && !step->unknown && w->work <= MAX_WORK; i++) {
                const json_t *what = json_array_get(step->expressions, i);
                const json_t *found = value_of(what, "match");

                w->work += 1 + scope->places.n / 16;
                if (found && value_of(json_object_get(found, "left"), "concat") &&
                    !streq(text_of(found, "op"), "!=")) {
                        match_each(w, step, scope, found, i + 1);
                        return;
                }
                if (!statement(w, step, scope, what))
                        return;
        }
}

/* Whether the rule, beyond what was not understood in it, would have forwarded. */
static bool forwards_anything(const struct step *step)
{
        static const char *const words[] = {"dnat", "redirect", "jump", "goto", "vmap"};
        json_t *what;
        size_t i;

        json_array_foreach (step->expressions, i, what) {
                if (is_nat_extension(json_object_get(what, "xt")))
                        return true;
                for (size_t k = 0; k < array_len(words); k++)
                        if (json_object_get(what, words[k]))
                                return true;
        }
        return step->leads_on;
}

static void walk_rule(struct walk *w, const json_t *rule, const char *family, struct scope *remaining)
{
        const char *text = json_string_value(json_object_get(rule, "text"));
        struct step step = {
                .rule = rule,
                .family = family,
                .table = text_of(rule, "table"),
                .expressions = json_object_get(rule, "expr"),
        };
        struct scope scope = scope_copy(remaining);
        json_t *ports;
        size_t i;

        if (text)
                step.translated = translated_parse(text, strlen(text));
        json_array_foreach (step.translated.ports, i, ports)
                match(w, &step, &scope, ports);
        run_from(w, &step, &scope, 0);
        if (step.unknown && forwards_anything(&step))
                w->not_understood++;
        if (step.ends && !step.unknown)
                scope_subtract(remaining, &scope);
        forwards_scope_release(&scope);
        translated_release(&step.translated);
}

static void walk_chain(struct walk *w, struct chain *chain, const struct scope *entry)
{
        struct scope remaining;

        /* The kernel refuses loops; a file need not. */
        if (chain->walking || w->depth >= MAX_DEPTH)
                return;
        chain->walking = true;
        w->depth++;
        remaining = scope_copy(entry);
        remaining.exact = true;
        vec_foreach (rule, &chain->rules) {
                if (scope_is_empty(&remaining) || w->work > MAX_WORK)
                        break;
                w->work += 1 + remaining.places.n + remaining.addresses.n;
                walk_rule(w, *rule, chain->family, &remaining);
        }
        forwards_scope_release(&remaining);
        w->depth--;
        chain->walking = false;
}

static void walk_release(struct walk *w)
{
        vec_foreach (chain, &w->chains)
                vec_clear(&chain->rules);
        vec_clear(&w->chains);
        map_release(&w->chain_by_name);
        map_release(&w->set_by_name);
        map_release(&w->dormant);
        map_release(&w->known);
        str_release(&w->name);
        pool_free(w->pool);
}

int forwards_read(const json_t *objects, uint32_t netns, struct inside *view, struct err *err)
{
        _cleanup_(walk_release) struct walk w = {
                .view = view,
                .netns = netns,
                .pool = pool_new(),
                .first = view->forwards.n,
        };
        json_t *object;
        size_t i;

        json_array_foreach ((json_t *)objects, i, object)
                index_object(&w, object);
        vec_foreach (chain, &w.chains)
                if (chain->base &&
                    !map_get_str(&w.dormant, full_name(&w, chain->family, text_of(chain->base, "table"), ""),
                                 NULL)) {
                        struct scope all = scope_all(family_bits(chain->family));

                        walk_chain(&w, chain, &all);
                        forwards_scope_release(&all);
                }
        if (w.work > MAX_WORK)
                return err_set(err, -E2BIG, "following the rules: too many combinations, not all were read");
        return w.not_understood;
}
