/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a lane does when it is due: ask the next port of its pass, listen to the end of it, decide with
 * pass.h whether another pass is needed. Every pass goes through the ports in another order, and each try
 * has another source port.
 */
#include "scan/engine.h"

#include "scan/payload.h"

#define MS 1000000ull

/*
 * How long answers are waited for when the round trip is not known: longer than any on a planet, shorter
 * than patience.
 */
#define LISTEN_UNKNOWN_NS (500 * MS)
#define LISTEN_LEAST_NS   (25 * MS) /* the receive ring hands its blocks over every few ms */
#define LISTEN_MOST_NS    (1500 * MS)
#define LISTEN_UDP_NS     (150 * MS) /* a datagram waits for a program, not only for a kernel */
#define LISTEN_LAST_NS \
        (750 * MS) /* nothing was heard: behind a slow line, neighbours are still being found */
#define DOUBT_NS         (50 * MS) /* answers to the first probes; more come while they are waited for */
#define LIMIT_CHECK_NS   (250 * MS)
#define LIMIT_TRIAL_RATE 200.0 /* packets/s with which a limiter is looked for */
#define DECOY_PASSES     3u
#define FAULTS_MOST      4u /* more passes when this machine could not send, or lost answers */
#define FIND_AGAIN       3u /* and when it lost answers, while a host was looked for */

/* Seconds that may be spent waiting for a host that limits its answers. */
#define PATIENCE_RST_S  3600.0
#define PATIENCE_ICMP_S 10.0

void lanes_wake(struct scan *s, uint32_t slot, enum lane_kind kind, uint64_t when_ns)
{
        queue_set(&s->queue, lane_id(slot, kind), when_ns);
}

static uint32_t answered_of(const struct lane *l)
{
        return l->count[ANSWER_OPEN] + l->count[ANSWER_CLOSED] + l->count[ANSWER_OTHER];
}

static void begin_pass(struct scan *s, struct lane *l, uint64_t now_ns)
{
        l->stage = STAGE_ASK;
        l->place = 0;
        l->asked = 0;
        l->local_fault = false;
        l->answered_before = answered_of(l);
        l->pass_began_ns = l->last_sent_ns = l->checked_ns = now_ns;
        l->checked_asked = 0;
        l->checked_answered = l->answered_before;
        l->drops_before = s->drops;
        l->timed_port = 0;
}

void lanes_end_if_over(struct scan *s, uint32_t slot)
{
        struct host *h = &s->hosts[slot];

        if (h->lanes[LANE_TCP].stage == STAGE_DONE && h->lanes[LANE_UDP].stage == STAGE_DONE &&
            h->suspicion != SUSPECT_ASKING && h->suspicion != SUSPECT_LOOKING && h->pending_looks == 0)
                hosts_end(s, slot);
}

void lanes_done(struct scan *s, uint32_t slot, enum lane_kind kind)
{
        struct host *h = &s->hosts[slot];

        h->lanes[kind].stage = STAGE_DONE;
        queue_remove(&s->queue, lane_id(slot, kind));
        if (kind == LANE_TCP && suspect_confirm(s, slot))
                return;
        settle_open(s, slot);
        lanes_end_if_over(s, slot);
}

void lanes_begin(struct scan *s, uint32_t slot, uint64_t now_ns)
{
        struct host *h = &s->hosts[slot];

        queue_remove(&s->queue, lane_id(slot, LANE_FIND));
        h->lanes[LANE_FIND].stage = STAGE_DONE;
        for (enum lane_kind kind = LANE_TCP; kind <= LANE_UDP; kind++) {
                struct lane *l = &h->lanes[kind];

                if (l->stage == STAGE_DONE)
                        continue;
                if (lane_unanswered(l) == 0) {
                        lanes_done(s, slot, kind);
                        continue;
                }
                l->pace.next_ns = now_ns;
                begin_pass(s, l, now_ns);
                lanes_wake(s, slot, kind, now_ns);
        }
        lanes_end_if_over(s, slot);
}

