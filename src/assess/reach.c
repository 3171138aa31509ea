/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who gets through the packet filter to a listener: questions to the ruleset, and their answers by zone. */
#include <linux/if.h>
#include <netinet/in.h>

#include "assess/assess.h"
#include "assess/reach_walk.h"
#include "base/str.h"
#include "model/range.h"

#define MAX_TARGETS 16 /* own addresses asked one by one; more are asked as "some address of this host" */
#define MAX_DEVICES 16 /* likewise */
#define MAX_PORTS   16 /* of a range that is forwarded */
#define MAX_PARTS   2  /* ranges that a phrase names */

enum { V4, V6, N_FAMILIES };

static const struct ruleset nothing;

struct zone {
        const char *name;
        struct sources from[N_FAMILIES];
};

struct device {
        const char *name;
        rule_number number;
        struct sources links[N_FAMILIES]; /* networks it is attached to */
        bool quiet; /* it has no address: nothing is expected by it, but packets may come */
};

struct place { /* a network namespace */
        const struct inside *view;
        uint32_t netns;
        const struct ruleset *ruleset;
        const char *unknown; /* why nothing can be said; or NULL */
        vec(struct device) devices; /* quiet ones behind the others */
        bool addressed;             /* one of them is not quiet */
};

struct reaching {
        struct assessment *a;
        struct scratch lasting; /* zones and devices */
        vec(struct zone) zones;
        struct sources all[N_FAMILIES];
        struct place place;
};

/* What becomes of first packets that come by a device, to one of the addresses. */
struct by_device {
        const struct device *device;
        unsigned family;
        struct sources from, arrives, sure;
};

/* What was found out of one listener, over all its addresses, devices and families. */
struct found {
        struct scratch scratch;
        struct answer answer; /* stops and doubts of all questions, with the family in `families` */
        vec(uint8_t) stop_family, doubt_family;
        vec(struct by_device) by_device;
        struct sources arrives[N_FAMILIES]; /* may get there, by some address and device */
        struct sources sure[N_FAMILIES];    /* get there, by some address and every device */
        bool asked[N_FAMILIES];
        bool group; /* what may get there was sent to a group */
        bool foreign; /* it is bound to an address that is none of this host */
        bool usual;
};

/* --- numbers -------------------------------------------------------------------------------------- */

static rule_number number_of(const struct address *a)
{
        rule_number number = 0;

        for (unsigned i = 0; i < (a->family == 4 ? 4u : 16u); i++)
                number = number << 8 | a->bytes[i];
        return number;
}

static struct address address_of(unsigned family, rule_number number)
{
        struct address a = {.family = family == V4 ? 4 : 6};

        for (unsigned i = family == V4 ? 4 : 16; i-- > 0; number >>= 8)
                a.bytes[i] = (uint8_t)number;
        return a;
}

static unsigned family_index(const struct address *a)
{
        return a->family == 4 ? V4 : V6;
}

static struct rule_span network_of(const struct address *a, unsigned prefix)
{
        unsigned bits = a->family == 4 ? 32 : 128;
        rule_number host = prefix >= bits ? 0 : ~(rule_number)0 >> (128 - (bits - prefix));
        rule_number first = number_of(a) & ~host;

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
                family = family_index(&range.first);
                spans[family][n[family]++] = (struct rule_span){number_of(&range.first), number_of(&range.last)};
        }
        for (unsigned f = 0; f < N_FAMILIES; f++)
                r->all[f] = sources_of(&r->lasting, spans[f], n[f]);
}

