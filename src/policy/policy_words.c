/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the judge says in words. */
#include "base/str.h"
#include "knowledge/names.h"
#include "policy/policy_judge_own.h"

static const char *list_texts(struct policy_judge *j, const struct texts *texts)
{
        _cleanup_str_ struct str s = {0};

        for (size_t i = 0; i < texts->n; i++)
                str_addf(&s, "%s%s", i ? ", " : "", texts->at[i]);
        return pool_intern(j->pool, str_text(&s));
}

static const char *list_from(struct policy_judge *j, const struct policy_rule *rule)
{
        _cleanup_str_ struct str s = {0};

        for (unsigned scope = 0; scope < EXPOSURE_MAX; scope++)
                if (rule->from & 1u << scope)
                        str_addf(&s, "%s%s", s.len ? ", " : "",
                                 exposure_scope_name((enum exposure_scope)scope));
        for (size_t i = 0; i < rule->from_zones.n; i++)
                str_addf(&s, "%szone %s", s.len ? ", " : "", rule->from_zones.at[i]);
        return pool_intern(j->pool, str_text(&s));
}

/* From where a listener is reached although the approval does not say so. */
static const char *list_further(struct policy_judge *j, const struct subject *s, const struct policy_rule *rule)
{
        _cleanup_str_ struct str zones = {0};

        for (size_t i = 0; rule->from_zones.n && s->exposure && i < s->exposure->n_zones; i++)
                if (policy_is_further(s, i, &rule->from_zones) && i + 1 < s->exposure->n_zones)
                        str_addf(&zones, "%szone %s", zones.len ? ", " : "", s->exposure->zones[i].zone);
        if (s->scope == EXPOSURE_INTERNET || !zones.len)
                str_addf(&zones, "%s%s", zones.len ? ", " : "", exposure_scope_name(s->scope));
        return pool_intern(j->pool, str_text(&zones));
}

static const char *list_on(struct policy_judge *j, const struct policy_rule *rule)
{
        _cleanup_str_ struct str s = {0};
        const struct {
                const char *word;
                const struct texts *texts;
        } parts[] = {{"name", &rule->on_name}, {"tags", &rule->on_tags}, {"zone", &rule->on_zone}};

        for (size_t i = 0; i < array_len(parts); i++)
                if (parts[i].texts->n)
                        str_addf(&s, "%s%s %s", s.len ? ", " : "", parts[i].word,
                                 list_texts(j, parts[i].texts));
        return pool_intern(j->pool, str_text(&s));
}

static const char *program_of(const struct subject *s)
{
        const struct listener *l = s->listener;

        for (size_t i = 0; i < l->n_processes; i++)
                if (!policy_holds_for_another(l, l->processes[i]))
                        return l->processes[i]->exe ? l->processes[i]->exe : l->processes[i]->name;
        return NULL;
}

const char *policy_miss_text(struct policy_judge *j, const struct subject *s, const struct policy_rule *rule,
                             enum miss miss)
{
        const struct listener *l = s->listener;
        const char *is = NULL, *wants = NULL, *word = NULL;