static struct probe probe_for(struct scan *s, uint32_t slot, uint16_t port, unsigned attempt)
{
        const struct host *h = &s->hosts[slot];
        const struct route *r = &s->routes.at[h->route];
        struct probe probe = {
                .to = h->address,
                .zone_index = h->zone_index,
                .path = r->path,
                .host = slot,
                .port = port,
                .attempt = (uint8_t)attempt,
                .class = (enum device_class)h->class,
        };

        memcpy(probe.mac, r->path->on_link ? h->mac : r->gateway_mac, 6);
        return probe;
}

static void count_sent(struct scan *s, uint32_t slot, uint64_t now_ns, unsigned n)
{
        struct host *h = &s->hosts[slot];

        h->sent += n;
        s->result.sent += n;
        pace_spend(&h->pace, now_ns, n);
        pace_spend(&s->routes.at[h->route].pace, now_ns, n);
        pace_spend(&s->pace, now_ns, n);
}

/* --- finding hosts ------------------------------------------------------------------------------ */

/* Without raw sockets, hosts are looked for by connections to ports that are likely to answer. */
static const uint16_t find_ports[FIND_ATTEMPTS] = {443, 80, 22};

static void not_found(struct scan *s, uint32_t slot, uint64_t now_ns)
{
        struct host *h = &s->hosts[slot];
        const struct path *path = s->routes.at[h->route].path;
        bool neighbour = s->discovery && path->link_has_addresses && path->on_link;

        h->status = h->single ? HOST_SILENT : HOST_ABSENT;
        if (h->lanes[LANE_FIND].local_fault)
                h->status = HOST_NOT_ASKED;
        else
                h->unreachable = neighbour;
        if (s->drops != h->lanes[LANE_FIND].drops_before)
                h->why |= COVERAGE_LOCAL_DROPS;
        /*
         * with no hardware address nothing can be sent; behind a router one named singly is asked all the
         * same
         */
        if (h->single && !neighbour)
                lanes_begin(s, slot, now_ns);
        else
                hosts_end(s, slot);
}

/* All in all 0.9 s on link and 1.4 s behind routers. */
static const uint64_t find_wait_ns[2][FIND_ATTEMPTS] = {
        {350 * MS, 400 * MS, 650 * MS},
        {250 * MS, 250 * MS, 400 * MS},
};

/* What this machine did not send, or lost, was no try. */
static bool find_again(struct scan *s, struct lane *l, uint64_t now_ns)
{
        scan_look_for_drops(s, now_ns);
        if ((!l->local_fault && s->drops == l->drops_before) || l->round == FIND_AGAIN)
                return false;
        l->round++;
        l->pass = 0;
        l->local_fault = false;
        l->drops_before = s->drops;
        return true;
}

static bool forbidden_by_class(const struct scan *s, const struct host *h, uint16_t port)
{
        const struct port_set *forbidden = s->kinds.at[h->kind]->limits.forbidden[TRANSPORT_TCP];

        return forbidden && port_set_has(forbidden, port);
}

static void find_due(struct scan *s, uint32_t slot, uint64_t now_ns)
{
        struct host *h = &s->hosts[slot];
        struct lane *l = &h->lanes[LANE_FIND];
        const struct path *path = s->routes.at[h->route].path;
        uint64_t ready = later(h->pace.next_ns, s->routes.at[h->route].pace.next_ns);
        unsigned attempt = l->pass;

        if (attempt == FIND_ATTEMPTS) {
                if (!find_again(s, l, now_ns))
                        not_found(s, slot, now_ns);
                else
                        lanes_wake(s, slot, LANE_FIND, now_ns);
                return;
        }
        if (ready > now_ns) {
                lanes_wake(s, slot, LANE_FIND, ready);
                return;
        }
        l->pass++;
        l->last_sent_ns = now_ns;
        if (s->discovery) {
                struct find_batch *batch = &s->find[attempt];

                batch->probes[batch->n] = probe_for(s, slot, 0, attempt);
                batch->probes[batch->n].echo_only = h->echo_only;
                count_sent(s, slot, now_ns, discovery_cost(&batch->probes[batch->n++], attempt));
        } else if (s->full.state && !forbidden_by_class(s, h, find_ports[attempt])) {
                s->full.probes[s->full.n] = probe_for(s, slot, find_ports[attempt], attempt);
                s->full.probes[s->full.n++].canary = true;
                count_sent(s, slot, now_ns, 1);
        }
        lanes_wake(s, slot, LANE_FIND, now_ns + find_wait_ns[path->on_link][attempt]);
}

