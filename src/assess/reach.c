/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who gets through the packet filter to a listener: the questions that are put to the ruleset. */
#include <netinet/in.h>

#include "assess/reach_tell.h"
#include "base/str.h"

#define MAX_TARGETS 16 /* own addresses asked one by one; more are asked as "some address of this host" */
#define MAX_DEVICES 16 /* likewise */
#define MAX_PORTS   16 /* of a range that is forwarded */

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
        if (!f->asks_perhaps)
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
        bool known = !l->device || reach_find_device(place, l->device);
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
        /* a connection is more than its first packet */
        if (l->transport == TRANSPORT_TCP && sure.n && !inside) {
                packet.later = true;
                later = ask_devices(r, f, l, packet, goal, inside);
                sure = sources_common(&f->scratch, sure, sources_without(&f->scratch, later.arrives, later.fails));
        }
        if (!inside)
                f->sure[family] = sources_union(&f->scratch, f->sure[family], sure);
}

/* Of these it is not known whether they come, or whether the listener is meant: they may only add to what arrives. */
static void ask_perhaps(struct reaching *r, struct found *f, const struct listener *l, struct packet packet,
                        const struct packet_goal *goal, const char *words)
{
        unsigned family = packet.family == 4 ? V4 : V6;
        struct split split;

        f->asks_perhaps = true;
        split = ask_devices(r, f, l, packet, goal, false);
        f->asks_perhaps = false;
        f->asked[family] = true;
        f->arrives[family] = sources_union(&f->scratch, f->arrives[family], split.arrives);
        if (split.arrives.n && !f->perhaps)
                f->perhaps = words;
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
        struct packet_goal goal = {.port = port, .is_own = reach_is_own, .way_out = reach_way_out, .arg = &r->place};
        struct address bound = address_unmapped(&l->address);
        const struct forward *forward = l->forward;

        if (!forward) {
                goal.here = !bound.family || address_is_any(&bound);
                goal.target = goal.here ? 0 : reach_number(&bound);
                return goal;
        }
        goal.forwarded = true;
        goal.here = !forward->to.family;
        goal.target = goal.here ? 0 : reach_number(&forward->to);
        goal.port = forward->to_port ? forward->to_port : port;
        return goal;
}

static void ask_one(struct reaching *r, struct found *f, const struct listener *l, const struct address *address,
                    uint16_t port, bool inside)
{
        struct packet_goal goal = goal_of(r, l, port);
        struct packet packet = packet_to(l, reach_family(address), port);

        packet.to = TO_ADDRESS;
        packet.target = reach_number(address);
        if (l->forward)
                packet.own = reach_is_own(&r->place, address->family, packet.target) == OWN_CERTAIN;
        packet.translated = inside;
        ask_target(r, f, l, packet, &goal, inside);
}

static const char to_groups[] = "packets to a multicast or broadcast address may get in";

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
        bool known = !l->device || reach_find_device(&r->place, l->device);

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
                        f->perhaps = f->perhaps ? f->perhaps : to_groups;
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
        ask_perhaps(r, f, l, packet, &goal, to_groups);
        if (family == V4)
                ask_nameless(r, f, l, packet, &goal);
}

static size_t count_own(const struct reaching *r, unsigned family)
{
        size_t n = 0;

        vec_foreach (a, &r->a->view->addresses)
                n += reach_takes_packets(a, r->place.netns) && reach_family(&a->address) == family;
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
                        if (reach_takes_packets(a, r->place.netns) && reach_family(&a->address) == family)
                                ask_one(r, f, l, &a->address, port, inside);
        } else {
                packet.translated = inside;
                ask_target(r, f, l, packet, &goal, inside);
        }
        if (takes_groups(l) && !inside)
                ask_group(r, f, l, family, port);
        if (reach_has_more(&r->place, family) && !inside)
                ask_perhaps(r, f, l, packet_to(l, family, port), &goal,
                            "routes make more addresses this host's own, and packets to those may get in");
        if (l->forward && !inside) {
                packet.to = TO_OTHERS;
                packet.own = false;
                ask_perhaps(r, f, l, packet, &goal, "packets to other hosts that pass here may be led there");
        }
}

static void ask_port(struct reaching *r, struct found *f, const struct listener *l, uint16_t port, bool inside)
{
        struct address bound = address_unmapped(&l->address);
        const struct address *to = l->forward ? &l->forward->to : NULL;

        /* a multicast group, a broadcast address, or one that this host does not have yet */
        if (bound.family && !address_is_any(&bound) && !l->forward &&
            reach_is_own(&r->place, bound.family, reach_number(&bound)) == OWN_NOT) {
                f->foreign = true;
                if (!inside)
                        ask_group(r, f, l, reach_family(&bound), port);
                return;
        }
        if (bound.family && !address_is_any(&bound)) {
                ask_one(r, f, l, &bound, port, inside);
                return;
        }
        for (unsigned family = 0; family < N_FAMILIES; family++) {
                bool takes = !bound.family || reach_family(&bound) == family || (l->dual_stack && family == V4);

                if (takes && (!to || !to->family || reach_family(to) == family))
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
                if (nat->here || !nat->to.family || reach_is_own(&r->place, nat->to.family, reach_number(&nat->to)))
                        return true;
        }
        return false;
}

static bool needs_usual(struct reaching *r, struct found *f)
{
        if (r->place.unknown || f->answer.too_much || !r->place.ruleset->has_usual)
                return false;
        vec_foreach (zone, &r->zones)
                if (found_may_arrive(f, zone) && !found_is_sure(f, zone))
                        return true;
        return false;
}

static bool needs_led(struct reaching *r, struct found *f, const struct listener *l)
{
        if (r->place.unknown || !may_be_led_to(r, l))
                return false;
        vec_foreach (zone, &r->zones)
                if (!found_may_arrive(f, zone))
                        return true;
        return false;
}

static void reach_listener(struct reaching *r, struct listener *l)
{
        struct findings f = {.has_usual = false};
        struct reach_zone *zones;

        reach_set_place(r, (uint32_t)(l->netns - r->a->view->netns.at));
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
                reach_tell_zone(r, l, &r->zones.at[i], &f, &zones[i]);
        l->exposure.zones = zones;
        l->exposure.n_zones = r->zones.n;
        reach_drop_caveat(r->a->pool, &l->exposure);
        reach_conclude(r->a->pool, &l->exposure);
        found_release(&f.strict);
        found_release(&f.usual);
        found_release(&f.led);
}

void assess_reach(struct assessment *a, const struct estate *estate)
{
        struct reaching r = {.a = a};

        if (a->view->source != INSIDE_COLLECTED)
                return;
        reach_set_zones(&r, estate);
        vec_foreach (l, &a->listeners)
                if (l->exposure.scope != EXPOSURE_LOOPBACK)
                        reach_listener(&r, l);
        vec_clear(&r.zones);
        vec_clear(&r.place.devices);
        scratch_release(&r.lasting);
}