        switch (miss) {
        case MISS_PORT:
                return "is for another port";
        case MISS_ON:
                return pool_printf(j->pool, "is for other machines (%s)%s", list_on(j, rule),
                                   s->asset ? "" : "; estate.yaml has no asset for this one");
        case MISS_SPEAKS:
                return "is for another protocol or encryption, or what is spoken here is not known";
        case MISS_PROCESS:
                if (!l)
                        return "names who listens, which cannot be seen from outside";
                word = "process", wants = list_texts(j, &rule->process), is = program_of(s);
                break;
        case MISS_UNIT:
                word = "unit", wants = list_texts(j, &rule->unit), is = l->unit ? l->unit->name : NULL;
                break;
        case MISS_PACKAGE:
                word = "package", wants = list_texts(j, &rule->package),
                is = l->package ? l->package->name : NULL;
                break;
        case MISS_USER:
                word = "user", wants = list_texts(j, &rule->user);
                is = l->n_processes ? l->processes[0]->user : NULL;
                break;
        case MISS_CONTAINER:
                word = "container", wants = list_texts(j, &rule->container),
                is = l->container ? l->container->name : NULL;
                break;
        case MISS_FROM:
                if (rule->deny)
                        return pool_printf(j->pool, "is about being reached from %s, and this is %s only",
                                           list_from(j, rule), exposure_scope_name(s->scope));
                return pool_printf(j->pool, "allows it from %s at most, and this can be reached from further: %s",
                                   list_from(j, rule), list_further(j, s, rule));
        case HIT:
                return NULL;
        }
        if (!is)
                return pool_printf(j->pool, "is for %s %s, and here %s", word, wants,
                                   l->n_processes || miss != MISS_PROCESS
                                           ? "there is none, or it is not known"
                                           : "no process could be seen");
        return pool_printf(j->pool, "is for %s %s, and here it is %s", word, wants, is);
}

const char *policy_speech_text(struct policy_judge *j, const struct subject *s)
{
        if (s->encryption == ENCRYPTION_UNKNOWN || !s->protocol)
                return s->protocol ? s->protocol : "something else";
        return pool_printf(j->pool, "%s with encryption %s", s->protocol, encryption_name(s->encryption));
}

/* "smtp with encryption tls or starttls"; https says it by its name. */
const char *policy_wanted_text(struct policy_judge *j, const struct policy_rule *rule)
{
        _cleanup_str_ struct str s = {0};
        const char *between = rule->protocol ? " with encryption " : "with encryption ";

        str_add(&s, rule->protocol ? rule->protocol : "");
        if (rule->protocol && name_over_tls(rule->protocol))
                return pool_intern(j->pool, s.text);
        for (enum encryption e = 0; e <= ENCRYPTION_NATIVE; e++)
                if (rule->encryption >> e & 1) {
                        str_addf(&s, "%s%s", between, encryption_name(e));
                        between = " or ";
                }
        return pool_intern(j->pool, s.text);
}

const char *policy_note_text(struct policy_judge *j, unsigned notes)
{
        _cleanup_str_ struct str s = {0};

        if (!notes)
                return NULL;
        if (j->notes[notes])
                return j->notes[notes];
        if (notes & (NOTE_PROTOCOL | NOTE_ENCRYPTION))
                str_addf(&s, "%s not verified: it was not seen what speaks there",
                         !(notes & NOTE_ENCRYPTION) ? "protocol"
                         : notes & NOTE_PROTOCOL    ? "protocol and encryption"
                                                    : "encryption");
        if (notes & NOTE_OWNER)
                str_addf(&s, "%swho listens was not verified: it cannot be seen from outside",
                         s.len ? "; " : "");
        return j->notes[notes] = pool_intern(j->pool, s.text);
}

const char *policy_decided_text(struct policy_judge *j, uint32_t index, enum verdict verdict)
{
        const struct policy_rule *rule = &j->policy->rules[index];
        char day[DAY_TEXT_SIZE];
        const char *s;

        if (j->decided[index])
                return j->decided[index];
        if (verdict == VERDICT_PROHIBITED)
                s = pool_printf(j->pool, "line %u prohibits %s%s%s", rule->line, rule->what,
                                rule->need ? ": " : "", rule->need ? rule->need : "");
        else if (verdict == VERDICT_EXPIRED)
                s = pool_printf(j->pool, "the approval of line %u (%s) ended on %s", rule->line, rule->need,
                                day_format(rule->expires, day));
        else if (verdict == VERDICT_APPROVED)
                s = pool_printf(j->pool, "line %u approves %s: %s%s", rule->line, rule->what, rule->need,
                                rule->basis ? " (" POLICY_DEEMED_NEEDED ": the device cannot close it)" : "");
        else
                s = pool_printf(j->pool, "line %u names it, but says no need for it yet (need: TODO)",
                                rule->line);
        return j->decided[index] = s;
}