static int compare_networks(const void *a, const void *b)
{
        const struct estate_network *x = *(const struct estate_network *const *)a,
                                    *y = *(const struct estate_network *const *)b;
        rule_number wide_x = number_of(&x->range.last) - number_of(&x->range.first);
        rule_number wide_y = number_of(&y->range.last) - number_of(&y->range.first);

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
        unsigned family = family_index(&network->range.first);
        struct rule_span span = {number_of(&network->range.first), number_of(&network->range.last)};
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

static void set_zones(struct reaching *r, const struct estate *estate)
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

static struct device *find_device(const struct place *p, const char *name)
{
        vec_foreach (device, &p->devices)
                if (streq(device->name, name))
                        return device;
        return NULL;
}

static struct device *device_named(struct place *p, const char *name)
{
        struct device *device = find_device(p, name);

        if (!device) {
                device = vec_push(&p->devices);
                *device = (struct device){.name = name, .number = device_number(name)};
        }
        return device;
}

static void add_device(struct reaching *r, const struct interface_address *a)
{
        struct rule_span network = network_of(&a->address, a->prefix_len);
        unsigned family = family_index(&a->address);
        struct device *device = device_named(&r->place, a->device);

        device->links[family] = sources_union(&r->lasting, device->links[family],
                                              sources_of(&r->lasting, &network, 1));
}

static bool leads_out(const struct interface_address *a, uint32_t netns)
{
        return a->netns == netns && a->up && a->device && !address_is_loopback(&a->address) && !streq(a->device, "lo");
}

/* Addresses of the loopback device (anycast, service addresses) are reached over the others. */
static bool takes_packets(const struct interface_address *a, uint32_t netns)
{
        return a->netns == netns && a->up && !address_is_loopback(&a->address);
}

static void set_place(struct reaching *r, uint32_t netns)
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
                if (link->netns == netns && !find_device(p, link->device))
                        device_named(p, link->device)->quiet = true;
}

static bool is_own(const void *arg, uint8_t family, rule_number number)
{
        const struct place *p = arg;
        struct address address = address_of(family == 4 ? V4 : V6, number);

        if (address_is_loopback(&address))
                return true;
        vec_foreach (a, &p->view->addresses)
                if (a->netns == p->netns && address_compare(&a->address, &address) == 0)
                        return true;
        return false;
}

/* By the network it is attached to: the narrowest. */
static bool way_out(const void *arg, uint8_t family, rule_number number, rule_number *ret)
{
        const struct place *p = arg;
        const struct interface_address *best = NULL;

        vec_foreach (a, &p->view->addresses) {
                struct rule_span network;

                if (!leads_out(a, p->netns) || a->address.family != family)
                        continue;
                network = network_of(&a->address, a->prefix_len);
                if (network.first <= number && number <= network.last && (!best || a->prefix_len > best->prefix_len))
                        best = a;
        }
        if (best)
                *ret = device_number(best->device);
        return best != NULL;
}

/* --- questions ------------------------------------------------------------------------------------ */

/* Sources attached to a device come by it and no other; the rest may come by any. */
static struct sources sources_by(struct reaching *r, struct found *f, const struct device *device, unsigned family)
{
        struct sources from = r->all[family];

        vec_foreach (d, &r->place.devices)
                if (d != device)
                        from = sources_without(&f->scratch, from,
                                               sources_without(&f->scratch, d->links[family], device->links[family]));
        return from;
}

static void keep_reasons(struct found *f, struct answer *answer, unsigned family)
{
        vec_foreach (stop, &answer->stops) {
                *vec_push(&f->answer.stops) = *stop;
                *vec_push(&f->stop_family) = (uint8_t)family;
        }
        vec_foreach (doubt, &answer->doubts) {
                *vec_push(&f->answer.doubts) = *doubt;
                *vec_push(&f->doubt_family) = (uint8_t)family;
        }
}

static void keep_device(struct found *f, const struct device *device, const struct packet *packet, struct sources from,
                        const struct answer *answer)
{
        struct by_device by = {
                .device = device,
                .family = packet->family == 4 ? V4 : V6,
                .from = from,
                .arrives = answer->arrives,
        };

        if (packet->later)
                return;
        if (packet->to != TO_GROUP) /* of a group it is not known whether the listener is in it */
                by.sure = sources_without(&f->scratch, answer->arrives, answer->fails);
        *vec_push(&f->by_device) = by;
}

struct split { /* of one destination, by every device */
        struct sources arrives, fails;
};

