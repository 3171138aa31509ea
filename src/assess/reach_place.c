/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "assess/reach_place.h"

#include <linux/if.h>

#include "base/str.h"
#include "model/range.h"

static const struct ruleset nothing;

/* --- numbers -------------------------------------------------------------------------------------- */

rule_number reach_number(const struct address *a)
{
        rule_number number = 0;

        for (unsigned i = 0; i < (a->family == 4 ? 4u : 16u); i++)
                number = number << 8 | a->bytes[i];
        return number;
}

struct address reach_address(unsigned family, rule_number number)
{
        struct address a = {.family = family == V4 ? 4 : 6};

        for (unsigned i = family == V4 ? 4 : 16; i-- > 0; number >>= 8)
                a.bytes[i] = (uint8_t)number;
        return a;
}

unsigned reach_family(const struct address *a)
{
        return a->family == 4 ? V4 : V6;
}

static struct rule_span network_of(const struct address *a, unsigned prefix)
{
        unsigned bits = a->family == 4 ? 32 : 128;
        rule_number host = prefix >= bits ? 0 : ~(rule_number)0 >> (128 - (bits - prefix));
        rule_number first = reach_number(a) & ~host;

        return (struct rule_span){first, first | host};
}

static rule_number device_number(const char *name)
{
        size_t len = strlen(name);
        rule_number number = 0;

        for (size_t i = 0; i < IFNAMSIZ; i++)
                number = number << 8 | (i < len ? (uint8_t)name[i] : 0);
        return number;
}

/* --- zones ---------------------------------------------------------------------------------------- */

/* Addresses that packets from other machines can have as their source. */
static void set_all(struct reaching *r)
{
        static const char *const parts[] = {
                "1.0.0.0-126.255.255.255", "128.0.0.0-223.255.255.255", "240.0.0.0-255.255.255.254",
                "::2-::fffe:ffff:ffff",    "::1:0:0:0-feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
        };
        struct rule_span spans[N_FAMILIES][array_len(parts)];
        size_t n[N_FAMILIES] = {0};

        for (size_t i = 0; i < array_len(parts); i++) {
                struct address_range range;
                unsigned family;

                if (address_range_parse(parts[i], false, &range, NULL, NULL) < 0)
                        continue;
                family = reach_family(&range.first);
                spans[family][n[family]++] = (struct rule_span){reach_number(&range.first), reach_number(&range.last)};
        }
        for (unsigned f = 0; f < N_FAMILIES; f++)
                r->all[f] = sources_of(&r->lasting, spans[f], n[f]);
}

static int compare_networks(const void *a, const void *b)
{
        const struct estate_network *x = *(const struct estate_network *const *)a,
                                    *y = *(const struct estate_network *const *)b;
        rule_number wide_x = reach_number(&x->range.last) - reach_number(&x->range.first);
        rule_number wide_y = reach_number(&y->range.last) - reach_number(&y->range.first);

        return wide_x == wide_y ? 0 : wide_x > wide_y ? -1 : 1;
}

static struct zone *zone_named(struct reaching *r, const char *name)
{
        struct zone *zone;

        vec_foreach (z, &r->zones)
                if (streq(z->name, name))
                        return z;
        zone = vec_push(&r->zones);
        zone->name = pool_intern(r->a->pool, name);
        return zone;
}

/* The narrowest network that has an address decides its zone: wide ones come first, and are painted over. */
static void paint(struct reaching *r, const struct estate_network *network)
{
        unsigned family = reach_family(&network->range.first);
        struct rule_span span = {reach_number(&network->range.first), reach_number(&network->range.last)};
        struct sources range = {&span, 1};
        struct zone *zone;

        vec_foreach (z, &r->zones)
                z->from[family] = sources_without(&r->lasting, z->from[family], range);
        if (!network->zone)
                return;
        zone = zone_named(r, network->zone);
        zone->from[family] = sources_union(&r->lasting, zone->from[family],
                                           sources_common(&r->lasting, r->all[family], range));
}

void reach_set_zones(struct reaching *r, const struct estate *estate)
{
        const struct estate_network **order;
        struct zone *rest;

        set_all(r);
        order = scratch_alloc(&r->lasting, ((estate ? estate->n_networks : 0) + 1) * sizeof(*order));
        for (size_t i = 0; estate && i < estate->n_networks; i++)
                order[i] = &estate->networks[i];
        if (estate && estate->n_networks > 1)
                qsort(order, estate->n_networks, sizeof(*order), compare_networks);
        for (size_t i = 0; estate && i < estate->n_networks; i++)
                paint(r, order[i]);
        rest = vec_push(&r->zones);
        rest->name = estate ? "internet" : "anywhere";
        for (unsigned f = 0; f < N_FAMILIES; f++) {
                rest->from[f] = r->all[f];
                for (size_t i = 0; i + 1 < r->zones.n; i++)
                        rest->from[f] = sources_without(&r->lasting, rest->from[f], r->zones.at[i].from[f]);
        }
}

