/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Is an open port really there? When the first one of a host is heard, three random high ports that nobody
 * uses are asked. If all of them answer, something in between answers for every port: the host is asked no
 * more, and connections to the likeliest ports show which of them behave otherwise than the decoys
 * (middlebox.h). Also the full handshakes of --confirm.
 */
#include "scan/engine.h"

#include <errno.h>

#include "scan/middlebox.h"

_Static_assert(DECOYS == MIDDLEBOX_BASELINE, "decoys are the baseline");

#define CANDIDATES  200u /* connections to a host behind a middlebox */
#define HANDSHAKES  3u   /* without an answer, until a port is not called open */
#define LOOKS_AHEAD 256u /* waiting looks that are searched for a host whose pace allows one */
#define DECOY_FIRST 49152u

static uint16_t decoy_port(const struct scan *s, const struct host *h, unsigned i)
{
        const struct port_set *forbidden = s->kinds.at[h->kind]->limits.forbidden[TRANSPORT_TCP];
        struct permutation p =
                permutation_of(65536 - DECOY_FIRST, s->order_key ^ h->seq * 0x9e3779b97f4a7c15);

        for (uint64_t place = i;;
             place += DECOYS) { /* a device class forbids some ports, never all of these */
                uint16_t port = (uint16_t)(DECOY_FIRST + permutation_at(&p, place % p.n));

                if (!forbidden || !port_set_has(forbidden, port) || place > p.n)
                        return port;
        }
}

void suspect_begin(struct scan *s, uint32_t slot, uint64_t now_ns)
{
        struct host *h = &s->hosts[slot];

        if (h->suspicion != SUSPECT_NOT_ASKED)
                return;
        h->suspicion = SUSPECT_ASKING;
        h->decoy_open = h->decoy_closed = 0;
        for (unsigned i = 0; i < DECOYS; i++) {
                uint32_t index;

                h->decoy[i] = decoy_port(s, h, i);
                index = s->port_index[LANE_TCP][h->decoy[i]];
                if (index == NO_INDEX)
                        continue;
                switch (answer_get(s, slot, LANE_TCP, index)) { /* asked for anyway, and known */
                case ANSWER_NONE:
                        break;
                case ANSWER_OPEN:
                        h->decoy_open |= (uint8_t)(1 << i);
                        break;
                default:
                        h->decoy_closed |= (uint8_t)(1 << i);
                }
        }
        h->lanes[LANE_DECOY] = (struct lane){.stage = STAGE_ASK};
        lanes_wake(s, slot, LANE_DECOY, now_ns);
}

bool suspect_hear_decoy(struct host *h, const struct heard *heard)
{
        if (h->suspicion != SUSPECT_ASKING || heard->transport != TRANSPORT_TCP)
                return false;
        for (unsigned i = 0; i < DECOYS; i++) {
                if (h->decoy[i] != heard->port)
                        continue;
                if (heard->kind == HEARD_OPEN)
                        h->decoy_open |= (uint8_t)(1 << i);
                else if (heard->kind != HEARD_NOT_SENT) /* a fault of ours tells nothing */
                        h->decoy_closed |= (uint8_t)(1 << i);
                return true;
        }
        return false;
}

static void want_look(struct scan *s, uint32_t slot, enum confirm_kind kind, uint16_t port)
{
        *vec_push(&s->wanted_looks) = (struct wanted_look){slot, s->hosts[slot].seq, port, kind};
        s->hosts[slot].pending_looks++;
}