static struct split ask_devices(struct reaching *r, struct found *f, const struct listener *l, struct packet packet,
                                const struct packet_goal *goal, bool inside)
{
        const struct place *place = &r->place;
        unsigned family = packet.family == 4 ? V4 : V6;
        bool known = !l->device || find_device(place, l->device);
        bool by_device = (place->ruleset->names_devices || l->device) && known && place->devices.n <= MAX_DEVICES;
        size_t n = by_device ? place->devices.n : 1;
        struct split all = {.fails = {0}};

        for (size_t i = 0; i < n && !f->answer.too_much; i++) {
                const struct device *device = by_device ? &place->devices.at[i] : NULL;
                struct sources from = device ? sources_by(r, f, device, family) : r->all[family];
                bool expected = !device || !device->quiet || l->device;
                struct answer answer = {0};

                if (device && l->device && !streq(l->device, device->name))
                        continue;
                packet.knows_device = device != NULL;
                packet.device = device ? device->number : 0;
                reach_ask(place->ruleset, &f->scratch, &packet, from, goal, f->usual, inside, &answer);
                f->answer.too_much = answer.too_much;
                if (expected || answer.arrives.n) {
                        if (device)
                                keep_device(f, device, &packet, from, &answer);
                        keep_reasons(f, &answer, family);
                }
                all.arrives = sources_union(&f->scratch, all.arrives, answer.arrives);
                if (expected)
                        all.fails = sources_union(&f->scratch, all.fails, answer.fails);
                answer_release(&answer);
        }
        return all;
}

static void ask_target(struct reaching *r, struct found *f, const struct listener *l, struct packet packet,
                       const struct packet_goal *goal, bool inside)
{
        unsigned family = packet.family == 4 ? V4 : V6;
        struct split first = ask_devices(r, f, l, packet, goal, inside), later;
        struct sources sure = sources_without(&f->scratch, first.arrives, first.fails);

        f->asked[family] = true;
        f->arrives[family] = sources_union(&f->scratch, f->arrives[family], first.arrives);
        if (packet.to == TO_GROUP) {
                f->group = f->group || first.arrives.n;
                return;
        }
        /* a connection is more than its first packet */
        if (l->transport == TRANSPORT_TCP && sure.n && !inside) {
                packet.later = true;
                later = ask_devices(r, f, l, packet, goal, inside);
                sure = sources_common(&f->scratch, sure, sources_without(&f->scratch, later.arrives, later.fails));
        }
        if (!inside)
                f->sure[family] = sources_union(&f->scratch, f->sure[family], sure);
}

static uint16_t protocol_of(const struct listener *l)
{
        static const uint8_t numbers[] = {
                [TRANSPORT_TCP] = IPPROTO_TCP,
                [TRANSPORT_UDP] = IPPROTO_UDP,
                [TRANSPORT_UDPLITE] = IPPROTO_UDPLITE,
                [TRANSPORT_SCTP] = IPPROTO_SCTP,
        };

        return l->transport < TRANSPORT_RAW ? numbers[l->transport] : l->port;
}

static struct packet packet_to(const struct listener *l, unsigned family, uint16_t port)
{
        return (struct packet){
                .family = family == V4 ? 4 : 6,
                .protocol = protocol_of(l),
                .has_port = l->transport < TRANSPORT_RAW,
                .port = port,
                .to = TO_HERE,
                .own = true,
        };
}

/* Where it is led, or that it gets to this host as it is. */
static struct packet_goal goal_of(const struct reaching *r, const struct listener *l, uint16_t port)
{
        struct packet_goal goal = {.port = port, .is_own = is_own, .way_out = way_out, .arg = &r->place};
        struct address bound = address_unmapped(&l->address);
        const struct forward *forward = l->forward;

        if (!forward) {
                goal.here = !bound.family || address_is_any(&bound);
                goal.target = goal.here ? 0 : number_of(&bound);
                return goal;
        }
        goal.forwarded = true;
        goal.here = !forward->to.family;
        goal.target = goal.here ? 0 : number_of(&forward->to);
        goal.port = forward->to_port ? forward->to_port : port;
        return goal;
}

static void ask_one(struct reaching *r, struct found *f, const struct listener *l, const struct address *address,
                    uint16_t port, bool inside)
{
        struct packet_goal goal = goal_of(r, l, port);
        struct packet packet = packet_to(l, family_index(address), port);

        packet.to = TO_ADDRESS;
        packet.target = number_of(address);
        if (l->forward)
                packet.own = is_own(&r->place, address->family, packet.target);
        packet.translated = inside;
        ask_target(r, f, l, packet, &goal, inside);
}

/* TCP and SCTP are between two; what is led on was sent to one address. */
static bool takes_groups(const struct listener *l)
{
        return l->transport != TRANSPORT_TCP && l->transport != TRANSPORT_SCTP && !l->forward;
}