/* --- decoys ---------------------------------------------------------------------------------------- */

static uint64_t listen_ns(const struct lane *l, enum lane_kind kind)
{
        uint64_t wait = (uint64_t)(l->srtt_us + 4 * l->rttvar_us) * 1000;

        if (l->srtt_us == 0)
                return l->pass == 0 ? LISTEN_UNKNOWN_NS : LISTEN_LAST_NS;
        if (kind == LANE_UDP && wait < LISTEN_UDP_NS)
                return LISTEN_UDP_NS;
        if (wait < LISTEN_LEAST_NS)
                return LISTEN_LEAST_NS;
        return wait > LISTEN_MOST_NS ? LISTEN_MOST_NS : wait;
}

/*
 * Marked as control probes, so that an answer is never taken for one to the lane, which may ask the same
 * port; and from source ports that lanes hardly ever come to: the same four numbers twice are answered once.
 */
static void ask_decoy(struct scan *s, uint32_t slot, uint16_t port, unsigned pass, uint64_t now_ns)
{
        struct batch *batch = hosts_batch(s, &s->hosts[slot], LANE_TCP);
        struct probe *probe = &batch->probes[batch->n++];

        *probe = probe_for(s, slot, port, METHOD_TRIES_MAX - 1 - pass);
        probe->canary = true;
        count_sent(s, slot, now_ns, 1);
}

static void decoy_due(struct scan *s, uint32_t slot, uint64_t now_ns)
{
        struct host *h = &s->hosts[slot];
        struct lane *l = &h->lanes[LANE_DECOY];
        uint64_t ready = later(h->pace.next_ns, s->routes.at[h->route].pace.next_ns);

        if (l->pass == DECOY_PASSES || h->decoy_closed || h->decoy_open == (1 << DECOYS) - 1) {
                l->stage = STAGE_DONE;
                queue_remove(&s->queue, lane_id(slot, LANE_DECOY));
                suspect_decoys_over(s, slot, now_ns);
                lanes_end_if_over(s, slot);
                return;
        }
        if (ready > now_ns) {
                lanes_wake(s, slot, LANE_DECOY, ready);
                return;
        }
        while (l->place < DECOYS && h->decoy_open >> l->place & 1)
                l->place++;
        if (l->place < DECOYS) {
                ask_decoy(s, slot, h->decoy[l->place++], l->pass, now_ns);
                lanes_wake(s, slot, LANE_DECOY, now_ns);
                return;
        }
        l->pass++;
        l->place = 0;
        lanes_wake(s, slot, LANE_DECOY, now_ns + listen_ns(&h->lanes[LANE_TCP], LANE_TCP) * l->pass);
}

/* --- asking ports ---------------------------------------------------------------------------------- */

/* Passes a port is asked in when nothing is known to be lost. */
static unsigned tries_for(const struct scan *s, enum lane_kind kind, uint32_t index)
{
        unsigned payloads = kind == LANE_UDP ? scan_payloads(s, s->ports[LANE_UDP][index]) : 1;

        return payloads > PASS_LEAST ? payloads : PASS_LEAST;
}

static unsigned fewer(unsigned a, unsigned b)
{
        return a < b ? a : b;
}

static unsigned tries_least(const struct scan *s, enum lane_kind kind, double loss)
{
        unsigned least = kind == LANE_UDP ? s->udp_tries : PASS_LEAST;

        if (kind == LANE_UDP && loss > 0.01)
                least *= 2;
        return fewer(least, METHOD_TRIES_MAX);
}

