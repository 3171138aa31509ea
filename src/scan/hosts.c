/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Slots: hosts are taken into them in order, found by address, and leave them when all is known. */
#include "scan/engine.h"

#include "base/clock.h"
#include "base/hash.h"

static uint32_t bucket_of(const struct scan *s, const struct address *address)
{
        return (uint32_t)hash_bytes(address, sizeof(*address)) & (s->n_buckets - 1);
}

uint32_t hosts_by_address(const struct scan *s, const struct address *address)
{
        uint32_t slot = s->buckets[bucket_of(s, address)];

        while (slot != NO_SLOT && address_compare(&s->hosts[slot].address, address) != 0)
                slot = s->hosts[slot].next_in_bucket;
        return slot;
}

static void enter(struct scan *s, uint32_t slot)
{
        uint32_t *bucket = &s->buckets[bucket_of(s, &s->hosts[slot].address)];

        s->hosts[slot].next_in_bucket = *bucket;
        *bucket = slot;
}

static void leave(struct scan *s, uint32_t slot)
{
        uint32_t *at = &s->buckets[bucket_of(s, &s->hosts[slot].address)];

        while (*at != slot)
                at = &s->hosts[*at].next_in_bucket;
        *at = s->hosts[slot].next_in_bucket;
}

struct batch *hosts_batch(struct scan *s, const struct host *h, enum lane_kind lane)
{
        if (lane == LANE_UDP)
                return &s->udp;
        return h->no_syn ? &s->full : &s->tcp;
}

static bool may_ask_now(const struct scan *s, const struct address *address)
{
        return !s->options.estate || estate_window_open(s->options.estate, address, clock_now_s(), NULL);
}

/* Member by member: what stands between them may differ, and then each host would be a kind of its own. */
static bool same_kind(const struct askable *a, const struct askable *b)
{
        const struct device_limits *la = &a->limits, *lb = &b->limits;

        return a->class == b->class && a->narrowed == b->narrowed && la->host_rate == lb->host_rate &&
               la->no_syn == lb->no_syn && la->no_udp == lb->no_udp && la->no_identify == lb->no_identify &&
               la->industrial == lb->industrial && la->forbidden[0] == lb->forbidden[0] &&
               la->forbidden[1] == lb->forbidden[1] && memcmp(&a->ports, &b->ports, sizeof(a->ports)) == 0;
}

/* Hosts with the same limits share what may be asked of them: it is 32 KiB. */
static uint16_t kind_of(struct scan *s, const struct address *address)
{
        struct askable *kind = xcalloc(1, sizeof(*kind));

        scan_askable(s->options.ports, s->options.estate, address, kind);
        for (size_t i = 0; i < s->kinds.n; i++) {
                if (same_kind(s->kinds.at[i], kind)) {
                        free(kind);
                        return (uint16_t)i;
                }
        }
        *vec_push(&s->kinds) = kind;
        return (uint16_t)(s->kinds.n - 1);
}

double hosts_take_limits(struct scan *s, struct host *h)
{
        double rate = s->options.pace.host_rate;
        const struct askable *kind;

        h->kind = s->options.estate || s->kinds.n == 0 ? kind_of(s, &h->address) : 0;
        kind = s->kinds.at[h->kind];
        h->class = (uint8_t)kind->class;
        h->no_syn = kind->limits.no_syn;
        h->echo_only = kind->limits.no_syn || kind->limits.no_udp || kind->limits.forbidden[TRANSPORT_TCP] ||
                       kind->limits.forbidden[TRANSPORT_UDP];
        h->no_look = kind->limits.no_identify;
        for (enum lane_kind lane = LANE_TCP; lane <= LANE_UDP; lane++)
                h->lanes[lane].wanted = port_set_count(&kind->ports.of[lane]);
        if (kind->narrowed)
                h->why |= COVERAGE_CLASS;
        if (!kind->limits.host_rate || kind->limits.host_rate >= rate)
                return rate;
        h->why |= COVERAGE_CLASS;
        return kind->limits.host_rate;
}

