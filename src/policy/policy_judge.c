/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "policy/policy_judge.h"

#include <strings.h>

#include "base/map.h"
#include "base/str.h"
#include "base/vec.h"
#include "knowledge/names.h"
#include "policy/glob.h"

#define NARROW    64u /* a rule of so many ports at most is found by each of them */
#define NONE_NEXT UINT32_MAX

/* Why a rule does not apply, in the order it is tried: what comes later came nearer. */
enum miss {
        MISS_PORT,
        MISS_ON,
        MISS_SPEAKS, /* deny rules only; an approval that is not kept is told otherwise */
        MISS_PROCESS,
        MISS_UNIT,
        MISS_PACKAGE,
        MISS_USER,
        MISS_CONTAINER,
        MISS_FROM,
        HIT,
};

enum note { NOTE_PROTOCOL = 1, NOTE_ENCRYPTION = 2, NOTE_OWNER = 4, NOTE_MAX = 8 };

struct chain {
        uint32_t rule, next;
};

struct zones {
        vec(const char *) list;
};

struct policy_judge {
        const struct policy *policy;
        const struct estate *estate;
        struct pool *pool;
        int32_t today;
        struct map narrow; /* (transport, port) -> index in chains */
        vec(struct chain) chains;
        vec(uint32_t) wide;
        uint8_t *used, *meant; /* by rule: something used it; it is for a place that was looked at */
        const char **decided;  /* by rule: the sentence when it decides by itself */
        const char *notes[NOTE_MAX];
        const char *hostname;
        const struct estate_asset *asset;
        struct zones zones; /* of the host */
};

/* What is judged, from inside or outside. */
struct subject {
        const struct listener *listener; /* NULL: seen from outside */
        enum transport transport;
        uint16_t first, last;
        uint16_t dynamic_low, dynamic_high;
        const char *protocol; /* NULL: not known */
        bool confirmed;
        enum encryption encryption;
        enum exposure_scope scope;
        const struct exposure *exposure; /* NULL: seen from outside */
        const char *const *zones;
        size_t n_zones;
        const char *one_zone; /* room for a single one */
        const char *hostname;
        const struct estate_asset *asset;
};

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

static bool has_text(const struct texts *texts, const char *s)
{
        for (size_t i = 0; i < texts->n; i++)
                if (streq(texts->at[i], s))
                        return true;
        return false;
}

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

/* --- one rule -------------------------------------------------------------------------------- */

static bool globs_have(const struct texts *globs, const char *s)
{
        for (size_t i = 0; s && i < globs->n; i++)
                if (glob_matches(globs->at[i], s))
                        return true;
        return false;
}

static bool any_zone(const struct subject *s, const struct texts *zones)
{
        for (size_t i = 0; i < s->n_zones; i++)
                if (has_text(zones, s->zones[i]))
                        return true;
        return false;
}

static bool all_zones(const struct subject *s, const struct texts *zones)
{
        for (size_t i = 0; i < s->n_zones; i++)
                if (!has_text(zones, s->zones[i]))
                        return false;
        return s->n_zones > 0;
}

static bool is_on(const struct subject *s, const struct policy_rule *rule)
{
        size_t tags = 0;

        if (rule->on_name.n && !globs_have(&rule->on_name, s->hostname) &&
            !globs_have(&rule->on_name, s->asset ? s->asset->name : NULL))
                return false;
        for (size_t i = 0; i < rule->on_tags.n; i++)
                for (size_t k = 0; s->asset && k < s->asset->n_tags; k++)
                        tags += streq(rule->on_tags.at[i], s->asset->tags[k]);
        if (tags < rule->on_tags.n)
                return false;
        return !rule->on_zone.n || any_zone(s, &rule->on_zone);
}

static void mark_meant(struct policy_judge *j, const struct subject *s)
{
        for (size_t i = 0; i < j->policy->n_allow; i++)
                j->meant[i] |= is_on(s, &j->policy->rules[i]);
}

