/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "policy/policy_check.h"

#include <strings.h>

#include "base/pool.h"
#include "base/str.h"
#include "knowledge/names.h"
#include "policy/glob.h"

#define BROAD_PORTS 1024u /* more of them at once, whoever listens, is hardly one need */

struct checker {
        const struct policy *policy;
        const struct estate *estate;
        int32_t today;
        struct pool *pool;
        struct policy_warnings *warnings;
};

#define WARN(c, rule, ...) \
        (*vec_push(&(c)->warnings->list) = (struct policy_warning){(rule)->line, pool_printf((c)->pool, __VA_ARGS__)})

/* --- one approval ---------------------------------------------------------------------------- */

static void check_reasons(struct checker *c, const struct policy_rule *rule)
{
        if (!rule->owner)
                WARN(c, rule, "%s has no owner; name who answers for it", rule->what);
        if (!rule->approved_by)
                WARN(c, rule, "%s has no approved_by; name who approved it", rule->what);
        else if (rule->owner && strcasecmp(rule->owner, rule->approved_by) == 0)
                WARN(c, rule, "%s was approved by its owner, %s; let someone else approve it", rule->what, rule->owner);
}

static void check_days(struct checker *c, const struct policy_rule *rule)
{
        char day[DAY_TEXT_SIZE];

        if (rule->expires == POLICY_NO_DAY)
                WARN(c, rule, "%s never expires; name a day when the need is looked at again", rule->what);
        else if (c->today > rule->expires)
                WARN(c, rule, "%s expired on %s; renew it, or remove it and close the port", rule->what,
                     day_format(rule->expires, day));
        if (rule->approved_on != POLICY_NO_DAY && rule->approved_on > c->today)
                WARN(c, rule, "%s: approved_on, %s, is still to come", rule->what, day_format(rule->approved_on, day));
        if (rule->approved_on != POLICY_NO_DAY && rule->expires != POLICY_NO_DAY && rule->expires < rule->approved_on)
                WARN(c, rule, "%s expires before the day it was approved on", rule->what);
}

static bool matches_all(const struct texts *globs)
{
        for (size_t i = 0; i < globs->n; i++)
                if (!globs->at[i][strspn(globs->at[i], "*")])
                        return true;
        return false;
}

static bool names_owner(const struct policy_rule *r)
{
        const struct texts *of[] = {&r->process, &r->unit, &r->package, &r->container};

        for (size_t i = 0; i < array_len(of); i++)
                if (of[i]->n && !matches_all(of[i]))
                        return true;
        return false;
}

static void check_width(struct checker *c, const struct policy_rule *rule)
{
        size_t n = 0;
        bool dynamic = false;

        for (size_t i = 0; i < rule->n_ports; i++) {
                n += (size_t)(rule->ports[i].last - rule->ports[i].first) + 1;
                dynamic |= rule->ports[i].dynamic;
        }
        if (!rule->n_ports)
                WARN(c, rule, "%s is approved on every port; name the ports that are needed", rule->what);
        else if ((n > BROAD_PORTS || dynamic) && !names_owner(rule))
                WARN(c, rule, "%s is approved whoever listens there; name the process, unit or package", rule->what);
}

/* --- names ----------------------------------------------------------------------------------- */

static bool estate_has_tag(const struct estate *e, const char *tag)
{
        for (size_t i = 0; i < e->n_assets; i++)
                for (size_t k = 0; k < e->assets[i].n_tags; k++)
                        if (streq(e->assets[i].tags[k], tag))
                                return true;
        return false;
}

static bool estate_has_zone(const struct estate *e, const char *zone)
{
        for (size_t i = 0; i < e->n_networks; i++)
                if (e->networks[i].zone && streq(e->networks[i].zone, zone))
                        return true;
        return false;
}

static bool estate_has_name(const struct estate *e, const char *glob)
{
        for (size_t i = 0; i < e->n_assets; i++)
                if (glob_matches(glob, e->assets[i].name))
                        return true;
        return false;
}

