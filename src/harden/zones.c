/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "harden/zones.h"

#include <fnmatch.h>

void from_release(struct from *from)
{
        str_release(&from->text);
}

void zone_lines_release(struct zone_lines *zones)
{
        vec_clear(&zones->names);
        vec_clear(&zones->zones);
        vec_clear(&zones->lines);
}

/* --- zones of the estate --------------------------------------------------------------------- */

static bool is_inside(const struct address_range *inner, const struct address_range *outer)
{
        return inner != outer && address_range_has(outer, &inner->first) &&
               address_range_has(outer, &inner->last);
}

/* An address is in the zone of the narrowest network that has it: narrower ones are taken out. */
static void add_network(const struct estate *e, size_t index, struct range_set *to)
{
        const struct estate_network *network = &e->networks[index];
        struct range_set own = {0}, others = {0};

        range_set_add(&own, &network->range);
        for (size_t i = 0; i < e->n_networks; i++)
                if (is_inside(&e->networks[i].range, &network->range))
                        range_set_add(&others, &e->networks[i].range);
        range_set_normalize(&own);
        range_set_normalize(&others);
        range_set_subtract(&own, &others);
        for (size_t i = 0; i < own.n; i++)
                range_set_add(to, &own.at[i]);
        range_set_release(&own);
        range_set_release(&others);
}

static const char *zone_line(struct maker *m, const char *zone, const char *name)
{
        _cleanup_(range_set_release) struct range_set set = {0};
        _cleanup_str_ struct str line = {0};
        char buf[RANGE_TEXT_SIZE];

        for (size_t i = 0; m->in->estate && i < m->in->estate->n_networks; i++)
                if (streq_ptr(m->in->estate->networks[i].zone, zone))
                        add_network(m->in->estate, i, &set);
        range_set_normalize(&set);
        if (!set.n)
                return NULL;
        str_addf(&line, "zone %s", name);
        for (size_t i = 0; i < set.n; i++)
                str_addf(&line, " %s", address_range_format(&set.at[i], buf));
        return pool_intern(m->pool, line.text);
}

static bool is_taken(const struct maker *m, const struct zone_lines *zones, const char *name)
{
        for (size_t i = 0; m->in->estate && i < m->in->estate->n_networks; i++)
                if (streq_ptr(m->in->estate->networks[i].zone, name))
                        return true;
        vec_foreach(used, &zones->names)
                if (streq(*used, name))
                        return true;
        return false;
}

/* "zone2" for one whose name the firewall cannot have. */
static const char *name_zone(struct maker *m, const struct zone_lines *zones, const char *zone)
{
        const char *name = zone;

        if (firewall_zone_name_valid(zone))
                return zone;
        for (size_t i = zones->zones.n + 1; name == zone || is_taken(m, zones, name); i++)
                name = pool_printf(m->pool, "zone%zu", i);
        return name;
}

/* The zone's name in the firewall, where its line is by then; NULL: the estate does not know it. */
static const char *use_zone(struct maker *m, struct zone_lines *zones, const char *zone)
{
        const char *name, *line;

        for (size_t i = 0; i < zones->zones.n; i++)
                if (streq(zones->zones.at[i], zone))
                        return zones->names.at[i];
        name = name_zone(m, zones, zone);
        line = zone_line(m, zone, name);
        if (!line)
                return NULL;
        *vec_push(&zones->names) = name;
        *vec_push(&zones->zones) = zone;
        *vec_push(&zones->lines) = line;
        return name;
}

/* --- networks of this machine ---------------------------------------------------------------- */

bool is_bridge_of_guests(const char *device)
{
        static const char *const globs[] = {
                "docker[0-9]*",  "br-[0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f]*",
                "podman[0-9]*",  "cni-*",
                "cni[0-9]*",     "virbr[0-9]*",
                "lxcbr[0-9]*",   "lxdbr[0-9]*",
                "incusbr[0-9]*", NULL,
        };

        for (const char *const *glob = globs; device && *glob; glob++)
                if (fnmatch(*glob, device, 0) == 0)
                        return true;
        return false;
}