/* An approval must have all ports of a range; a prohibition is about any of them. */
static bool has_ports(const struct subject *s, const struct policy_rule *rule)
{
        if (!rule->n_ports)
                return !rule->transports || rule->transports & 1u << s->transport;
        for (size_t i = 0; i < rule->n_ports; i++) {
                const struct policy_ports *p = &rule->ports[i];
                uint16_t first = p->dynamic ? s->dynamic_low : p->first;
                uint16_t last = p->dynamic ? s->dynamic_high : p->last;

                if (!(p->transports & 1u << s->transport))
                        continue;
                if (rule->deny ? s->first <= last && s->last >= first : s->first >= first && s->last <= last)
                        return true;
        }
        return false;
}

/* A path, or the name alone. */
static bool is_program(const struct texts *globs, const char *exe)
{
        if (!exe)
                return false;
        for (size_t i = 0; i < globs->n; i++)
                if (glob_matches(globs->at[i], strchr(globs->at[i], '/') ? exe : str_basename(exe)))
                        return true;
        return false;
}

/* PID 1 holds the socket of a unit that is started for it: what counts is who answers. */
static bool holds_for_another(const struct listener *l, const struct process *p)
{
        return p->pid == 1 && l->activation;
}

static bool process_matches(const struct subject *s, const struct policy_rule *rule)
{
        const struct listener *l = s->listener;
        size_t counted = 0, matching = 0;

        for (size_t i = 0; i < l->n_processes; i++) {
                const struct process *p = l->processes[i];

                if (holds_for_another(l, p))
                        continue;
                counted++;
                matching += is_program(&rule->process, p->exe) || is_program(&rule->process, p->exe_there) ||
                            (!p->exe && is_program(&rule->process, p->name));
        }
        if (!counted && l->activation)
                return is_program(&rule->process,
                                  l->unit && l->unit->exec ? l->unit->exec : l->activation->exec);
        return rule->deny ? matching > 0 : counted && matching == counted;
}

static bool user_matches(const struct subject *s, const struct policy_rule *rule)
{
        const struct listener *l = s->listener;
        size_t counted = 0, matching = 0;

        for (size_t i = 0; i < l->n_processes; i++) {
                if (holds_for_another(l, l->processes[i]) && l->n_processes > 1)
                        continue;
                counted++;
                matching += globs_have(&rule->user, l->processes[i]->user);
        }
        return rule->deny ? matching > 0 : counted && matching == counted;
}

static bool container_matches(const struct listener *l, const struct texts *globs)
{
        return l->container && (globs_have(globs, l->container->name) ||
                                globs_have(globs, l->container->id) || globs_have(globs, l->container->pod));
}

static enum miss find_owner(const struct subject *s, const struct policy_rule *rule, unsigned *ret_notes)
{
        const struct listener *l = s->listener;

        if (!l) {
                if (!rule->process.n && !rule->unit.n && !rule->package.n && !rule->user.n &&
                    !rule->container.n)
                        return HIT;
                *ret_notes |= NOTE_OWNER;
                return rule->deny ? MISS_PROCESS : HIT;
        }
        if (rule->process.n && !process_matches(s, rule))
                return MISS_PROCESS;
        if (rule->unit.n && !globs_have(&rule->unit, l->unit ? l->unit->name : NULL) &&
            !globs_have(&rule->unit, l->activation ? l->activation->name : NULL))
                return MISS_UNIT;
        if (rule->package.n && !globs_have(&rule->package, l->package ? l->package->name : NULL))
                return MISS_PACKAGE;
        if (rule->user.n && !user_matches(s, rule))
                return MISS_USER;
        if (rule->container.n && !container_matches(l, &rule->container))
                return MISS_CONTAINER;
        return HIT;
}

/* What the packet filter was found to do with a zone. */
static enum reach_state reached_from(const struct subject *s, const char *zone)
{
        for (size_t i = 0; s->exposure && i < s->exposure->n_zones; i++)
                if (streq(s->exposure->zones[i].zone, zone))
                        return s->exposure->zones[i].state;
        return REACH_UNKNOWN;
}