static void look_closer(struct scan *s, uint32_t slot)
{
        struct host *h = &s->hosts[slot];
        size_t n_top;
        const uint16_t *top = registry_top(TRANSPORT_TCP, &n_top);
        unsigned n = 0;

        h->suspicion = SUSPECT_LOOKING;
        if (h->lanes[LANE_TCP].stage != STAGE_DONE)
                h->lanes[LANE_TCP].stage = STAGE_PAUSED;
        queue_remove(&s->queue, lane_id(slot, LANE_TCP));
        for (unsigned i = 0; i < DECOYS; i++)
                want_look(s, slot, h->no_look ? CONFIRM_LISTEN : CONFIRM_DATA, h->decoy[i]);
        for (size_t i = 0; i < n_top && n < CANDIDATES && !h->no_look; i++) {
                uint32_t index = s->port_index[LANE_TCP][top[i]];
                enum answer answer;

                if (index == NO_INDEX || lane_forbids(s, h, LANE_TCP, top[i]))
                        continue;
                answer = answer_get(s, slot, LANE_TCP, index);
                if (answer != ANSWER_NONE && answer != ANSWER_OPEN)
                        continue;
                want_look(s, slot, CONFIRM_DATA, top[i]);
                n++;
        }
}

void suspect_decoys_over(struct scan *s, uint32_t slot, uint64_t now_ns)
{
        struct host *h = &s->hosts[slot];

        if (h->decoy_open == (1 << DECOYS) - 1 && !h->decoy_closed) {
                look_closer(s, slot);
                return;
        }
        h->suspicion = SUSPECT_CLEARED;
        if (h->lanes[LANE_TCP].stage != STAGE_DONE || !suspect_confirm(s, slot))
                settle_open(s, slot);
}

bool suspect_confirm(struct scan *s, uint32_t slot)
{
        struct host *h = &s->hosts[slot];
        bool any = false;

        if (h->pending_looks)
                return true;
        if (!s->options.confirm || h->suspicion != SUSPECT_CLEARED || h->no_look)
                return false;
        for (size_t i = 0; i < s->details[slot].n; i++) {
                struct detail *d = &s->details[slot].at[i];

                if (d->transport != TRANSPORT_TCP || d->confirmed || d->refuted)
                        continue;
                want_look(s, slot, CONFIRM_HANDSHAKE, d->port);
                any = true;
        }
        return any;
}

/* All looks at a suspected host are there. */
static void judge(struct scan *s, uint32_t slot, uint64_t now_ns)
{
        struct host *h = &s->hosts[slot];
        struct look_list *looks = &s->looks[slot];
        struct middlebox_verdict verdict;
        struct detail_list real = {0};
        _cleanup_free_ enum middlebox_port *ports = xcalloc(looks->n + 1, sizeof(*ports));
        size_t n_base = 0;

        /* the decoys stand first */
        for (size_t i = 0; i < looks->n; i++) {
                for (unsigned d = 0; d < DECOYS; d++) {
                        if (looks->at[i].port == h->decoy[d]) {
                                struct confirm_look swap = looks->at[n_base];

                                looks->at[n_base++] = looks->at[i];
                                looks->at[i] = swap;
                                break;
                        }
                }
        }
        verdict = middlebox_judge(looks->at, n_base, DECOYS, looks->at + n_base, looks->n - n_base, ports);
        h->suspicion = verdict.recognised ? SUSPECT_CONFIRMED : SUSPECT_CLEARED;
        if (verdict.recognised) {
                s->middlebox[slot] = verdict.how;
                for (size_t i = 0; i < looks->n - n_base; i++) {
                        const struct confirm_look *look = &looks->at[n_base + i];

                        if (ports[i] == MIDDLEBOX_PORT_REAL)
                                *vec_push(&real) = (struct detail){
                                        .port = look->port,
                                        .transport = TRANSPORT_TCP,
                                        .reason = REASON_CONNECTED,
                                        .tries = 1,
                                        .confirmed = true,
                                        .rtt_us = look->rtt_us,
                                };
                }
                for (size_t i = 0; i < s->details[slot].n; i++) /* datagrams are not in question */
                        if (s->details[slot].at[i].transport == TRANSPORT_UDP)
                                *vec_push(&real) = s->details[slot].at[i];
                vec_clear(&s->details[slot]);
                s->details[slot] = real;
        }
        vec_clear(looks);
        if (h->suspicion == SUSPECT_CLEARED && h->lanes[LANE_TCP].stage == STAGE_PAUSED) {
                h->lanes[LANE_TCP].stage = STAGE_ASK;
                lanes_wake(s, slot, LANE_TCP, now_ns);
        } else {
                lanes_done(s, slot, LANE_TCP);
        }
}