/* Who has no address yet (DHCP) sends from 0.0.0.0, to all: it may be of any zone on that link. */
static void ask_nameless(struct reaching *r, struct found *f, const struct listener *l, struct packet packet,
                         const struct packet_goal *goal)
{
        static const struct rule_span nobody = {0, 0};
        bool known = !l->device || find_device(&r->place, l->device);

        vec_foreach (device, &r->place.devices) {
                struct answer answer = {0};

                if (l->device && known && !streq(l->device, device->name))
                        continue;
                packet.knows_device = known;
                packet.device = device->number;
                reach_ask(r->place.ruleset, &f->scratch, &packet, (struct sources){&nobody, 1}, goal, f->usual, false,
                          &answer);
                if (answer.arrives.n) {
                        f->arrives[V4] = sources_union(&f->scratch, f->arrives[V4], sources_by(r, f, device, V4));
                        f->group = true;
                }
                f->answer.too_much = f->answer.too_much || answer.too_much;
                answer_release(&answer);
        }
}

static void ask_group(struct reaching *r, struct found *f, const struct listener *l, unsigned family, uint16_t port)
{
        struct packet_goal goal = goal_of(r, l, port);
        struct packet packet = packet_to(l, family, port);

        packet.to = TO_GROUP;
        packet.own = false;
        goal.here = true;
        ask_target(r, f, l, packet, &goal, false);
        if (family == V4)
                ask_nameless(r, f, l, packet, &goal);
}

static size_t count_own(const struct reaching *r, unsigned family)
{
        size_t n = 0;

        vec_foreach (a, &r->a->view->addresses)
                n += takes_packets(a, r->place.netns) && family_index(&a->address) == family;
        return n;
}

/* Every address of this host of that family. */
static void ask_family(struct reaching *r, struct found *f, const struct listener *l, unsigned family, uint16_t port,
                       bool inside)
{
        struct packet_goal goal = goal_of(r, l, port);
        struct packet packet = packet_to(l, family, port);
        size_t n = count_own(r, family);

        if (!n)
                return;
        if (r->place.ruleset->names_targets && n <= MAX_TARGETS) {
                vec_foreach (a, &r->a->view->addresses)
                        if (takes_packets(a, r->place.netns) && family_index(&a->address) == family)
                                ask_one(r, f, l, &a->address, port, inside);
        } else {
                packet.translated = inside;
                ask_target(r, f, l, packet, &goal, inside);
        }
        if (takes_groups(l) && !inside)
                ask_group(r, f, l, family, port);
}

static void ask_port(struct reaching *r, struct found *f, const struct listener *l, uint16_t port, bool inside)
{
        struct address bound = address_unmapped(&l->address);
        const struct address *to = l->forward ? &l->forward->to : NULL;

        /* a multicast group, a broadcast address, or one that this host does not have yet */
        if (bound.family && !address_is_any(&bound) && !l->forward &&
            !is_own(&r->place, bound.family, number_of(&bound))) {
                f->foreign = true;
                if (!inside)
                        ask_group(r, f, l, family_index(&bound), port);
                return;
        }
        if (bound.family && !address_is_any(&bound)) {
                ask_one(r, f, l, &bound, port, inside);
                return;
        }
        for (unsigned family = 0; family < N_FAMILIES; family++) {
                bool takes = !bound.family || family_index(&bound) == family || (l->dual_stack && family == V4);

                if (takes && (!to || !to->family || family_index(to) == family))
                        ask_family(r, f, l, family, port, inside);
        }
}

static void ask(struct reaching *r, struct found *f, const struct listener *l, bool usual)
{
        unsigned last = l->port_last > l->port ? l->port_last : l->port;

        f->usual = usual;
        if (last - l->port >= MAX_PORTS)
                f->answer.too_much = true;
        for (unsigned port = l->port; port <= last && !f->answer.too_much; port++)
                ask_port(r, f, l, (uint16_t)port, false);
}

/* Some NAT rule may lead packets for other ports to this one. */
static bool may_be_led_to(const struct reaching *r, const struct listener *l)
{
        const struct ruleset *ruleset = r->place.ruleset;

        if (l->forward || l->transport >= TRANSPORT_RAW)
                return false;
        for (size_t i = 0; i < ruleset->n_nats; i++) {
                const struct rule_nat *nat = ruleset->nats[i];

                if (!nat->clear)
                        return true;
                if (nat->first && (l->port < nat->first || l->port > nat->last))
                        continue;
                if (nat->here || !nat->to.family || is_own(&r->place, nat->to.family, number_of(&nat->to)))
                        return true;
        }
        return false;
}

