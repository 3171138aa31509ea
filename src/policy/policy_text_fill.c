/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An approval written into the entry that waits for it, as `policy init` leaves one for each listener. Which one that
 * is says the parsed policy; where its values stand says libyaml. The result is parsed before anybody takes it.
 */
#include "policy/policy_text.h"

#include <errno.h>

#include <yaml.h>

#include "base/pool.h"
#include "base/vec.h"
#include "policy/glob.h"
#include "policy/policy_judge_own.h"
#include "policy/policy_parse.h"

/* --- which entry waits ----------------------------------------------------------------------- */

/* "443" is for what waits as 443/tcp; "443/tcp" is not for 443-445/tcp. */
static bool same_ports(const struct policy_rule *given, const struct policy_rule *rule)
{
        for (size_t i = 0; i < rule->n_ports; i++) {
                const struct policy_ports *a = &rule->ports[i];
                bool found = false;

                for (size_t k = 0; k < given->n_ports && !found; k++) {
                        const struct policy_ports *b = &given->ports[k];

                        found = a->dynamic == b->dynamic && a->first == b->first && a->last == b->last &&
                                !(a->transports & ~b->transports);
                }
                if (!found)
                        return false;
        }
        return rule->n_ports > 0;
}

/* What both name is the same; what one leaves open says nothing against it. */
static bool may_be(const struct texts *given, const struct texts *theirs)
{
        for (size_t i = 0; given->n && i < theirs->n; i++) {
                bool found = false;

                for (size_t k = 0; k < given->n && !found; k++)
                        found = glob_matches(given->at[k], theirs->at[i]);
                if (!found)
                        return false;
        }
        return true;
}

static bool may_be_program(const struct texts *given, const struct texts *theirs)
{
        for (size_t i = 0; given->n && i < theirs->n; i++)
                if (!policy_is_program(given, theirs->at[i]))
                        return false;
        return true;
}

static bool waits_for(const struct policy_rule *given, const struct policy_rule *rule)
{
        bool other_machines = given->on_name.n && (rule->on_tags.n || rule->on_zone.n);

        return !policy_rule_needed(rule) && same_ports(given, rule) && !other_machines &&
               may_be(&given->on_name, &rule->on_name) && may_be_program(&given->process, &rule->process) &&
               may_be(&given->unit, &rule->unit) && may_be(&given->package, &rule->package) &&
               may_be(&given->user, &rule->user) && may_be(&given->container, &rule->container);
}

static bool same_texts(const struct texts *a, const struct texts *b)
{
        for (size_t i = 0; a->n == b->n && i < a->n; i++)
                if (!streq(a->at[i], b->at[i]))
                        return false;
        return a->n == b->n;
}

/* One of them will do for both. */
static bool same_choice(const struct policy_rule *a, const struct policy_rule *b)
{
        return same_ports(a, b) && same_ports(b, a) && same_texts(&a->process, &b->process) &&
               same_texts(&a->unit, &b->unit) && same_texts(&a->package, &b->package) &&
               same_texts(&a->user, &b->user) && same_texts(&a->container, &b->container) &&
               same_texts(&a->on_name, &b->on_name) && same_texts(&a->on_tags, &b->on_tags) &&
               same_texts(&a->on_zone, &b->on_zone);
}

static int find_waiting(const struct policy *policy, const struct policy_rule *given, size_t *ret, struct err *err)
{
        const struct policy_rule *found = NULL;

        for (size_t i = 0; i < policy->n_allow; i++) {
                const struct policy_rule *rule = &policy->rules[i];

                if (!waits_for(given, rule) || (found && same_choice(found, rule)))
                        continue;
                if (found)
                        return err_set(err, -EEXIST,
                                       "%s: the entries of line %u and line %u both wait for a need; say by transport, "
                                       "process, unit, container or machine which is meant",
                                       policy->file, found->line, rule->line);
                found = rule;
                *ret = i;
        }
        return found ? 0 : err_set(err, -ENOENT, "%s: no entry waits for it", policy->file);
}

/* --- where its values stand ------------------------------------------------------------------ */

struct place {
        const struct policy_field *field; /* that says something else; NULL: it stays */
        bool is_need, is_scalar;
        size_t from, to; /* of the value, in bytes; of a scalar only */
};

