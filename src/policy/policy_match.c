/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether a rule applies to what is judged: port, machine, owner, from where it is reached, what speaks there. */
#include <strings.h>

#include "base/str.h"
#include "knowledge/names.h"
#include "policy/glob.h"
#include "policy/policy_judge_own.h"

static bool has_text(const struct texts *texts, const char *s)
{
        for (size_t i = 0; i < texts->n; i++)
                if (streq(texts->at[i], s))
                        return true;
        return false;
}

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

bool policy_is_on(const struct subject *s, const struct policy_rule *rule)
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

bool policy_is_program(const struct texts *globs, const char *exe)
{
        if (!exe)
                return false;
        for (size_t i = 0; i < globs->n; i++)
                if (glob_matches(globs->at[i], strchr(globs->at[i], '/') ? exe : str_basename(exe)))
                        return true;
        return false;
}

bool policy_holds_for_another(const struct listener *l, const struct process *p)
{
        return p->pid == 1 && l->activation;
}

static bool process_matches(const struct subject *s, const struct policy_rule *rule)
{
        const struct listener *l = s->listener;
        size_t counted = 0, matching = 0;

        for (size_t i = 0; i < l->n_processes; i++) {
                const struct process *p = l->processes[i];

                if (policy_holds_for_another(l, p))
                        continue;
                counted++;
                matching += policy_is_program(&rule->process, p->exe) ||
                            policy_is_program(&rule->process, p->exe_there) ||
                            (!p->exe && policy_is_program(&rule->process, p->name));
        }
        if (!counted && l->activation)
                return policy_is_program(&rule->process,
                                  l->unit && l->unit->exec ? l->unit->exec : l->activation->exec);
        return rule->deny ? matching > 0 : counted && matching == counted;
}

static bool user_matches(const struct subject *s, const struct policy_rule *rule)
{
        const struct listener *l = s->listener;
        size_t counted = 0, matching = 0;

        for (size_t i = 0; i < l->n_processes; i++) {
                if (policy_holds_for_another(l, l->processes[i]) && l->n_processes > 1)
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

bool policy_is_further(const struct subject *s, size_t index, const struct texts *zones)
{
        const struct reach_zone *zone = &s->exposure->zones[index];
        bool rest = index + 1 == s->exposure->n_zones;

        return zone->state == REACH_REACHABLE && !has_text(zones, zone->zone) &&
               (!rest || s->scope == EXPOSURE_INTERNET);
}

static bool reached_further(const struct subject *s, const struct texts *zones)
{
        for (size_t i = 0; s->exposure && i < s->exposure->n_zones; i++)
                if (policy_is_further(s, i, zones))
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

enum speech policy_speaks(const struct subject *s, const char *protocol)
{
        if (!s->protocol)
                return NOT_SEEN;
        if (names_same(s->protocol, protocol) || strcasecmp(s->protocol, protocol) == 0)
                return SPEAKS;
        /* by the program alone, and not a name that can be compared: a guess is no proof of the contrary */
        return s->confirmed || (name_is_known(s->protocol) && name_is_known(protocol)) ? DIFFERS : NOT_SEEN;
}

enum speech policy_encrypts(const struct subject *s, unsigned encryption)
{
        if (s->encryption == ENCRYPTION_UNKNOWN)
                return NOT_SEEN;
        return encryption & 1u << s->encryption ? SPEAKS : DIFFERS;
}

/* Who forbids http means what anybody can read on the way. */
static bool is_denied_speech(const struct subject *s, const struct policy_rule *rule)
{
        if (rule->encryption && policy_encrypts(s, rule->encryption) != SPEAKS)
                return false;
        if (!rule->protocol)
                return true;
        if (policy_speaks(s, rule->protocol) != SPEAKS)
                return false;
        return rule->encryption || (s->encryption != ENCRYPTION_TLS && !name_over_tls(s->protocol));
}

enum miss policy_match(const struct subject *s, const struct policy_rule *rule, unsigned *ret_notes)
{
        enum miss miss;

        *ret_notes = 0;
        if (!has_ports(s, rule))
                return MISS_PORT;
        if (!policy_is_on(s, rule))
                return MISS_ON;
        if (rule->deny && !is_denied_speech(s, rule))
                return MISS_SPEAKS;
        miss = find_owner(s, rule, ret_notes);
        if (miss != HIT)
                return miss;
        return is_from(s, rule) ? HIT : MISS_FROM;
}