/* --- answers -------------------------------------------------------------------------------------- */

static void found_release(struct found *f)
{
        answer_release(&f->answer);
        vec_clear(&f->stop_family);
        vec_clear(&f->doubt_family);
        vec_clear(&f->by_device);
        scratch_release(&f->scratch);
}

static const char *place_text(struct pool *pool, const struct rule_place *at)
{
        if (!at->chain)
                return NULL;
        if (!at->handle)
                return pool_printf(pool, "policy of %s %s %s", at->chain->family, at->chain->table, at->chain->name);
        return pool_printf(pool, "%s %s %s handle %llu", at->chain->family, at->chain->table, at->chain->name,
                           (unsigned long long)at->handle);
}

static bool touches(struct found *f, const struct zone *zone, unsigned family, struct sources from)
{
        return sources_common(&f->scratch, zone->from[family], from).n > 0;
}

static const char *led_text(struct pool *pool, const struct rule_nat *nat)
{
        char text[ADDRESS_TEXT_SIZE];

        if (nat->here || !nat->to.family)
                return pool_printf(pool, "led to port %u of this host instead", nat->first);
        return pool_printf(pool, "led to %s instead", address_format(&nat->to, text));
}

/* What stops packets of a zone: the first, and how many others do. */
static void tell_stops(struct reaching *r, struct found *f, const struct zone *zone, struct reach_zone *to)
{
        const struct stop *first = NULL;
        const struct stop *seen[8];
        size_t n = 0;

        for (size_t i = 0; i < f->answer.stops.n; i++) {
                const struct stop *stop = &f->answer.stops.at[i];
                bool known = false;

                if (!touches(f, zone, f->stop_family.at[i], stop->from))
                        continue;
                first = first ? first : stop;
                for (size_t k = 0; k < n; k++)
                        known = known || (seen[k]->at.chain == stop->at.chain && seen[k]->at.handle == stop->at.handle);
                if (!known && n < array_len(seen))
                        seen[n++] = stop;
        }
        if (!first) {
                to->by = "the packet filter";
                return;
        }
        to->by = first->at.chain ? place_text(r->a->pool, &first->at) : "no rule that leads it on";
        if (first->nat)
                to->why = led_text(r->a->pool, first->nat);
        else if (n > 1)
                to->why = pool_printf(r->a->pool, "and %zu more", n - 1);
}

enum way { WAY_NONE, WAY_SHUT, WAY_UNSURE, WAY_PART, WAY_OPEN };

/* What a device does with packets of a zone: all addresses of this host taken together. */
static enum way way_by(struct found *f, const struct zone *zone, const struct device *device)
{
        enum way way = WAY_NONE;

        vec_foreach (by, &f->by_device) {
                struct sources from = sources_common(&f->scratch, zone->from[by->family], by->from);
                struct sources may = sources_common(&f->scratch, from, by->arrives);
                struct sources sure = sources_common(&f->scratch, may, by->sure);
                enum way one = sources_equal(sure, from)           ? WAY_OPEN
                               : sure.n && sources_equal(sure, may) ? WAY_PART
                               : may.n                             ? WAY_UNSURE
                                                                   : WAY_SHUT;

                if (by->device == device && from.n && one > way)
                        way = one;
        }
        return way;
}

/* "it gets in by eth0, not by docker0"; "part of it" where rules stop the rest; NULL: that does not make it unknown. */
static const char *ways_text(struct reaching *r, struct found *f, const struct zone *zone)
{
        _cleanup_str_ struct str open = {0}, shut = {0};
        bool part = false;

        vec_foreach (device, &r->place.devices) {
                enum way way = way_by(f, zone, device);
                struct str *to = way >= WAY_PART ? &open : &shut;

                if (way == WAY_UNSURE)
                        return NULL;
                part = part || way == WAY_PART;
                if (way != WAY_NONE)
                        str_addf(to, "%s%s", to->len ? ", " : "", device->name);
        }
        if (!open.len || !shut.len)
                return NULL;
        return pool_printf(r->a->pool, "%s gets in by %s, not by %s", part ? "part of it" : "it", str_text(&open),
                           str_text(&shut));
}