struct entry {
        vec(struct place) places; /* as they stand there */
        size_t indent;            /* of its keys */
        bool flow;
        uint32_t missing; /* bits by field: it says nothing of that yet */
};

static void entry_release(struct entry *e)
{
        vec_clear(&e->places);
}

struct walk {
        const char *text, *end;
        const char *at; /* behind `seen` characters: marks count those, and never go back */
        size_t seen;
        unsigned depth;
        bool is_key[4]; /* by depth; the deeper does not matter */
        bool in_allow;
        size_t index; /* of the entry, counted down */
        bool in_entry;
        const struct policy_field *fields;
        size_t n;
        struct entry *ret;
};

static size_t offset_of(struct walk *w, const yaml_mark_t *mark)
{
        for (; w->seen < mark->index && w->at < w->end; w->seen++)
                do {
                        w->at++;
                } while (w->at < w->end && ((unsigned char)*w->at & 0xC0) == 0x80);
        return (size_t)(w->at - w->text);
}

static void take_key(struct walk *w, const yaml_event_t *e)
{
        const char *key = (const char *)e->data.scalar.value;
        struct place *place = vec_push(&w->ret->places);

        *place = (struct place){.is_need = streq(key, "need")};
        if (w->ret->places.n == 1)
                w->ret->indent = e->start_mark.column;
        for (size_t i = 0; i < w->n; i++)
                if (w->fields[i].value && streq(w->fields[i].key, key)) {
                        place->field = &w->fields[i];
                        w->ret->missing &= ~(1u << i);
                }
}

static void take_value(struct walk *w, const yaml_event_t *e)
{
        struct place *place = &w->ret->places.at[w->ret->places.n - 1];

        if (e->type != YAML_SCALAR_EVENT)
                return;
        place->is_scalar = e->data.scalar.style != YAML_LITERAL_SCALAR_STYLE &&
                           e->data.scalar.style != YAML_FOLDED_SCALAR_STYLE;
        place->from = offset_of(w, &e->start_mark);
        place->to = offset_of(w, &e->end_mark);
}

static void entry_begins(struct walk *w, const yaml_event_t *e)
{
        w->in_entry = w->in_allow && w->index-- == 0;
        if (w->in_entry)
                w->ret->flow = e->data.mapping_start.style == YAML_FLOW_MAPPING_STYLE;
}

/* Depth 1: allow, deny, defaults; 2: the list; 3: an entry. */
static void node_begins(struct walk *w, const yaml_event_t *e)
{
        bool is_key = w->depth < array_len(w->is_key) && w->is_key[w->depth];

        if (w->depth == 1 && is_key)
                w->in_allow = e->type == YAML_SCALAR_EVENT && streq((const char *)e->data.scalar.value, "allow");
        else if (w->depth == 2)
                entry_begins(w, e);
        else if (w->depth == 3 && w->in_entry && is_key)
                take_key(w, e);
        else if (w->depth == 3 && w->in_entry)
                take_value(w, e);
        if (w->depth < array_len(w->is_key))
                w->is_key[w->depth] = !is_key;
}

static void step(struct walk *w, const yaml_event_t *e)
{
        switch (e->type) {
        case YAML_SCALAR_EVENT:
                node_begins(w, e);
                return;
        case YAML_SEQUENCE_START_EVENT:
        case YAML_MAPPING_START_EVENT:
                node_begins(w, e);
                if (++w->depth < array_len(w->is_key))
                        w->is_key[w->depth] = true;
                return;
        case YAML_SEQUENCE_END_EVENT:
        case YAML_MAPPING_END_EVENT:
                w->depth--;
                return;
        default:
                return;
        }
}

/* The text was parsed before, so it is one document without aliases, and the entry is there. */
static void find_places(const char *text, size_t len, size_t index, const struct policy_field *fields, size_t n,
                        struct entry *ret)
{
        struct walk w = {.text = text, .end = text + len, .at = text, .index = index,
                         .fields = fields, .n = n, .ret = ret};
        yaml_parser_t parser;
        bool done = false;

        for (size_t i = 0; i < n; i++)
                ret->missing |= fields[i].value ? 1u << i : 0;
        if (!yaml_parser_initialize(&parser))
                abort(); /* out of memory */
        yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
        yaml_parser_set_input_string(&parser, (const unsigned char *)text, len);
        while (!done) {
                yaml_event_t e;

                if (!yaml_parser_parse(&parser, &e))
                        break;
                done = e.type == YAML_STREAM_END_EVENT;
                step(&w, &e);
                yaml_event_delete(&e);
        }
        yaml_parser_delete(&parser);
}