void hosts_attach(struct scan *s, uint32_t slot, uint64_t now_ns)
{
        struct host *h = &s->hosts[slot];
        double rate = hosts_take_limits(s, h);

        pace_set(&h->pace, rate);
        h->pace.next_ns = now_ns;
        for (enum lane_kind lane = LANE_TCP; lane <= LANE_UDP; lane++)
                h->lanes[lane].pace = h->pace;
        enter(s, slot);
        h->pathless = routes_find(s, &h->address, h->zone_index, &h->route) < 0;
        if (!h->pathless)
                s->routes.at[h->route].active++;
}

/* Whether somebody has to be asked for a hardware address, or whether the host is there at all. */
static bool must_find(const struct scan *s, const struct host *h)
{
        const struct path *path = s->routes.at[h->route].path;

        if (path->loopback)
                return false;
        if (s->discovery && path->link_has_addresses && path->on_link)
                return true;
        return s->options.discovery && !h->single;
}

static void begin(struct scan *s, uint32_t slot, uint64_t now_ns)
{
        struct host *h = &s->hosts[slot];

        if (h->pathless) {
                h->why |= COVERAGE_NO_ROUTE;
                h->status = h->single ? HOST_SILENT : HOST_ABSENT;
                hosts_end(s, slot);
        } else if (!may_ask_now(s, &h->address)) {
                h->why |= COVERAGE_WINDOW;
                h->status = HOST_NOT_ASKED;
                hosts_end(s, slot);
        } else if (must_find(s, h)) {
                h->lanes[LANE_FIND].stage = STAGE_ASK;
                h->lanes[LANE_FIND].drops_before = s->drops;
                lanes_wake(s, slot, LANE_FIND, now_ns);
        } else {
                lanes_begin(s, slot, now_ns);
        }
}

static void name(struct scan *s, struct host *h)
{
        const struct target_name *single;

        h->address = range_set_get(&s->options.targets->ranges, permutation_at(&s->host_order, h->seq));
        single = targets_single(s->options.targets, &h->address);
        h->single = single != NULL;
        h->zone_index = single ? single->zone_index : 0;
}

/* The bits are what is known. Their counts may be off by one after a kill, or the device class is another. */
void hosts_recount(struct scan *s, uint32_t slot)
{
        struct host *h = &s->hosts[slot];

        for (enum lane_kind lane = LANE_TCP; lane <= LANE_UDP; lane++) {
                uint32_t *count = h->lanes[lane].count;

                memset(count, 0, sizeof(h->lanes[lane].count));
                for (uint32_t i = 0; i < s->n_ports[lane]; i++) {
                        if (lane_forbids(s, h, lane, s->ports[lane][i]))
                                answer_set(s, slot, lane, i, ANSWER_NONE);
                        count[answer_get(s, slot, lane, i)]++;
                }
                count[ANSWER_NONE] = 0;
                s->decided += count[ANSWER_OPEN] + count[ANSWER_CLOSED] + count[ANSWER_OTHER];
        }
}

/* Open ports of a host that was under way: what only memory held of them is gone. */
static void details_again(struct scan *s, uint32_t slot)
{
        const struct host *h = &s->hosts[slot];

        s->details[slot].n = 0;
        for (enum lane_kind lane = LANE_TCP; lane <= LANE_UDP; lane++) {
                bool full = s->n_ports[lane] && hosts_batch(s, h, lane)->method->answers_each;

                for (uint32_t i = 0; i < s->n_ports[lane] && s->details[slot].n < DETAILS_MAX; i++)
                        if (answer_get(s, slot, lane, i) == ANSWER_OPEN)
                                *vec_push(&s->details[slot]) = (struct detail){
                                        .port = s->ports[lane][i],
                                        .transport = lane == LANE_UDP ? TRANSPORT_UDP : TRANSPORT_TCP,
                                        .reason = lane == LANE_UDP ? REASON_REPLY
                                                  : full           ? REASON_CONNECTED
                                                                   : REASON_SYN_ACK,
                                        .tries = 1,
                                        .confirmed = full && lane == LANE_TCP,
                                        .from_before = true,
                                };
        }
}