static void tell_doubt(struct reaching *r, struct found *f, const struct zone *zone, struct reach_zone *to)
{
        const char *at;

        to->why = ways_text(r, f, zone);
        if (to->why)
                return;
        to->why = f->foreign ? "its address is not this host's alone, or not yet"
                  : f->group   ? "packets to a multicast or broadcast address may get in"
                             : "it hangs on the interface a packet comes by, or packets behind the first are stopped";
        for (size_t i = 0; i < f->answer.doubts.n; i++) {
                const struct doubt *doubt = &f->answer.doubts.at[i];

                if (!touches(f, zone, f->doubt_family.at[i], doubt->from))
                        continue;
                at = place_text(r->a->pool, &doubt->at);
                to->why = pool_printf(r->a->pool, "%s decides (%s)", doubt->words, at ? at : "the packet filter");
                return;
        }
}

static void add_part(struct str *to, unsigned family, const struct rule_span *span)
{
        struct address_range range = {address_of(family, span->first), address_of(family, span->last)};
        char text[RANGE_TEXT_SIZE];

        str_addf(to, "%s%s", to->len ? ", " : "", address_range_format(&range, text));
}

/* From which part of the zone, and what of the others; nothing when from all of it. */
static const char *part_text(struct reaching *r, struct found *f, const struct zone *zone, struct found *usual)
{
        _cleanup_str_ struct str parts = {0};
        size_t n = 0;
        bool whole = true, doubtful = false;

        for (unsigned family = 0; family < N_FAMILIES; family++) {
                struct sources in = sources_common(&f->scratch, zone->from[family], usual->sure[family]);
                struct sources may = sources_common(&f->scratch, zone->from[family], usual->arrives[family]);

                if (!usual->asked[family])
                        continue;
                doubtful = doubtful || sources_without(&f->scratch, may, in).n;
                whole = whole && sources_equal(sources_of(&f->scratch, in.at, in.n), zone->from[family]);
                for (size_t i = 0; i < in.n; i++)
                        if (n++ < MAX_PARTS)
                                add_part(&parts, family, &in.at[i]);
        }
        if (whole)
                return usual == f ? NULL : "within the limits of its rules";
        if (n > MAX_PARTS)
                str_addf(&parts, " and %zu more", n - MAX_PARTS);
        return pool_printf(r->a->pool, "from %s%s", str_text(&parts),
                           doubtful ? "; of other sources it is not known" : " only");
}

static bool is_sure(struct found *f, const struct zone *zone)
{
        for (unsigned family = 0; family < N_FAMILIES; family++)
                if (touches(f, zone, family, f->sure[family]))
                        return true;
        return false;
}

static bool may_arrive(struct found *f, const struct zone *zone)
{
        for (unsigned family = 0; family < N_FAMILIES; family++)
                if (touches(f, zone, family, f->arrives[family]))
                        return true;
        return false;
}

static bool is_asked(const struct found *f, const struct zone *zone)
{
        for (unsigned family = 0; family < N_FAMILIES; family++)
                if (f->asked[family] && zone->from[family].n)
                        return true;
        return false;
}

struct findings { /* of one listener, in the three ways it is asked about */
        struct found strict, usual, led;
        bool has_usual, has_led;
};

static void tell_zone(struct reaching *r, const struct listener *l, const struct zone *zone, struct findings *f,
                      struct reach_zone *to)
{
        const char *also = r->place.ruleset->also_asked;

        *to = (struct reach_zone){.zone = zone->name};
        if (r->place.unknown || f->strict.answer.too_much) {
                to->why = r->place.unknown ? r->place.unknown : "too much to follow";
                return;
        }
        if (!is_asked(&f->strict, zone)) {
                to->apart = true;
                to->why = "it has no addresses of the family that is listened on";
                return;
        }
        if (!may_arrive(&f->strict, zone)) {
                if (f->has_led && (f->led.answer.too_much || may_arrive(&f->led, zone))) {
                        to->why = "stopped at this port, but a NAT rule may lead another port to it";
                        return;
                }
                to->state = REACH_BLOCKED;
                tell_stops(r, &f->strict, zone, to);
                return;
        }
        if (also) {
                to->why = pool_printf(r->a->pool, "%s are not followed", also);
        } else if (is_sure(&f->strict, zone)) {
                to->state = REACH_REACHABLE;
                to->why = part_text(r, &f->strict, zone, &f->strict);
        } else if (f->has_usual && !f->usual.answer.too_much && is_sure(&f->usual, zone)) {
                to->state = REACH_REACHABLE;
                to->why = part_text(r, &f->strict, zone, &f->usual);
        } else {
                tell_doubt(r, &f->strict, zone, to);
        }
}