/* The next port of this pass, NO_INDEX when it has been gone through. */
static uint32_t next_index(struct scan *s, uint32_t slot, enum lane_kind kind)
{
        struct host *h = &s->hosts[slot];
        struct lane *l = &h->lanes[kind];
        uint32_t n = s->n_ports[kind];
        uint64_t key = s->order_key + (h->seq << 8 | (uint64_t)kind << 5 | l->round) * 0x9e3779b97f4a7c15;
        struct permutation order = permutation_of(n, key);
        bool by_rank = kind == LANE_UDP && l->round == 0;
        bool every = kind == LANE_TCP || l->pass >= s->udp_tries;

        while (l->place < n) {
                uint32_t place = l->place++;
                uint32_t index = by_rank ? s->udp_first[place] : (uint32_t)permutation_at(&order, place);

                if (answer_get(s, slot, kind, index) == ANSWER_NONE &&
                    (every || l->pass < tries_for(s, kind, index)) &&
                    !lane_forbids(s, h, kind, s->ports[kind][index]))
                        return index;
        }
        return NO_INDEX;
}

static void limiter_go_on(struct lane *l, double rate, uint64_t now_ns)
{
        l->limited = true;
        pace_set(&l->pace, rate);
        l->pace.next_ns = now_ns;
        l->checked_ns = now_ns;
        l->checked_asked = l->asked;
        l->checked_answered = answered_of(l);
}

static void limiter_begin(struct lane *l, double rate, uint64_t now_ns)
{
        l->slow_steps = LIMITER_STEPS_UNKNOWN;
        limiter_go_on(l, rate, now_ns);
}

/*
 * From time to time, what is answered is compared with what was asked: soon while the pace is looked for, then
 * seldom enough that one answer more or less does not matter.
 */
static void limiter_follow(struct lane *l, uint64_t now_ns, double loss, double most)
{
        uint32_t asked = l->asked - l->checked_asked, answered = answered_of(l) - l->checked_answered;
        enum limiter_sign sign = limiter_sign(asked, answered, loss);
        double seconds = (double)(now_ns - l->checked_ns) / 1e9, rate;
        bool known = l->slow_steps < LIMITER_STEPS_UNKNOWN;

        if (now_ns - l->checked_ns < (known ? 2 : 1) * LIMIT_CHECK_NS || asked < 8)
                return;
        if (sign == LIMITER_NONE) {
                l->limited = false;
                l->undoubted = true;
                pace_set(&l->pace, most);
                return;
        }
        if (sign != LIMITER_FASTER) /* else they came late, for all that is known */
                l->ever_limited = true;
        rate = limiter_rate(sign, pace_rate(&l->pace), answered, seconds, l->slow_steps);
        l->slow_steps = sign == LIMITER_FASTER ? (uint8_t)(l->slow_steps + (l->slow_steps < UINT8_MAX)) : 0;
        limiter_go_on(l, rate < most ? rate : most, now_ns);
}

/* Too few answers to send more, before it is known why. */
static bool doubtful(const struct lane *l)
{
        return !l->limited && !l->undoubted && pace_rate(&l->pace) > LIMIT_TRIAL_RATE &&
               (!l->unheard || l->count[ANSWER_CLOSED]) &&
               pass_doubtful(l->asked, answered_of(l) - l->answered_before);
}

void lanes_heard(struct scan *s, uint32_t slot, enum lane_kind kind, uint64_t when_ns)
{
        const struct lane *l = &s->hosts[slot].lanes[kind];

        if ((lane_unanswered(l) == 0 && l->stage != STAGE_PAUSED) ||
            (l->stage == STAGE_DOUBT && !doubtful(l)))
                lanes_wake(s, slot, kind, when_ns);
}

