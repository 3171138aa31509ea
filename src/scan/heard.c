/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an answer means. Its cookie was right; here it must also be about something that was asked. */
#include "scan/engine.h"

/* RFC 6298, 2.2 and 2.3 */
static void take_rtt(struct lane *l, uint64_t rtt_us)
{
        uint32_t rtt = rtt_us == 0 ? 1 : rtt_us > UINT32_MAX / 8 ? UINT32_MAX / 8 : (uint32_t)rtt_us;
        uint32_t off = l->srtt_us > rtt ? l->srtt_us - rtt : rtt - l->srtt_us;

        if (l->srtt_us == 0) {
                l->srtt_us = rtt;
                l->rttvar_us = rtt / 2;
        } else {
                l->rttvar_us = (3 * l->rttvar_us + off) / 4;
                l->srtt_us = (7 * l->srtt_us + rtt) / 8;
        }
}

static void take_time(struct lane *l, const struct heard *heard)
{
        if (heard->rtt_us)
                take_rtt(l, heard->rtt_us);
        if (l->timed_port != heard->port)
                return;
        if (!heard->rtt_us && heard->when_ns > l->timed_ns && heard->attempt == l->round)
                take_rtt(l, (heard->when_ns - l->timed_ns) / 1000);
        l->timed_port = 0;
}

static enum answer answer_for(enum heard_kind kind)
{
        static const enum answer answers[] = {
                [HEARD_OPEN] = ANSWER_OPEN,
                [HEARD_CLOSED] = ANSWER_CLOSED,
                [HEARD_PROHIBITED] = ANSWER_OTHER,
                [HEARD_UNREACHABLE] = ANSWER_OTHER,
        };

        return answers[kind];
}

static void found(struct scan *s, uint32_t slot, const struct heard *heard)
{
        struct host *h = &s->hosts[slot];

        h->found = true;
        h->status = HOST_UP;
        if (heard->kind == HEARD_NEIGHBOUR) {
                memcpy(h->mac, heard->mac, sizeof(h->mac));
                h->has_mac = true;
        }
        if (h->lanes[LANE_FIND].stage == STAGE_ASK)
                lanes_begin(s, slot, heard->when_ns);
}

static void remember_open(struct scan *s, uint32_t slot, enum lane_kind kind, const struct heard *heard)
{
        struct detail_list *list = &s->details[slot];
        struct detail *d;

        if (list->n >= DETAILS_MAX)
                return;
        d = vec_push(list);
        *d = (struct detail){
                .port = heard->port,
                .transport = kind == LANE_UDP ? TRANSPORT_UDP : TRANSPORT_TCP,
                .reason = (uint8_t)heard->reason,
                .ttl = heard->ttl,
                .tries = (uint8_t)(s->hosts[slot].lanes[kind].pass + 1),
                .confirmed = heard->reason == REASON_CONNECTED,
                .rtt_us = heard->rtt_us,
        };
}

/*
 * Which try was answered: only where a late answer means loss. Datagrams of different tries carry different
 * payloads.
 */
static void count_try(struct lane *l, enum lane_kind kind, const struct heard *heard)
{
        if (l->limited)
                return;
        if (kind == LANE_UDP)
                l->answered[0]++;
        else
                l->answered[heard->attempt < l->pass ? heard->attempt : l->pass]++;
}

static void take_verdict(struct scan *s, uint32_t slot, enum lane_kind kind, uint32_t index,
                         const struct heard *heard)
{
        struct host *h = &s->hosts[slot];
        struct lane *l = &h->lanes[kind];
        enum answer answer = answer_for(heard->kind), before = answer_get(s, slot, kind, index);

        /* an answer of the host itself beats what a router said of it; nothing else is revised */
        if (before != ANSWER_NONE && !(before == ANSWER_OTHER && answer != ANSWER_OTHER))
                return;
        answer_set(s, slot, kind, index, answer);
        if (before != ANSWER_NONE) {
                l->count[before]--;
        } else {
                h->answered++;
                s->result.answered++;
                s->decided++;
                count_try(l, kind, heard);
        }
        l->count[answer]++;
        take_time(l, heard);
        if (answer == ANSWER_OTHER)
                l->other_reason = (uint8_t)heard->reason;
        if (answer == ANSWER_OPEN) {
                /* behind a middlebox only what looks have shown counts */
                if (kind == LANE_UDP || h->suspicion != SUSPECT_CONFIRMED)
                        remember_open(s, slot, kind, heard);
                if (kind == LANE_TCP)
                        suspect_begin(s, slot, heard->when_ns);
        }
        lanes_heard(s, slot, kind, heard->when_ns);
}

/* The probe has gone nowhere. */
static void take_fault(struct scan *s, uint32_t slot, enum lane_kind kind, const struct heard *heard)
{
        s->hosts[slot].lanes[kind].local_fault = true;
        s->hosts[slot].why |= heard->reason == REASON_NO_ROUTE ? COVERAGE_NO_ROUTE : COVERAGE_DESCRIPTORS;
}

/*
 * What the kernel sent of its own for one connection: the end of a handshake and its close, or after a second
 * of silence the SYN again. It counts in the pace of what comes next.
 */
static void charge_kernel(struct scan *s, struct host *h, enum heard_kind kind)
{
        unsigned packets = kind == HEARD_OPEN ? 2 : kind == HEARD_SILENCE ? 1 : 0;

        if (packets)
                routes_spend(s, h, packets);
}

static bool by_kernel(struct scan *s, const struct host *h)
{
        const struct method *method = hosts_batch(s, h, LANE_TCP)->method;

        return !method || method->answers_each; /* none: hosts are looked for, for datagrams */
}

void heard_take(const struct heard *heard, void *scan)
{
        struct scan *s = scan;
        uint32_t slot = hosts_by_address(s, &heard->from);
        enum lane_kind kind = heard->transport == TRANSPORT_UDP ? LANE_UDP : LANE_TCP;
        struct host *h;
        uint32_t index;

        if (slot == NO_SLOT || s->hosts[slot].over) {
                /* of a host that is over, it is only late */
                s->forged_here += slot == NO_SLOT && !range_set_has(&s->options.targets->ranges, &heard->from);
                return;
        }
        h = &s->hosts[slot];
        s->result.received++;
        if (heard->kind == HEARD_NEIGHBOUR || heard->kind == HEARD_ALIVE || heard->kind <= HEARD_PROHIBITED)
                found(s, slot, heard);
        if (heard->kind == HEARD_NEIGHBOUR || heard->kind == HEARD_ALIVE)
                return;
        if (heard->kind == HEARD_NOT_SENT && h->lanes[LANE_FIND].stage == STAGE_ASK) {
                take_fault(s, slot, LANE_FIND, heard);
                return;
        }
        if (kind == LANE_TCP && by_kernel(s, h))
                charge_kernel(s, h, heard->kind);
        if (heard->canary) {
                if (suspect_hear_decoy(h, heard))
                        lanes_wake(s, slot, LANE_DECOY, heard->when_ns);
                else
                        routes_canary_heard(s, heard, slot);
                return;
        }
        index = s->port_index[kind][heard->port];
        if (index == NO_INDEX || h->lanes[kind].stage == STAGE_IDLE || lane_forbids(s, h, kind, heard->port))
                return; /* nobody asked */
        if (h->lanes[kind].inflight)
                h->lanes[kind].inflight--;
        if (heard->kind == HEARD_NOT_SENT)
                take_fault(s, slot, kind, heard);
        else if (heard->kind != HEARD_SILENCE)
                take_verdict(s, slot, kind, index, heard);
}