/* What the kernel sent for a look beyond its first packet. */
static void charge_kernel(struct scan *s, struct host *h, const struct confirm_look *look)
{
        if (look->local_fault)
                return;
        routes_spend(s, h, look->connect_errno == 0 ? 2 + 2 * look->sent : look->connect_errno == ETIMEDOUT);
}

/* A SYN-ACK has come before: one connection that is lost on the way does not refute it, nor a fault of ours. */
static void take_handshake(struct scan *s, uint32_t slot, struct detail *d, const struct confirm_look *look)
{
        if (look->local_fault)
                s->hosts[slot].why |= COVERAGE_DESCRIPTORS;
        else if (look->connect_errno == ETIMEDOUT && ++d->looks < HANDSHAKES)
                want_look(s, slot, CONFIRM_HANDSHAKE, d->port);
        else if (look->connect_errno == 0)
                d->confirmed = true;
        else
                d->refuted = true;
}

static void look_over(const struct confirm_look *look, void *arg)
{
        struct scan *s = arg;
        uint32_t slot = hosts_by_address(s, &look->address);
        struct detail *d;
        struct host *h;

        if (slot == NO_SLOT || s->hosts[slot].over || s->hosts[slot].pending_looks == 0)
                return;
        h = &s->hosts[slot];
        h->pending_looks--;
        charge_kernel(s, h, look);
        if (h->suspicion == SUSPECT_LOOKING) {
                *vec_push(&s->looks[slot]) = *look;
                if (h->pending_looks == 0)
                        judge(s, slot, s->now_ns);
                return;
        }
        d = settle_detail(s, slot, LANE_TCP, look->port);
        if (d)
                take_handshake(s, slot, d, look);
        if (h->pending_looks == 0) {
                settle_open(s, slot);
                lanes_end_if_over(s, slot);
        }
}

/* Begin waiting looks, as far as the pace of their hosts allows. */
static void begin_looks(struct scan *s, uint64_t now_ns)
{
        struct wanted_look late[LOOKS_AHEAD];
        size_t n_late = 0, n_done, i;

        for (i = 0; i < s->wanted_looks.n && i < LOOKS_AHEAD; i++) {
                struct wanted_look look = s->wanted_looks.at[i];
                struct host *h = &s->hosts[look.slot];

                if (!h->used || h->over || h->seq != look.seq)
                        continue;
                if (!pace_ready(&s->pace, now_ns) || !pace_ready(&h->pace, now_ns)) {
                        late[n_late++] = look;
                        continue;
                }
                confirmer_add(s->confirmer, look.kind, &h->address, h->zone_index, look.port,
                              (enum device_class)h->class);
                h->sent++;
                s->result.sent++;
                pace_spend(&h->pace, now_ns, 1);
                pace_spend(&s->pace, now_ns, 1);
        }
        n_done = i;
        memmove(s->wanted_looks.at, s->wanted_looks.at + n_done,
                (s->wanted_looks.n - n_done) * sizeof(s->wanted_looks.at[0]));
        s->wanted_looks.n -= n_done;
        for (i = 0; i < n_late; i++) /* behind the others, so that slow hosts hold nobody up */
                *vec_push(&s->wanted_looks) = late[i];
}

void suspect_run(struct scan *s, uint64_t now_ns)
{
        if (s->wanted_looks.n)
                begin_looks(s, now_ns);
        if (confirmer_pending(s->confirmer))
                confirmer_run(s->confirmer, now_ns, look_over, s);
}