/* Few answers: wait for those on the way, then ask slowly, to see whether there is a limiter. */
static bool doubt(struct scan *s, uint32_t slot, enum lane_kind kind, uint64_t now_ns)
{
        struct host *h = &s->hosts[slot];
        struct lane *l = &h->lanes[kind];
        bool few = kind == LANE_TCP && doubtful(l);

        if (l->stage == STAGE_DOUBT) {
                l->stage = STAGE_ASK;
                if (few && l->count[ANSWER_CLOSED])
                        limiter_begin(l, LIMIT_TRIAL_RATE, now_ns);
                else if (few)
                        l->unheard = true;
                return false;
        }
        if (!few)
                return false;
        l->stage = STAGE_DOUBT;
        lanes_wake(s, slot, kind, now_ns + (l->srtt_us ? later(listen_ns(l, kind), DOUBT_NS) : DOUBT_NS));
        return true;
}

static void ask_due(struct scan *s, uint32_t slot, enum lane_kind kind, uint64_t now_ns)
{
        struct host *h = &s->hosts[slot];
        struct lane *l = &h->lanes[kind];
        struct route *r = &s->routes.at[h->route];
        struct batch *batch = hosts_batch(s, h, kind);
        uint64_t ready = later(later(h->pace.next_ns, l->pace.next_ns), r->pace.next_ns);
        uint32_t index;

        if (ready > now_ns) {
                lanes_wake(s, slot, kind, ready);
                return;
        }
        if (doubt(s, slot, kind, now_ns))
                return;
        index = next_index(s, slot, kind);
        if (index == NO_INDEX) {
                l->stage = STAGE_LISTEN;
                l->listen_until_ns = l->last_sent_ns + listen_ns(l, kind);
                lanes_wake(s, slot, kind, later(l->listen_until_ns, now_ns));
                return;
        }
        batch->probes[batch->n++] = probe_for(s, slot, s->ports[kind][index], l->round);
        l->asked++;
        l->inflight++;
        l->last_sent_ns = now_ns;
        h->retried += l->round > 0;
        s->result.retried += l->round > 0;
        if (l->timed_port == 0) {
                l->timed_port = s->ports[kind][index];
                l->timed_ns = now_ns;
        }
        count_sent(s, slot, now_ns, 1);
        pace_spend(&l->pace, now_ns, 1);
        if (l->limited)
                limiter_follow(l, now_ns, routes_loss(r), pace_rate(&h->pace));
        lanes_wake(s, slot, kind, later(later(h->pace.next_ns, l->pace.next_ns), r->pace.next_ns));
}

static struct pass_facts facts_of(const struct scan *s, const struct host *h, enum lane_kind kind,
                                  uint64_t now_ns)
{
        const struct lane *l = &h->lanes[kind];
        double path_loss = routes_loss(&s->routes.at[h->route]);
        struct pass_facts facts = {
                .pass = l->pass,
                .unanswered = lane_unanswered(l),
                .asked = l->asked,
                .answered_before = l->answered_before,
                .answered_now = l->wanted - lane_unanswered(l) - l->answered_before,
                .pass_ns = now_ns - l->pass_began_ns,
                .rate = pace_rate(&l->pace),
                .base_rate = pace_rate(&h->pace),
                .path_loss = path_loss,
                .dropped_here = s->drops != l->drops_before,
                .limited = l->limited,
                .least = tries_least(s, kind, path_loss),
                .patience = kind == LANE_UDP ? PATIENCE_ICMP_S : PATIENCE_RST_S,
        };

        memcpy(facts.answered, l->answered, sizeof(facts.answered));
        return facts;
}

static void pass_again(struct scan *s, uint32_t slot, enum lane_kind kind, uint64_t now_ns)
{
        struct lane *l = &s->hosts[slot].lanes[kind];

        settle_open(s, slot);
        l->round = (uint8_t)((l->round + 1) % METHOD_TRIES_MAX);
        l->pace.next_ns = now_ns;
        l->inflight = 0;
        begin_pass(s, l, now_ns);
        lanes_wake(s, slot, kind, now_ns);
}