void hosts_go_on(struct scan *s, uint32_t slot, uint64_t now_ns)
{
        struct host *h = &s->hosts[slot];

        name(s, h);
        h->why = 0;
        h->status = h->found ? HOST_UP : HOST_SILENT;
        h->over = h->pathless = h->unreachable = false;
        h->pending_looks = 0;
        if (h->suspicion != SUSPECT_CLEARED)
                h->suspicion = SUSPECT_NOT_ASKED; /* what looks have shown was not kept */
        h->lanes[LANE_DECOY] = h->lanes[LANE_FIND] = (struct lane){0};
        for (enum lane_kind lane = LANE_TCP; lane <= LANE_UDP; lane++) {
                struct lane *l = &h->lanes[lane];

                /* what was on the wire is lost: this pass again, for the ports without an answer */
                l->stage = STAGE_IDLE;
                l->inflight = 0;
                l->faults = 0;
                l->limited = l->undoubted = l->unheard = false; /* the pace is that of the profile again */
                l->round = (uint8_t)((l->round + 1) % METHOD_TRIES_MAX);
                l->pass = l->pass < METHOD_TRIES_MAX ? l->pass : METHOD_TRIES_MAX - 1;
        }
        hosts_attach(s, slot, now_ns);
        hosts_recount(s, slot);
        details_again(s, slot);
        if (h->lanes[LANE_TCP]
                    .count[ANSWER_OPEN]) /* before lanes that have nothing to ask can end the host */
                suspect_begin(s, slot, now_ns);
        begin(s, slot, now_ns);
}

void hosts_fill(struct scan *s, uint64_t now_ns)
{
        while (s->free_slots.n && (s->next_host < s->n_hosts || checkpoint_has_again(s)) && !s->stopping &&
               !s->stop_reason) {
                uint32_t slot = s->free_slots.at[--s->free_slots.n];
                struct host *h = &s->hosts[slot];

                s->used_slots++;
                memset(s->bits + slot * s->bits_each, 0, s->bits_each); /* a kill may have left some */
                if (checkpoint_take_again(s, slot)) {
                        hosts_go_on(s, slot, now_ns);
                        continue;
                }
                *h = (struct host){.seq = s->next_host++, .status = HOST_SILENT};
                name(s, h);
                h->used = true;
                hosts_attach(s, slot, now_ns);
                begin(s, slot, now_ns);
                checkpoint_next_host(s);
        }
}

void hosts_end(struct scan *s, uint32_t slot)
{
        if (s->hosts[slot].over)
                return;
        s->hosts[slot].over = true;
        for (enum lane_kind kind = 0; kind < LANE_KINDS; kind++)
                queue_remove(&s->queue, lane_id(slot, kind));
        *vec_push(&s->ended) = slot;
}

void hosts_finish_ended(struct scan *s, uint64_t now_ns)
{
        while (s->ended.n) {
                uint32_t slot = s->ended.at[--s->ended.n];
                struct host *h = &s->hosts[slot];

                settle_host(s, slot);
                if (!s->stopping)
                        checkpoint_host_done(s, slot);
                leave(s, slot);
                if (!h->pathless)
                        s->routes.at[h->route].active--;
                if (!s->stopping) /* else it stays in the checkpoint as it is */
                        h->used = false;
                vec_clear(&s->details[slot]);
                vec_clear(&s->looks[slot]);
                s->middlebox[slot] = NULL;
                s->used_slots--;
                *vec_push(&s->free_slots) = slot;
        }
        hosts_fill(s, now_ns);
}
