/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ways that hosts share: the gateway's hardware address, a pace of their own, and control probes: one
 * port that is known to answer is asked again now and then, so that loss is seen where filtered ports are
 * silent anyway.
 */
#include "scan/engine.h"

#define MS               1000000ull
#define CANARY_EVERY_NS  (50 * MS)
#define CANARY_WAIT_NS   (300 * MS)
#define CANARY_WINDOW    24u
#define CANARY_SHARE     20.0 /* at most one packet in so many */
#define GATEWAY_EVERY_NS  (5 * MS)
#define LOSS_SLOWER      0.25 /* of control probes in a window: the path is asked too fast */
#define LOSS_KNOWN       5u   /* control probes before their loss counts */
#define ROUTE_RATE_LEAST 50.0

int routes_find(struct scan *s, const struct address *to, uint32_t zone_index, uint32_t *ret)
{
        const struct path *path;
        struct err err = {0};
        struct route *route;
        int r = paths_find(s->paths, to, zone_index, &path, &err);

        if (r < 0)
                return r;
        for (size_t i = 0; i < s->routes.n; i++) {
                if (s->routes.at[i].path == path) {
                        *ret = (uint32_t)i;
                        return 0;
                }
        }
        route = vec_push(&s->routes);
        route->path = path;
        route->canary_slot = NO_SLOT;
        pace_set(&route->pace, s->options.pace.rate);
        *ret = (uint32_t)(s->routes.n - 1);
        return 0;
}

/*
 * Until the gateway's hardware address is known, frames have none, and go through the kernel (method/syn.c),
 * which then finds the gateway.
 */
static void find_gateway(struct scan *s, struct route *r, uint64_t now_ns)
{
        if (r->path->on_link || !r->path->link_has_addresses || r->gateway_known || now_ns < r->gateway_next_ns)
                return;
        r->gateway_next_ns = now_ns + GATEWAY_EVERY_NS;
        r->gateway_known = paths_neighbour(s->paths, r->path, &r->path->gateway, r->gateway_mac);
}

void routes_gateways(struct scan *s, uint64_t now_ns)
{
        for (size_t i = 0; i < s->routes.n; i++)
                if (s->routes.at[i].active)
                        find_gateway(s, &s->routes.at[i], now_ns);
}

double routes_loss(const struct route *r)
{
        return r->canaries >= LOSS_KNOWN ? (double)r->canaries_lost / r->canaries : 0;
}

void routes_spend(struct scan *s, struct host *h, unsigned packets)
{
        pace_spend(&h->pace, s->now_ns, packets);
        pace_spend(&s->routes.at[h->route].pace, s->now_ns, packets);
        pace_spend(&s->pace, s->now_ns, packets);
}

/* Many control probes of the last ones were lost: slower; none: a little faster again. */
static void adapt(struct scan *s, struct route *r)
{
        double rate = pace_rate(&r->pace), most = s->options.pace.rate;

        if (r->recent < CANARY_WINDOW)
                return;
        if (r->recent_lost > LOSS_SLOWER * r->recent)
                rate *= 0.7;
        else if (r->recent_lost == 0)
                rate *= 1.1;
        rate = rate > most ? most : rate;
        pace_set(&r->pace, rate < ROUTE_RATE_LEAST && most > ROUTE_RATE_LEAST ? ROUTE_RATE_LEAST : rate);
        r->recent = r->recent_lost = 0;
}

static void canary_over(struct scan *s, struct route *r, bool lost)
{
        r->canary_out = false;
        r->canaries++;
        r->recent++;
        r->canaries_lost += lost;
        r->recent_lost += lost;
        adapt(s, r);
}

void routes_canary_heard(struct scan *s, const struct heard *heard, uint32_t slot)
{
        struct route *r = &s->routes.at[s->hosts[slot].route];

        if (r->canary_out && r->canary_slot == slot && r->canary_seq == s->hosts[slot].seq &&
            r->canary_port == heard->port && r->canary_attempt == heard->attempt)
                canary_over(s, r, false);
}

/* A host of that way whose TCP lane is at work and has an open port; closed ones may be under a limiter. */
static bool choose_canary(struct scan *s, uint32_t route)
{
        struct route *r = &s->routes.at[route];

        for (uint32_t slot = 0; slot < s->n_slots; slot++) {
                struct host *h = &s->hosts[slot];

                if (!h->used || h->over || h->pathless || h->route != route || h->no_syn ||
                    h->suspicion == SUSPECT_CONFIRMED || h->lanes[LANE_TCP].count[ANSWER_OPEN] == 0)
                        continue;
                for (size_t i = 0; i < s->details[slot].n; i++) {
                        if (s->details[slot].at[i].transport != TRANSPORT_TCP ||
                            s->details[slot].at[i].from_before)
                                continue;
                        r->canary_slot = slot;
                        r->canary_seq = h->seq;
                        r->canary_port = s->details[slot].at[i].port;
                        return true;
                }
        }
        r->canary_slot = NO_SLOT;
        return false;
}