static void listen_due(struct scan *s, uint32_t slot, enum lane_kind kind, uint64_t now_ns)
{
        struct host *h = &s->hosts[slot];
        struct lane *l = &h->lanes[kind];
        struct pass_facts facts;
        struct pass_plan plan;

        if (hosts_batch(s, h, kind)->method->answers_each && l->inflight > 0 && lane_unanswered(l) > 0) {
                lanes_wake(s, slot, kind, now_ns + 10 * MS);
                return;
        }
        scan_look_for_drops(s, now_ns);
        if ((l->local_fault || s->drops != l->drops_before) && l->faults < FAULTS_MOST) {
                l->faults++;
                pass_again(s, slot, kind, now_ns);
                return;
        }
        facts = facts_of(s, h, kind, now_ns);
        plan = pass_plan(&facts);
        l->loss = plan.told;
        l->unsure = plan.unsure;
        l->dropped_here = facts.dropped_here;
        if (!plan.again) {
                settle_open(s, slot);
                lanes_done(s, slot, kind);
                return;
        }
        if (!plan.limited || !l->limited)
                l->pass = (uint8_t)(l->pass + (l->pass + 1u < METHOD_TRIES_MAX));
        if (plan.limited && !l->limited)
                limiter_begin(l, plan.rate, now_ns);
        l->limited = plan.limited;
        pace_set(&l->pace, plan.rate);
        l->pace.next_ns = now_ns;
        pass_again(s, slot, kind, now_ns);
}

static void ports_due(struct scan *s, uint32_t slot, enum lane_kind kind, uint64_t now_ns)
{
        struct lane *l = &s->hosts[slot].lanes[kind];

        if (l->stage == STAGE_PAUSED)
                queue_remove(&s->queue, lane_id(slot, kind));
        else if (lane_unanswered(l) == 0)
                lanes_done(s, slot, kind);
        else if (l->stage == STAGE_ASK || l->stage == STAGE_DOUBT)
                ask_due(s, slot, kind, now_ns);
        else
                listen_due(s, slot, kind, now_ns);
}

/* --- sending ----------------------------------------------------------------------------------------- */

static int flush_batch(struct batch *b)
{
        int n;

        if (b->n == 0)
                return 0;
        n = b->method->send(b->state, b->probes, b->n);
        if (n < 0)
                return n;
        b->n -= (unsigned)n;
        memmove(b->probes, b->probes + n, b->n * sizeof(b->probes[0]));
        return 0;
}

static int flush_find(struct scan *s, unsigned attempt)
{
        struct find_batch *b = &s->find[attempt];
        int n = b->n ? discovery_send(s->discovery, b->probes, b->n, attempt) : 0;

        if (n < 0)
                return n;
        b->n -= (unsigned)n;
        memmove(b->probes, b->probes + n, b->n * sizeof(b->probes[0]));
        return 0;
}

int lanes_flush(struct scan *s, uint64_t now_ns)
{
        struct batch *batches[] = {&s->tcp, &s->full, &s->udp};
        int r = 0;

        for (unsigned i = 0; i < FIND_ATTEMPTS && r == 0; i++)
                r = flush_find(s, i);
        for (unsigned i = 0; i < array_len(batches) && r == 0; i++)
                r = flush_batch(batches[i]);
        return r;
}

/* Room for what one lane can add at once. */
static bool full(const struct scan *s)
{
        for (unsigned i = 0; i < FIND_ATTEMPTS; i++)
                if (s->find[i].n == BATCH)
                        return true;
        return s->tcp.n + DECOYS > BATCH || s->full.n + DECOYS > BATCH || s->udp.n == BATCH;
}

uint64_t lanes_work(struct scan *s, uint64_t now_ns)
{
        const struct queue_entry *first;

        while ((first = queue_first(&s->queue)) && first->due_ns <= now_ns) {
                uint32_t slot = first->id / LANE_KINDS;
                enum lane_kind kind = first->id % LANE_KINDS;

                if (full(s))
                        return now_ns; /* again when they have left */
                if (!pace_ready(&s->pace, now_ns))
                        return s->pace.next_ns;
                if (kind == LANE_FIND)
                        find_due(s, slot, now_ns);
                else if (kind == LANE_DECOY)
                        decoy_due(s, slot, now_ns);
                else
                        ports_due(s, slot, kind, now_ns);
        }
        return first ? first->due_ns : UINT64_MAX;
}