void add_attached(const struct maker *m, bool bridges, struct str *to)
{
        _cleanup_(range_set_release) struct range_set set = {0};
        char buf[RANGE_TEXT_SIZE];

        vec_foreach(a, &m->view->addresses) {
                char address[ADDRESS_TEXT_SIZE];
                _cleanup_free_ char *text = NULL;
                struct address_range range;

                if (a->netns >= m->view->netns.n || !m->view->netns.at[a->netns].own ||
                    address_is_loopback(&a->address) || (bridges && !is_bridge_of_guests(a->device)))
                        continue;
                text = xasprintf("%s/%u", address_format(&a->network, address), a->prefix_len);
                if (address_range_parse(text, false, &range, NULL, NULL) == 0)
                        range_set_add(&set, &range);
        }
        range_set_normalize(&set);
        for (size_t i = 0; i < set.n; i++)
                str_addf(to, " %s", address_range_format(&set.at[i], buf));
}

/* --- rules ----------------------------------------------------------------------------------- */

#define SHOWN_NETWORKS 8

/* The first networks of a list, as people can read it; a machine may have thousands. */
static const char *first_few(struct maker *m, const char *list)
{
        const char *end = list;
        size_t n = 0, more = 0;

        for (const char *at = list; *at; at++)
                if (*at == ' ' && n++ < SHOWN_NETWORKS)
                        end = at;
        if (n <= SHOWN_NETWORKS)
                return list + 1;
        end += 1 + strcspn(end + 1, " ");
        more = n - SHOWN_NETWORKS;
        return pool_printf(m->pool, "%.*s and %zu more", (int)(end - list - 1), list + 1, more);
}

/* In a namespace of its own all that is reached is of that exposure: those it is attached to are meant. */
static const char *meant_by_link(struct maker *m, const struct policy_rule *rule)
{
        if (rule->from & 1u << EXPOSURE_LINK)
                return "link";
        vec_foreach(ns, &m->view->netns)
                if (ns->own && ns->kind != NETNS_HOST && rule->from & 1u << EXPOSURE_PRIVATE)
                        return "private";
        return NULL;
}

static void add_link(struct maker *m, const struct policy_rule *rule, const char *word, struct draft *d, struct str *to)
{
        _cleanup_str_ struct str attached = {0};

        add_attached(m, false, &attached);
        str_add(to, str_text(&attached));
        draft_warn(
                d,
                pool_printf(
                        m->pool,
                        "Line %u (%s) says `from: %s`: only networks this machine is attached to get in "
                        "(%s). Name a zone where others need it.",
                        rule->line, rule->what, word, attached.len ? first_few(m, attached.text) : "none is seen"));
}

void from_of_rule(struct maker *m, const struct policy_rule *rule, struct zone_lines *zones, struct draft *d,
                  struct from *ret)
{
        _cleanup_str_ struct str places = {0};

        *ret = (struct from){0};
        ret->anywhere = rule->from & 1u << EXPOSURE_INTERNET || (!rule->from && !rule->from_zones.n);
        if (ret->anywhere)
                return;
        for (size_t i = 0; i < rule->from_zones.n; i++) {
                const char *name = use_zone(m, zones, rule->from_zones.at[i]);

                if (name)
                        str_addf(&places, " %s", name);
                else
                        draft_warn(
                                d,
                                pool_printf(
                                        m->pool,
                                        "Line %u (%s) lets in zone %s, which estate.yaml gives no network: "
                                        "nobody gets in by that.",
                                        rule->line, rule->what, rule->from_zones.at[i]));
        }
        if (meant_by_link(m, rule))
                add_link(m, rule, meant_by_link(m, rule), d, &places);
        ret->nowhere = !places.len;
        if (places.len)
                str_addf(&ret->text, " from%s", places.text);
}