static void check_names(struct checker *c, const struct policy_rule *rule)
{
        static const struct {
                const char *what;
                size_t at;
                bool (*has)(const struct estate *e, const char *name);
        } lists[] = {
                {"asset", offsetof(struct policy_rule, on_name), estate_has_name},
                {"tag", offsetof(struct policy_rule, on_tags), estate_has_tag},
                {"zone", offsetof(struct policy_rule, on_zone), estate_has_zone},
                {"zone", offsetof(struct policy_rule, from_zones), estate_has_zone},
        };

        if (rule->protocol && !name_is_known(rule->protocol) && !name_is_known(name_base(rule->protocol)))
                WARN(c, rule, "protocol %s is none that is recognised when it speaks; is it spelt right?",
                     rule->protocol);
        for (size_t i = 0; i < array_len(lists); i++) {
                const struct texts *texts = (const void *)((const char *)rule + lists[i].at);

                for (size_t k = 0; k < texts->n; k++)
                        if (!c->estate && lists[i].has != estate_has_name) /* machines have a name without it */
                                WARN(c, rule, "%s '%s': there is no estate.yaml that says what it is;"
                                     " is it spelt right?",
                                     lists[i].what, texts->at[k]);
                        else if (c->estate && !lists[i].has(c->estate, texts->at[k]))
                                WARN(c, rule, "estate.yaml has no %s '%s'; is it spelt right?", lists[i].what,
                                     texts->at[k]);
        }
}

/* --- two rules ------------------------------------------------------------------------------- */

static bool one_has_range(const struct policy_rule *rule, const struct policy_ports *p)
{
        for (size_t i = 0; i < rule->n_ports; i++) {
                const struct policy_ports *q = &rule->ports[i];

                if ((p->transports & ~q->transports) == 0 && p->dynamic == q->dynamic &&
                    (p->dynamic || (q->first <= p->first && p->last <= q->last)))
                        return true;
        }
        return !rule->n_ports && (!rule->transports || !(p->transports & ~rule->transports));
}

static bool covers_ports(const struct policy_rule *a, const struct policy_rule *b)
{
        for (size_t i = 0; i < b->n_ports; i++)
                if (!one_has_range(a, &b->ports[i]))
                        return false;
        return b->n_ports || (!a->n_ports && (!a->transports || (b->transports && !(b->transports & ~a->transports))));
}

static bool touch_ports(const struct policy_rule *a, const struct policy_rule *b)
{
        for (size_t i = 0; i < a->n_ports; i++)
                for (size_t k = 0; k < b->n_ports; k++)
                        if (a->ports[i].transports & b->ports[k].transports && a->ports[i].first <= b->ports[k].last &&
                            b->ports[k].first <= a->ports[i].last)
                                return true;
        return false;
}

/* Whatever b's words match, a's do. */
static bool covers_globs(const struct texts *a, const struct texts *b)
{
        if (!a->n)
                return true;
        for (size_t i = 0; i < b->n; i++) {
                bool found = false;

                for (size_t k = 0; k < a->n && !found; k++)
                        found = streq(a->at[k], b->at[i]) ||
                                (!strpbrk(b->at[i], "*?") && glob_matches(a->at[k], b->at[i]));
                if (!found)
                        return false;
        }
        return b->n > 0;
}

static bool has_all(const struct texts *a, const struct texts *b)
{
        for (size_t i = 0; i < b->n; i++) {
                bool found = false;

                for (size_t k = 0; k < a->n && !found; k++)
                        found = streq(a->at[k], b->at[i]);
                if (!found)
                        return false;
        }
        return true;
}

/* Bits as far as they reach: of approvals the furthest, of prohibitions all. */
static bool covers_from(const struct policy_rule *a, const struct policy_rule *b)
{
        if (!a->from && !a->from_zones.n)
                return true;
        if (!b->from && !b->from_zones.n)
                return false;
        if (!has_all(&a->from_zones, &b->from_zones))
                return false;
        return a->deny ? !(b->from & ~a->from) : !b->from || a->from >= b->from;
}

