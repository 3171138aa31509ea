/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From answers to records: what is said of each port in the end, and of each host. */
#include "scan/engine.h"

struct detail *settle_detail(struct scan *s, uint32_t slot, enum lane_kind lane, uint16_t port)
{
        enum transport transport = lane == LANE_UDP ? TRANSPORT_UDP : TRANSPORT_TCP;

        for (size_t i = 0; i < s->details[slot].n; i++) {
                struct detail *d = &s->details[slot].at[i];

                if (d->port == port && d->transport == transport)
                        return d;
        }
        return NULL;
}

static struct endpoint endpoint_from(const struct host *h, enum lane_kind lane, uint16_t port)
{
        const struct lane *l = &h->lanes[lane];

        return (struct endpoint){
                .address = h->address,
                .zone_index = h->zone_index,
                .transport = lane == LANE_UDP ? TRANSPORT_UDP : TRANSPORT_TCP,
                .port = port,
                .tries = (uint8_t)(l->pass + 1),
        };
}

static void tell_open(struct scan *s, const struct host *h, struct detail *d)
{
        struct endpoint e = endpoint_from(h, d->transport == TRANSPORT_UDP ? LANE_UDP : LANE_TCP, d->port);

        e.state = ENDPOINT_OPEN;
        e.reason = d->confirmed && d->transport == TRANSPORT_TCP ? REASON_CONNECTED
                                                                 : (enum endpoint_reason)d->reason;
        e.tries = d->tries;
        e.ttl = d->ttl;
        e.rtt_us = d->rtt_us;
        e.confirmed = d->confirmed;
        d->told = true;
        s->result.open++;
        s->options.endpoint(&e, s->options.arg);
}

/* Nothing can change it any more. */
static bool is_certain(const struct scan *s, const struct host *h, const struct detail *d)
{
        if (d->told || d->refuted)
                return false;
        if (d->transport == TRANSPORT_UDP)
                return true;
        if (h->suspicion == SUSPECT_CONFIRMED)
                return d->confirmed;
        return h->suspicion == SUSPECT_CLEARED && (!s->options.confirm || d->confirmed || h->no_look);
}

void settle_open(struct scan *s, uint32_t slot)
{
        for (size_t i = 0; i < s->details[slot].n; i++)
                if (is_certain(s, &s->hosts[slot], &s->details[slot].at[i]))
                        tell_open(s, &s->hosts[slot], &s->details[slot].at[i]);
}

/* Decoys answered, too: that a port answers does not show that it is open. */
static bool in_question(const struct host *h)
{
        return h->suspicion == SUSPECT_LOOKING || h->suspicion == SUSPECT_CONFIRMED ||
               (h->suspicion == SUSPECT_ASKING && h->decoy_open && !h->decoy_closed);
}

/* The state of a port that is not open. */
static void closed_state(const struct scan *s, const struct host *h, enum lane_kind lane, enum answer answer,
                         struct endpoint *e)
{
        const struct lane *l = &h->lanes[lane];

        e->state = ENDPOINT_UNDECIDED;
        e->reason = REASON_NOT_ASKED;
        if (answer == ANSWER_CLOSED) {
                bool connect = lane == LANE_TCP && (h->no_syn ? &s->full : &s->tcp)->method->answers_each;

                e->state = ENDPOINT_CLOSED;
                e->reason = lane == LANE_UDP ? REASON_PORT_UNREACHABLE
                            : connect        ? REASON_REFUSED
                                             : REASON_RST;
        } else if (answer == ANSWER_OTHER) {
                e->state = l->other_reason == REASON_PROHIBITED || l->other_reason == REASON_PORT_UNREACHABLE
                                   ? ENDPOINT_FILTERED
                                   : ENDPOINT_UNREACHABLE;
                e->reason = (enum endpoint_reason)l->other_reason;
        } else if (lane == LANE_TCP && in_question(h) &&
                   (answer == ANSWER_OPEN || h->suspicion == SUSPECT_CONFIRMED)) {
                e->reason = REASON_MIDDLEBOX;
        } else if (h->pathless) {
                e->state = ENDPOINT_UNREACHABLE;
                e->reason = REASON_NO_ROUTE;
        } else if (h->unreachable) {
                e->state = ENDPOINT_UNREACHABLE;
                e->reason = REASON_NO_NEIGHBOUR;
        } else if (l->stage == STAGE_DONE && (l->local_fault || l->unsure || l->dropped_here)) {
                e->reason = l->local_fault ? REASON_LOCAL : REASON_NO_REPLY;
        } else if (l->stage == STAGE_DONE) {
                e->state = lane == LANE_UDP ? ENDPOINT_OPEN_FILTERED : ENDPOINT_FILTERED;
                e->reason = REASON_NO_REPLY;
        }
}

/* A handshake that failed though a SYN-ACK had come. */
static void refuted_state(const struct detail *d, struct endpoint *e)
{
        e->state = ENDPOINT_FILTERED;
        e->reason = REASON_NO_REPLY;
        e->rtt_us = d->rtt_us;
}