static bool canary_stands(const struct scan *s, uint32_t route)
{
        const struct route *r = &s->routes.at[route];
        const struct host *h = r->canary_slot == NO_SLOT ? NULL : &s->hosts[r->canary_slot];

        return h && h->used && !h->over && h->seq == r->canary_seq && h->route == route;
}

/* Between two probes of the host; where others go the same way, they need to know its loss as soon as ever. */
static uint64_t interval_ns(const struct route *r, const struct host *h)
{
        const struct lane *l = &h->lanes[LANE_TCP];

        return l->limited && r->active == 1 ? l->pace.interval_ns : h->pace.interval_ns;
}

static void canary_send(struct scan *s, uint32_t route, uint64_t now_ns)
{
        struct route *r = &s->routes.at[route];
        struct host *h = &s->hosts[r->canary_slot];
        struct probe *probe;

        if (s->tcp.n == BATCH || !pace_ready(&s->pace, now_ns) || !pace_ready(&h->pace, now_ns))
                return;
        r->canary_attempt = (uint8_t)((r->canary_attempt + 1) % METHOD_TRIES_MAX);
        probe = &s->tcp.probes[s->tcp.n++];
        *probe = (struct probe){
                .to = h->address,
                .zone_index = h->zone_index,
                .path = r->path,
                .host = r->canary_slot,
                .port = r->canary_port,
                .attempt = r->canary_attempt,
                .canary = true,
                .class = (enum device_class)h->class,
        };
        memcpy(probe->mac, r->path->on_link ? h->mac : r->gateway_mac, 6);
        r->canary_out = true;
        r->canary_sent_ns = now_ns;
        h->sent++;
        s->result.sent++;
        pace_spend(&h->pace, now_ns, 1);
        pace_spend(&r->pace, now_ns, 1);
        pace_spend(&s->pace, now_ns, 1);
        r->canary_next_ns = later(r->canary_next_ns, now_ns + (uint64_t)CANARY_SHARE * interval_ns(r, h));
}

/* A host that answers late has not lost anything. */
static uint64_t slowness_ns(const struct scan *s, const struct route *r)
{
        return r->canary_slot == NO_SLOT ? 0 : 2000ull * s->hosts[r->canary_slot].lanes[LANE_TCP].srtt_us;
}

void routes_canaries(struct scan *s, uint64_t now_ns)
{
        if (!s->tcp.method || !s->tcp.method->needs_frames)
                return;
        for (uint32_t i = 0; i < s->routes.n; i++) {
                struct route *r = &s->routes.at[i];
                double host_rate = s->options.pace.host_rate;

                if (r->path->loopback || now_ns < r->canary_next_ns)
                        continue;
                r->canary_next_ns = now_ns + CANARY_EVERY_NS;
                if (host_rate < CANARY_SHARE * 1e9 / CANARY_EVERY_NS)
                        r->canary_next_ns = now_ns + (uint64_t)(CANARY_SHARE * 1e9 / host_rate);
                if (r->canary_out && now_ns - r->canary_sent_ns < CANARY_WAIT_NS + slowness_ns(s, r))
                        continue;
                if (r->canary_out && canary_stands(s, i))
                        canary_over(s, r, true);
                r->canary_out = false;
                if (r->active && (canary_stands(s, i) || choose_canary(s, i)))
                        canary_send(s, i, now_ns);
        }
}

void routes_refresh(struct scan *s, uint64_t now_ns)
{
        for (uint32_t slot = 0; slot < s->n_slots; slot++) {
                struct host *h = &s->hosts[slot];
                uint32_t before = h->route;

                if (!h->used || h->over || h->pathless)
                        continue;
                if (routes_find(s, &h->address, h->zone_index, &h->route) == 0 &&
                    paths_usable(s->paths, s->routes.at[h->route].path)) {
                        s->routes.at[before].active--;
                        s->routes.at[h->route].active++;
                        continue;
                }
                h->route = before;
                h->why |= COVERAGE_INTERFACE;
                hosts_end(s, slot);
        }
        for (size_t i = 0; i < s->routes.n; i++) {
                s->routes.at[i].gateway_known = false;
                memset(s->routes.at[i].gateway_mac, 0, sizeof(s->routes.at[i].gateway_mac));
        }
}