/* --- writing --------------------------------------------------------------------------------- */

/* Its port is written as it is written; a list of machines is for the given one, or it would not wait for it. */
static bool stays(const struct place *place)
{
        return !place->field || streq(place->field->key, "port") || streq(place->field->key, "ip_protocol") ||
               (streq(place->field->key, "on") && !place->is_scalar);
}

/* What the entry does not say yet: in lines of their own behind that of the need, or behind it between its braces. */
static void add_missing(const struct entry *entry, const char *newline, const struct policy_field *fields, size_t n,
                        struct str *to)
{
        for (size_t i = 0; i < n; i++) {
                if (!(entry->missing & 1u << i) || streq(fields[i].key, "port") || streq(fields[i].key, "ip_protocol"))
                        continue;
                if (entry->flow)
                        str_addf(to, ", %s: ", fields[i].key);
                else
                        str_addf(to, "%s%*s%s: ", newline, (int)entry->indent, "", fields[i].key);
                policy_text_value(to, &fields[i], entry->flow);
        }
}

static int write_filled(const char *text, size_t len, const struct entry *entry, const struct policy_field *fields,
                        size_t n, struct str *to)
{
        const char *first = memchr(text, '\n', len);
        const char *newline = first && first > text && first[-1] == '\r' ? "\r\n" : "\n";
        size_t done = 0;

        vec_foreach(place, &entry->places) {
                if (stays(place))
                        continue;
                if (!place->is_scalar)
                        return -ENOTSUP;
                str_add_n(to, text + done, place->from - done);
                if (place->from > 0 && text[place->from - 1] == ':')
                        str_add_char(to, ' ');
                policy_text_value(to, place->field, entry->flow);
                done = place->to;
                if (!place->is_need)
                        continue;
                while (!entry->flow && done < len && text[done] != '\n' && text[done] != '\r')
                        str_add_char(to, text[done++]);
                add_missing(entry, newline, fields, n, to);
        }
        str_add_n(to, text + done, len - done);
        return 0;
}

/* One entry is the approval now; all else is as it was. */
static bool only_fills(const struct policy *before, const struct policy *after, size_t index,
                       const struct policy_rule *given)
{
        if (after->n_allow != before->n_allow || after->n_rules != before->n_rules)
                return false;
        for (size_t i = 0; i < before->n_rules; i++) {
                const struct policy_rule *as = i == index ? given : &before->rules[i];

                if (!streq(before->rules[i].what, after->rules[i].what) ||
                    !streq_ptr(as->need, after->rules[i].need) ||
                    (i != index && !streq_ptr(as->owner, after->rules[i].owner)))
                        return false;
        }
        return true;
}

int policy_text_fill(const char *text, size_t len, const char *file, const struct policy_field *fields, size_t n,
                     struct str *ret, unsigned *ret_line, struct err *err)
{
        _cleanup_(pool_freep) struct pool *pool = pool_new();
        _cleanup_(entry_release) struct entry entry = {0};
        _cleanup_str_ struct str lone = {0};
        struct policy before, given, after;
        size_t index = 0, start = ret->len;
        int rc = policy_parse(text, len, file, pool, &before, err);

        if (rc < 0)
                return rc;
        str_add(&lone, "allow:\n");
        policy_text_entry(&lone, 2, fields, n);
        if (policy_parse(lone.text, lone.len, file, pool, &given, err) < 0 || given.n_allow != 1)
                return err_set(err, -ENOENT, "%s: no entry waits for what is none", file);
        rc = find_waiting(&before, given.rules, &index, err);
        if (rc < 0)
                return rc;
        find_places(text, len, index, fields, n, &entry);
        if (write_filled(text, len, &entry, fields, n, ret) == 0 &&
            policy_parse(ret->text + start, ret->len - start, file, pool, &after, err) == 0 &&
            only_fills(&before, &after, index, given.rules)) {
                *ret_line = before.rules[index].line;
                return 0;
        }
        return err_set(err, -ENOTSUP,
                       "%s:%u: the entry that waits for it is written in a form that cannot be filled in; do it by "
                       "hand",
                       file, before.rules[index].line);
}