static void settle_port(struct scan *s, uint32_t slot, enum lane_kind lane, uint32_t index,
                        struct host_coverage *c)
{
        struct host *h = &s->hosts[slot];
        struct endpoint e = endpoint_from(h, lane, s->ports[lane][index]);
        enum answer answer = answer_get(s, slot, lane, index);
        bool doubted = lane == LANE_TCP && in_question(h);
        bool maybe_open = answer == ANSWER_OPEN || (lane == LANE_TCP && h->suspicion == SUSPECT_CONFIRMED);
        struct detail *d = maybe_open ? settle_detail(s, slot, lane, e.port) : NULL;

        if (d && doubted && !(h->suspicion == SUSPECT_CONFIRMED && d->confirmed))
                d = NULL;

        c->asked[lane]++;
        if (d && d->refuted) {
                refuted_state(d, &e);
        } else if (d || (answer == ANSWER_OPEN && !doubted)) {
                c->by_state[lane][ENDPOINT_OPEN]++;
                if (d && d->told)
                        return;
                if (d) {
                        tell_open(s, h, d);
                        return;
                }
                e.state = ENDPOINT_OPEN; /* past DETAILS_MAX */
                s->result.open++;
                e.reason = lane == LANE_UDP ? REASON_REPLY : REASON_SYN_ACK;
                s->options.endpoint(&e, s->options.arg);
                return;
        } else {
                closed_state(s, h, lane, answer, &e);
        }
        c->by_state[lane][e.state]++;
        if (e.state == ENDPOINT_UNDECIDED)
                port_set_add(&c->undecided[lane], e.port);
        s->options.endpoint(&e, s->options.arg);
}

static unsigned why_of(const struct scan *s, const struct host *h)
{
        const struct lane *tcp = &h->lanes[LANE_TCP], *udp = &h->lanes[LANE_UDP];
        unsigned why = h->why;

        why |= tcp->ever_limited ? COVERAGE_RST_LIMIT : 0;
        why |= udp->count[ANSWER_CLOSED] && lane_unanswered(udp) ? COVERAGE_ICMP_LIMIT : 0;
        why |= tcp->unsure || udp->unsure ? COVERAGE_LOSS : 0;
        why |= tcp->dropped_here || udp->dropped_here ? COVERAGE_LOCAL_DROPS : 0;
        why |= h->suspicion == SUSPECT_CONFIRMED ? COVERAGE_MIDDLEBOX : 0;
        return why;
}

static void tell_host(struct scan *s, struct host_coverage *c)
{
        bool undecided = c->by_state[0][ENDPOINT_UNDECIDED] || c->by_state[1][ENDPOINT_UNDECIDED];
        const struct estate_asset *asset =
                s->options.estate ? estate_asset_by_address(s->options.estate, &c->address) : NULL;
        const struct target_name *single = targets_single(s->options.targets, &c->address);

        c->name = single && single->name ? single->name : asset ? asset->name : NULL;
        c->complete = !undecided && c->status != HOST_NOT_ASKED &&
                      !(c->status == HOST_ABSENT && c->why & COVERAGE_FATAL);
        if (c->complete)
                c->why &= ~(unsigned)COVERAGE_FATAL;
        s->result.why |= c->why;
        s->result.complete &= c->complete;
        s->result.hosts_found += c->status == HOST_UP;
        s->result.hosts_not_found += c->status == HOST_ABSENT;
        s->hosts_told++;
        s->options.host(c, s->options.arg);
}

void settle_host(struct scan *s, uint32_t slot)
{
        struct host *h = &s->hosts[slot];
        struct host_coverage *c = &s->coverage;

        *c = (struct host_coverage){
                .address = h->address,
                .zone_index = h->zone_index,
                .status = (enum host_status)h->status,
                .has_mac = h->has_mac,
                .rtt_us =
                        h->lanes[LANE_TCP].srtt_us ? h->lanes[LANE_TCP].srtt_us : h->lanes[LANE_UDP].srtt_us,
                .sent = h->sent,
                .answered = h->answered,
                .retried = h->retried,
                .why = why_of(s, h),
                .middlebox = s->middlebox[slot],
        };
        memcpy(c->mac, h->mac, sizeof(c->mac));
        c->loss = h->lanes[LANE_TCP].loss > h->lanes[LANE_UDP].loss ? h->lanes[LANE_TCP].loss
                                                                    : h->lanes[LANE_UDP].loss;
        if (s->result.loss < c->loss)
                s->result.loss = c->loss;
        if (h->lanes[LANE_FIND].stage == STAGE_ASK && h->status == HOST_SILENT && !h->unreachable)
                c->status = HOST_NOT_ASKED;
        if (c->status == HOST_UP || c->status == HOST_SILENT) {
                for (enum lane_kind lane = LANE_TCP; lane <= LANE_UDP; lane++)
                        for (uint32_t i = 0; i < s->n_ports[lane]; i++)
                                if (!lane_forbids(s, h, lane, s->ports[lane][i]))
                                        settle_port(s, slot, lane, i, c);
        }
        tell_host(s, c);
}

void settle_not_asked(struct scan *s, uint64_t seq)
{
        s->coverage = (struct host_coverage){
                .address = range_set_get(&s->options.targets->ranges, permutation_at(&s->host_order, seq)),
                .status = HOST_NOT_ASKED,
                .why = s->stop_reason,
        };
        tell_host(s, &s->coverage);
}