static bool covers(const struct policy_rule *a, const struct policy_rule *b)
{
        if (!covers_ports(a, b) || !covers_from(a, b))
                return false;
        if (a->protocol && (!b->protocol || strcasecmp(a->protocol, b->protocol) != 0))
                return false;
        if (a->encryption && (!b->encryption || b->encryption & ~a->encryption))
                return false;
        return covers_globs(&a->process, &b->process) && covers_globs(&a->unit, &b->unit) &&
               covers_globs(&a->package, &b->package) && covers_globs(&a->user, &b->user) &&
               covers_globs(&a->container, &b->container) && covers_globs(&a->on_name, &b->on_name) &&
               has_all(&b->on_tags, &a->on_tags) && covers_globs(&a->on_zone, &b->on_zone);
}

static bool same_texts(const struct texts *a, const struct texts *b)
{
        return a->n == b->n && has_all(a, b) && has_all(b, a);
}

/* They are about the same machines and owners, so that one of their common ports has two entries. */
static bool overlap(const struct policy_rule *a, const struct policy_rule *b)
{
        return touch_ports(a, b) && same_texts(&a->process, &b->process) && same_texts(&a->unit, &b->unit) &&
               same_texts(&a->package, &b->package) && same_texts(&a->user, &b->user) &&
               same_texts(&a->container, &b->container) && same_texts(&a->on_name, &b->on_name) &&
               same_texts(&a->on_tags, &b->on_tags) && same_texts(&a->on_zone, &b->on_zone);
}

/* An approval that does not hold (no need, expired) hides nothing. */
static bool holds(const struct checker *c, const struct policy_rule *rule)
{
        return rule->deny ||
               (policy_rule_needed(rule) && (rule->expires == POLICY_NO_DAY || c->today <= rule->expires));
}

/* Of two that choose the same the earlier one; a prohibition hides approvals wherever it stands. */
static void check_against_others(struct checker *c, size_t index)
{
        const struct policy_rule *rule = &c->policy->rules[index];

        for (size_t n = 0; n < c->policy->n_rules; n++) {
                size_t i = (c->policy->n_allow + n) % c->policy->n_rules; /* prohibitions first: they count for more */
                const struct policy_rule *other = &c->policy->rules[i];

                if (i == index || (rule->deny && !other->deny))
                        continue;
                if (holds(c, other) && covers(other, rule) &&
                    (other->deny != rule->deny || !covers(rule, other) || i < index)) {
                        WARN(c, rule, "%s is shadowed: line %u %s all of it already", rule->what, other->line,
                             other->deny ? "prohibits" : "approves");
                        return;
                }
        }
        for (size_t i = 0; i < index && !rule->deny; i++)
                if (!covers(rule, &c->policy->rules[i]) && overlap(rule, &c->policy->rules[i])) {
                        WARN(c, rule, "%s overlaps with line %u (%s): some ports have two approvals", rule->what,
                             c->policy->rules[i].line, c->policy->rules[i].what);
                        return;
                }
}

static int compare_lines(const void *a, const void *b)
{
        const struct policy_warning *x = a, *y = b;

        if (x->line != y->line)
                return x->line < y->line ? -1 : 1;
        return strcmp(x->text, y->text);
}

void policy_check(const struct policy *policy, const struct estate *estate, int64_t now, struct pool *pool,
                  struct policy_warnings *ret)
{
        struct checker c = {policy, estate, day_of(now), pool, ret};

        for (size_t i = 0; i < policy->n_rules; i++) {
                const struct policy_rule *rule = &policy->rules[i];

                if (!rule->deny && !policy_rule_needed(rule)) { /* one word to each that init wrote is enough */
                        WARN(&c, rule, "%s has no need yet, so it approves nothing; write why it must be open",
                             rule->what);
                } else if (!rule->deny) {
                        check_reasons(&c, rule);
                        check_days(&c, rule);
                        check_width(&c, rule);
                }
                check_names(&c, rule);
                check_against_others(&c, i);
        }
        vec_sort(&ret->list, compare_lines);
}