/* The packet filter lets nothing in from elsewhere. */
static bool reached_only_from(const struct subject *s, const struct texts *zones)
{
        if (!s->exposure || !s->exposure->n_zones)
                return false;
        for (size_t i = 0; i < s->exposure->n_zones; i++) {
                const struct reach_zone *zone = &s->exposure->zones[i];

                if (zone->state != REACH_BLOCKED && !zone->apart && !has_text(zones, zone->zone))
                        return false;
        }
        return true;
}

/*
 * The packet filter is known to let this zone in, and it is none of those. The last zone is all that lies in none:
 * where no address is a public one, that is no way from the internet.
 */
static bool is_further(const struct subject *s, size_t index, const struct texts *zones)
{
        const struct reach_zone *zone = &s->exposure->zones[index];
        bool rest = index + 1 == s->exposure->n_zones;

        return zone->state == REACH_REACHABLE && !has_text(zones, zone->zone) &&
               (!rest || s->scope == EXPOSURE_INTERNET);
}

static bool reached_further(const struct subject *s, const struct texts *zones)
{
        for (size_t i = 0; s->exposure && i < s->exposure->n_zones; i++)
                if (is_further(s, i, zones))
                        return true;
        return false;
}

/* One of these zones reaches it: as the packet filter says, and where that is not known, because it lies there. */
static bool reached_from_any(const struct subject *s, const struct texts *zones)
{
        for (size_t i = 0; i < zones->n; i++) {
                enum reach_state state = reached_from(s, zones->at[i]);

                if (state == REACH_REACHABLE)
                        return true;
                for (size_t k = 0; state == REACH_UNKNOWN && k < s->n_zones; k++)
                        if (streq(s->zones[k], zones->at[i]))
                                return true;
        }
        return false;
}

/* An approval says how far it may reach at most, a prohibition from where it may not be reached. */
static bool is_from(const struct subject *s, const struct policy_rule *rule)
{
        unsigned at_least = rule->from >> s->scope;

        if (!rule->from && !rule->from_zones.n)
                return true;
        if (!rule->deny)
                return at_least || (s->scope < EXPOSURE_LINK && rule->from_zones.n) ||
                       (s->scope == EXPOSURE_LINK && all_zones(s, &rule->from_zones) &&
                        !reached_further(s, &rule->from_zones)) ||
                       reached_only_from(s, &rule->from_zones);
        if (s->scope >= EXPOSURE_LINK && reached_from_any(s, &rule->from_zones))
                return true;
        if (s->scope == EXPOSURE_PRIVATE)
                return rule->from & (1u << EXPOSURE_PRIVATE | 1u << EXPOSURE_LOOPBACK);
        return rule->from & ((1u << (s->scope + 1)) - 1) & ~(1u << EXPOSURE_PRIVATE);
}

/* --- what speaks there ----------------------------------------------------------------------- */

enum speech { SPEAKS, NOT_SEEN, DIFFERS };

static enum speech speaks(const struct subject *s, const char *protocol)
{
        if (!s->protocol)
                return NOT_SEEN;
        if (names_same(s->protocol, protocol) || strcasecmp(s->protocol, protocol) == 0)
                return SPEAKS;
        /* by the program alone, and not a name that can be compared: a guess is no proof of the contrary */
        return s->confirmed || (name_is_known(s->protocol) && name_is_known(protocol)) ? DIFFERS : NOT_SEEN;
}

static enum speech encrypts(const struct subject *s, unsigned encryption)
{
        if (s->encryption == ENCRYPTION_UNKNOWN)
                return NOT_SEEN;
        return encryption & 1u << s->encryption ? SPEAKS : DIFFERS;
}

/* Who forbids http means what anybody can read on the way. */
static bool is_denied_speech(const struct subject *s, const struct policy_rule *rule)
{
        if (rule->encryption && encrypts(s, rule->encryption) != SPEAKS)
                return false;
        if (!rule->protocol)
                return true;
        if (speaks(s, rule->protocol) != SPEAKS)
                return false;
        return rule->encryption || (s->encryption != ENCRYPTION_TLS && !name_over_tls(s->protocol));
}