static bool needs_usual(struct reaching *r, struct found *f)
{
        if (r->place.unknown || f->answer.too_much || !r->place.ruleset->has_usual)
                return false;
        vec_foreach (zone, &r->zones)
                if (may_arrive(f, zone) && !is_sure(f, zone))
                        return true;
        return false;
}

static bool needs_led(struct reaching *r, struct found *f, const struct listener *l)
{
        if (r->place.unknown || !may_be_led_to(r, l))
                return false;
        vec_foreach (zone, &r->zones)
                if (!may_arrive(f, zone))
                        return true;
        return false;
}

/* exposure_of() says that it did not look at packet filters. */
static void drop_caveat(struct pool *pool, struct exposure *e)
{
        const char *caveat = strstr(e->why, "; packet filters not considered");

        for (size_t i = 0; caveat && i < e->n_zones; i++)
                if (e->zones[i].state != REACH_UNKNOWN) {
                        e->why = pool_printf(pool, "%.*s", (int)(caveat - e->why), e->why);
                        return;
                }
}

/* What follows for the exposure as a whole. */
static void conclude(struct pool *pool, struct exposure *e)
{
        size_t n_blocked = 0, n_apart = 0, n_from = 1, last = e->n_zones - 1;
        const struct reach_zone *first = NULL;

        for (size_t i = 0; i < e->n_zones; i++) {
                n_blocked += e->zones[i].state == REACH_BLOCKED;
                n_apart += e->zones[i].apart;
                if (e->zones[i].state == REACH_BLOCKED && !first)
                        first = &e->zones[i];
        }
        if (!first)
                return;
        if (e->scope == EXPOSURE_INTERNET && e->zones[last].state == REACH_BLOCKED) {
                e->scope = EXPOSURE_LINK; /* the last is all that is in no zone */
                e->why = "it has a public address, but the packet filter lets nothing from the internet through to it";
        }
        if (n_blocked + n_apart == e->n_zones) {
                e->blocked_by = first->by;
                e->reachable_from[1] = e->reachable_from[2] = NULL;
                e->why = pool_printf(pool, "the packet filter lets nothing from other machines through to it (%s%s%s)",
                                     first->by, first->why ? "; " : "", first->why ? first->why : "");
                return;
        }
        if (e->scope == EXPOSURE_PRIVATE)
                return;
        e->reachable_from[1] = e->reachable_from[2] = NULL;
        for (size_t i = 0; i < e->n_zones && n_from < array_len(e->reachable_from); i++)
                if (e->zones[i].state != REACH_BLOCKED && !e->zones[i].apart)
                        e->reachable_from[n_from++] = e->zones[i].zone;
}

static void reach_listener(struct reaching *r, struct listener *l)
{
        struct findings f = {.has_usual = false};
        struct reach_zone *zones;

        set_place(r, (uint32_t)(l->netns - r->a->view->netns.at));
        if (!r->place.addressed)
                return;
        zones = pool_alloc(r->a->pool, r->zones.n * sizeof(*zones));
        if (!r->place.unknown)
                ask(r, &f.strict, l, false);
        f.has_usual = needs_usual(r, &f.strict);
        if (f.has_usual)
                ask(r, &f.usual, l, true);
        f.has_led = needs_led(r, &f.strict, l);
        if (f.has_led)
                ask_port(r, &f.led, l, l->port, true);
        for (size_t i = 0; i < r->zones.n; i++)
                tell_zone(r, l, &r->zones.at[i], &f, &zones[i]);
        l->exposure.zones = zones;
        l->exposure.n_zones = r->zones.n;
        drop_caveat(r->a->pool, &l->exposure);
        conclude(r->a->pool, &l->exposure);
        found_release(&f.strict);
        found_release(&f.usual);
        found_release(&f.led);
}

void assess_reach(struct assessment *a, const struct estate *estate)
{
        struct reaching r = {.a = a};

        if (a->view->source != INSIDE_COLLECTED)
                return;
        set_zones(&r, estate);
        vec_foreach (l, &a->listeners)
                if (l->exposure.scope != EXPOSURE_LOOPBACK)
                        reach_listener(&r, l);
        vec_clear(&r.zones);
        vec_clear(&r.place.devices);
        scratch_release(&r.lasting);
}