/* --- the namespace -------------------------------------------------------------------------------- */

struct device *reach_find_device(const struct place *p, const char *name)
{
        vec_foreach (device, &p->devices)
                if (streq(device->name, name))
                        return device;
        return NULL;
}

static struct device *device_named(struct place *p, const char *name)
{
        struct device *device = reach_find_device(p, name);

        if (!device) {
                device = vec_push(&p->devices);
                *device = (struct device){.name = name, .number = device_number(name)};
        }
        return device;
}

static void add_link(struct reaching *r, struct device *device, unsigned family, struct rule_span network)
{
        device->links[family] = sources_union(&r->lasting, device->links[family], sources_of(&r->lasting, &network, 1));
}

static void add_device(struct reaching *r, const struct interface_address *a)
{
        struct rule_span network = network_of(&a->network, a->prefix_len);

        add_link(r, device_named(&r->place, a->device), reach_family(&a->address), network);
}

/* A part of an attached network that routes lead by another device, by which packets from there may come, too. */
static void add_routed(struct reaching *r, const struct routed *routed)
{
        struct rule_span network = network_of(&routed->to, routed->prefix_len);
        unsigned family = reach_family(&routed->to);

        vec_foreach (device, &r->place.devices)
                if (!routed->device || streq(device->name, routed->device))
                        add_link(r, device, family, network);
}

static bool leads_out(const struct interface_address *a, uint32_t netns)
{
        return a->netns == netns && a->up && a->device && !address_is_loopback(&a->address) && !streq(a->device, "lo");
}

/*
 * Addresses of the loopback device (anycast, service addresses) are reached over the others, and those of IPv4 also
 * where their device is down.
 */
bool reach_takes_packets(const struct interface_address *a, uint32_t netns)
{
        return a->netns == netns && (a->up || a->address.family == 4) && !address_is_loopback(&a->address);
}

void reach_set_place(struct reaching *r, uint32_t netns)
{
        const struct inside *view = r->a->view;
        const struct netns *ns = &view->netns.at[netns];
        struct place *p = &r->place;

        if (p->view && p->netns == netns)
                return;
        p->view = view;
        p->netns = netns;
        p->ruleset = ns->ruleset ? ns->ruleset : &nothing;
        p->unknown = !ns->ruleset && !ns->no_tables ? "the rules of the packet filter could not be read"
                     : ns->legacy_filter            ? "rules of legacy iptables are not read"
                     : p->ruleset->opaque           ? pool_printf(r->a->pool, "%s is not followed", p->ruleset->opaque)
                                                    : NULL;
        p->devices.n = 0;
        vec_foreach (a, &view->addresses)
                if (leads_out(a, netns))
                        add_device(r, a);
        p->addressed = p->devices.n > 0;
        vec_foreach (link, &view->links)
                if (link->netns == netns && !reach_find_device(p, link->device))
                        device_named(p, link->device)->quiet = true;
        vec_foreach (routed, &view->routed)
                if (routed->netns == netns && !routed->local)
                        add_routed(r, routed);
}

enum own reach_is_own(const void *arg, uint8_t family, rule_number number)
{
        const struct place *p = arg;
        struct address address = reach_address(family == 4 ? V4 : V6, number);
        enum own own = OWN_NOT;

        if (address_is_loopback(&address))
                return OWN_CERTAIN;
        vec_foreach (a, &p->view->addresses) {
                if (a->netns != p->netns || address_compare(&a->address, &address) != 0)
                        continue;
                if (a->up || family == 4)
                        return OWN_CERTAIN;
                own = OWN_PERHAPS; /* of IPv6 what is kept while a device is down is not there */
        }
        vec_foreach (routed, &p->view->routed) {
                struct rule_span network = network_of(&routed->to, routed->prefix_len);

                if (routed->netns == p->netns && routed->local && routed->to.family == family &&
                    network.first <= number && number <= network.last)
                        own = OWN_PERHAPS;
        }
        return own;
}

bool reach_has_more(const struct place *p, unsigned family)
{
        vec_foreach (routed, &p->view->routed)
                if (routed->netns == p->netns && routed->local && reach_family(&routed->to) == family)
                        return true;
        return false;
}

enum leaving reach_way_out(const void *arg, uint8_t family, rule_number number, rule_number *ret)
{
        const struct place *p = arg;
        const struct way_out key = {.netns = p->netns, .to = reach_address(family == 4 ? V4 : V6, number)};
        const struct way_out *way = p->view->ways_out.n
                                            ? bsearch(&key, p->view->ways_out.at, p->view->ways_out.n,
                                                      sizeof(key), way_out_order)
                                            : NULL;

        if (!way)
                return LEAVES_UNKNOWN;
        if (!way->device)
                return LEAVES_WRAPPED;
        *ret = device_number(way->device);
        return LEAVES_BY;
}