static enum miss match(const struct subject *s, const struct policy_rule *rule, unsigned *ret_notes)
{
        enum miss miss;

        *ret_notes = 0;
        if (!has_ports(s, rule))
                return MISS_PORT;
        if (!is_on(s, rule))
                return MISS_ON;
        if (rule->deny && !is_denied_speech(s, rule))
                return MISS_SPEAKS;
        miss = find_owner(s, rule, ret_notes);
        if (miss != HIT)
                return miss;
        return is_from(s, rule) ? HIT : MISS_FROM;
}

/* --- sentences ------------------------------------------------------------------------------- */

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
                if (is_further(s, i, &rule->from_zones) && i + 1 < s->exposure->n_zones)
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
                if (!holds_for_another(l, l->processes[i]))
                        return l->processes[i]->exe ? l->processes[i]->exe : l->processes[i]->name;
        return NULL;
}

static const char *miss_text(struct policy_judge *j, const struct subject *s, const struct policy_rule *rule,
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

static const char *speech_text(struct policy_judge *j, const struct subject *s)
{
        if (s->encryption == ENCRYPTION_UNKNOWN || !s->protocol)
                return s->protocol ? s->protocol : "something else";
        return pool_printf(j->pool, "%s with encryption %s", s->protocol, encryption_name(s->encryption));
}

/* "smtp with encryption tls or starttls"; https says it by its name. */
static const char *wanted_text(struct policy_judge *j, const struct policy_rule *rule)
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

static const char *note_text(struct policy_judge *j, unsigned notes)
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

/* --- deciding -------------------------------------------------------------------------------- */

struct decision {
        struct judgement judgement;
        uint32_t index;
        unsigned goodness; /* of an approval that applies: 3 holds, 2 expired, 1 does not hold */
        enum miss nearest; /* of approvals that do not apply */
        uint32_t nearest_index;
        uint32_t too_far; /* the first that holds, and would apply to a listener that is reached from less far */
};

static const char *decided(struct policy_judge *j, uint32_t index, enum verdict verdict)
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
        enum speech protocol = rule->protocol ? speaks(s, rule->protocol) : SPEAKS;
        enum speech encryption = rule->encryption ? encrypts(s, rule->encryption) : SPEAKS;

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
                                           wanted_text(j, rule), speech_text(j, s)),
                               NULL});
                return;
        }
        notes |= (protocol == NOT_SEEN ? NOTE_PROTOCOL : 0u) |
                 (encryption == NOT_SEEN ? NOTE_ENCRYPTION : 0u);
        if (!policy_rule_needed(rule))
                decide(d, index, 1,
                       (struct judgement){VERDICT_UNAPPROVED, rule, decided(j, index, VERDICT_UNAPPROVED),
                                          NULL});
        else if (has_expired(j, rule))
                decide(d, index, 2,
                       (struct judgement){VERDICT_EXPIRED, rule, decided(j, index, VERDICT_EXPIRED), NULL});
        else
                decide(d, index, 3,
                       (struct judgement){VERDICT_APPROVED, rule, decided(j, index, VERDICT_APPROVED),
                                          note_text(j, notes)});
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
        enum miss miss = match(s, rule, &notes);

        if (miss == HIT && rule->deny)
                decide(d, index, 4,
                       (struct judgement){VERDICT_PROHIBITED, rule, decided(j, index, VERDICT_PROHIBITED),
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
                                              miss_text(j, s, rule, d.nearest));
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
                return decided(j, index, VERDICT_PROHIBITED);
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
                enum miss miss = match(&s, rule, &notes);

                if (miss == MISS_PORT && !all)
                        continue;
                told(rule, miss == HIT,
                     miss == HIT ? hit_text(j, &s, index, notes) : miss_text(j, &s, rule, miss), arg);
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
