/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The engine's own types, for the files of this folder only. Hosts are taken in a permuted order into a
 * bounded number of slots; a slot that is done takes the next host, so that a slow one holds nobody up.
 * Each host has lanes: FIND asks whether it is there, TCP and UDP ask its ports in passes, DECOY asks ports
 * nobody uses. A lane is queued by the time it is due; what it may do then is decided by the pace of the
 * host, of the path and of the whole. Two bits a port are the state (enum answer); everything else about a
 * port is kept only when it is open. Slots and bits lie in one mapping, which is the checkpoint file when
 * there is one: a killed scan has lost nothing but what was on the wire.
 */
#pragma once

#include "base/vec.h"
#include "scan/askable.h"
#include "scan/confirm.h"
#include "scan/discover.h"
#include "scan/pace.h"
#include "scan/pass.h"
#include "scan/path.h"
#include "scan/permutation.h"
#include "scan/queue.h"
#include "scan/scan.h"

#define WINDOW_PROBES ((uint64_t)1 << 26) /* of all slots together */
#define WINDOW_HOSTS  16384u
#define BATCH         64u
#define DECOYS        3u
#define NO_SLOT       UINT32_MAX
#define REPLAY_SLOT   0u /* never taken by a host: a resumed scan tells through it what it knew */
#define NO_INDEX      UINT32_MAX

enum answer { ANSWER_NONE, ANSWER_OPEN, ANSWER_CLOSED, ANSWER_OTHER };

enum lane_kind { LANE_TCP, LANE_UDP, LANE_FIND, LANE_DECOY, LANE_KINDS };

enum lane_stage {
        STAGE_IDLE,   /* not begun, or nothing to do */
        STAGE_ASK,    /* sending a pass */
        STAGE_LISTEN, /* waiting for the answers to it */
        STAGE_DOUBT,  /* few of the probes were answered, though closed ports do answer: waiting before more are sent */
        STAGE_PAUSED, /* a middlebox is suspected: nothing more is asked until that is known */
        STAGE_DONE,
};

struct lane {
        uint8_t stage; /* enum lane_stage */
        uint8_t pass;  /* tries that count, from 0 */
        uint8_t round; /* passes in all, modulo METHOD_TRIES_MAX: the attempt, which chooses the source port */
        bool limited; /* asked at the pace of a limiter */
        bool ever_limited; /* and that was borne out */
        bool undoubted;    /* it was tried, and there was no limiter */
        bool unheard;      /* nothing was heard of the first probes: they are not waited for any more */
        uint8_t slow_steps; /* for limiter_rate */
        bool unsure;
        bool dropped_here;
        bool local_fault;     /* probes of the last pass could not be sent */
        uint8_t faults;       /* passes that are no tries, for a fault of this machine; up to a limit */
        uint8_t other_reason; /* enum endpoint_reason of ANSWER_OTHER */
        uint32_t place;       /* next in the permutation of this pass */
        uint32_t
                wanted; /* ports asked of this host: those of the scan without what its device class forbids */
        uint32_t count[4]; /* ports by enum answer; [ANSWER_NONE] is not kept */
        uint32_t answered[METHOD_TRIES_MAX];
        uint32_t asked, answered_before; /* in this pass; before it */
        uint32_t inflight;               /* attempts the method has not ended (connect) */
        uint32_t srtt_us, rttvar_us;
        uint32_t timed_port; /* a probe whose answer is timed; 0 = none */
        uint64_t timed_ns;
        uint64_t pass_began_ns, last_sent_ns, listen_until_ns;
        uint64_t checked_ns; /* limited: when the pace was last adjusted */
        uint32_t checked_asked, checked_answered;
        uint64_t drops_before;
        double loss;
        struct pace pace; /* narrower than the host's after loss, or for a limiter */
};

enum suspicion { SUSPECT_NOT_ASKED, SUSPECT_ASKING, SUSPECT_LOOKING, SUSPECT_CLEARED, SUSPECT_CONFIRMED };

struct host {
        bool used;
        uint8_t status; /* enum host_status */
        bool single, found, has_mac, over;
        bool pathless, unreachable; /* no route; on link, and nobody has the address */
        uint8_t suspicion;          /* enum suspicion */
        uint8_t class;
        uint8_t mac[6];
        uint8_t decoy_open, decoy_closed; /* bits */
        uint16_t decoy[DECOYS];
        uint32_t zone_index;
        struct address address;
        uint64_t seq; /* its place in the order of hosts */
        uint32_t next_in_bucket;
        uint32_t route; /* index in scan.routes */
        uint32_t pending_looks;
        uint64_t sent, answered, retried;
        unsigned why;
        bool no_syn, no_look, echo_only; /* of its device class */
        uint16_t kind;        /* index in scan.kinds: what may be asked of it */
        struct pace pace;
        struct lane lanes[LANE_KINDS];
};

struct detail { /* of a port that is open */
        uint16_t port;
        uint8_t transport, reason, ttl, tries;
        uint8_t looks; /* handshakes that stayed without an answer */
        bool confirmed, told, refuted;
        bool from_before; /* known from the checkpoint: not asked again, not even as a control probe */
        uint32_t rtt_us;
};

struct detail_list {
        struct detail *at;
        size_t n, room;
};

#define DETAILS_MAX 8192u /* open ports of one host with details; more are only bits */

/* What slots share that go the same way. */
struct route {
        const struct path *path;
        struct pace pace;
        uint8_t gateway_mac[6];
        bool gateway_known;
        uint64_t gateway_next_ns; /* when the kernel is asked for it again */
        /* control probes to a port that is known to answer */
        uint32_t canary_slot;
        uint64_t canary_seq; /* of the host: the slot may have been given to another one */
        uint16_t canary_port;
        uint8_t canary_attempt;
        bool canary_out;
        uint64_t canary_sent_ns, canary_next_ns;
        uint32_t canaries, canaries_lost;
        uint32_t recent, recent_lost;
        uint32_t active; /* hosts that use it */
};

struct batch {
        const struct method *method;
        struct method_state *state;
        struct probe probes[BATCH];
        unsigned n;
};

#define FIND_ATTEMPTS 3u

struct find_batch {
        struct probe probes[BATCH];
        unsigned n;
};

struct wanted_look {
        uint32_t slot;
        uint64_t seq; /* of the host: the slot may have been given to another one */
        uint16_t port;
        enum confirm_kind kind;
};

struct look_list {
        struct confirm_look *at;
        size_t n, room;
};

struct checkpoint;

struct scan {
        struct scan_options options;
        struct gate gate;
        struct cookie_key cookie;
        uint64_t order_key;
        uint32_t n_ports[2];
        uint16_t *ports[2];          /* in order */
        uint32_t *port_index[2];     /* of a port number, NO_INDEX = not asked */
        unsigned udp_tries;          /* passes until every payload was sent once */
        uint16_t *udp_first;         /* UDP indexes, what matters most first */
        uint64_t n_hosts, next_host; /* in all; not yet taken */
        struct permutation host_order;

        uint32_t n_slots, used_slots;
        size_t bits_each; /* bytes of state bits of a slot */
        struct host *hosts;
        uint8_t *bits;
        struct detail_list *details;
        uint32_t *buckets, n_buckets; /* slot by address */
        vec(uint32_t) free_slots;
        vec(uint32_t) ended; /* to be told and emptied */
        struct queue queue;  /* of slot * LANE_KINDS + kind */

        struct paths *paths;
        vec(struct route) routes;
        vec(struct askable *) kinds; /* what may be asked: once for all hosts with the same limits */
        struct discovery *discovery;
        struct batch tcp, full, udp; /* full: connect, for classes that forbid half-open probes */
        struct find_batch find[FIND_ATTEMPTS];
        struct confirmer *confirmer;
        vec(struct wanted_look) wanted_looks;
        struct look_list *looks;       /* of a slot that is suspected */
        const char **middlebox;        /* of a slot: how it was recognised */
        struct host_coverage coverage; /* being told; 16 KiB of port sets */
        uint32_t hosts_told;
        uint64_t now_ns;
        struct checkpoint *checkpoint;

        struct pace pace;
        bool stopping, log_failed, paths_stale;
        uint64_t refreshed_ns;
        unsigned stop_reason;
        uint64_t started_ns, progress_ns, progress_sent, window_checked_ns;
        double recent_rate;
        uint64_t forged_here, drops, drops_looked_ns, drops_paced;
        struct scan_result result;
        uint64_t decided;
};

static inline uint32_t lane_id(uint32_t slot, enum lane_kind kind)
{
        return slot * LANE_KINDS + kind;
}

static inline enum answer answer_get(const struct scan *s, uint32_t slot, enum lane_kind lane,
                                     uint32_t index)
{
        uint64_t bit = lane == LANE_UDP ? s->n_ports[0] + (uint64_t)index : index;

        return (enum answer)(s->bits[slot * s->bits_each + bit / 4] >> bit % 4 * 2 & 3);
}

static inline void answer_set(struct scan *s, uint32_t slot, enum lane_kind lane, uint32_t index,
                              enum answer answer)
{
        uint64_t bit = lane == LANE_UDP ? s->n_ports[0] + (uint64_t)index : index;
        uint8_t *at = &s->bits[slot * s->bits_each + bit / 4];

        *at = (uint8_t)((*at & ~(3u << bit % 4 * 2)) | (unsigned)answer << bit % 4 * 2);
}

/* Whether its device class forbids to ask that port of the host. */
static inline bool lane_forbids(const struct scan *s, const struct host *h, enum lane_kind lane,
                                uint16_t port)
{
        return !port_set_has(&s->kinds.at[h->kind]->ports.of[lane], port);
}

static inline uint32_t lane_unanswered(const struct lane *l)
{
        return l->wanted - l->count[ANSWER_OPEN] - l->count[ANSWER_CLOSED] - l->count[ANSWER_OTHER];
}

/* --- scan.c ---------------------------------------------------------------------------------------- */

/* Bring scan.drops up to date; cheap when it just was. */
void scan_look_for_drops(struct scan *s, uint64_t now_ns);
/* How many payloads a UDP port is sent. */
unsigned scan_payloads(const struct scan *s, uint16_t port);

/* --- hosts.c: slots ---------------------------------------------------------------------------- */

/* Take hosts into free slots. */
void hosts_fill(struct scan *s, uint64_t now_ns);
uint32_t hosts_by_address(const struct scan *s, const struct address *address);
/* Runtime parts of a slot whose record is there: path, pace, class, its place by address. */
void hosts_attach(struct scan *s, uint32_t slot, uint64_t now_ns);
/* Count the answers of a slot by its bits; those to what may not be asked any more are forgotten. */
void hosts_recount(struct scan *s, uint32_t slot);
/* Go on with a slot of the checkpoint. */
void hosts_go_on(struct scan *s, uint32_t slot, uint64_t now_ns);
/* What may be done to a host, as its device class says; the packets a second. */
double hosts_take_limits(struct scan *s, struct host *h);
/* All lanes of the host are over: tell it, and empty the slot. */
void hosts_finish_ended(struct scan *s, uint64_t now_ns);
void hosts_end(struct scan *s, uint32_t slot);
struct batch *hosts_batch(struct scan *s, const struct host *h, enum lane_kind lane);

/* --- lanes.c: what is due ------------------------------------------------------------------------ */

/* The host is known to be there, or asked all the same: begin its lanes. */
void lanes_begin(struct scan *s, uint32_t slot, uint64_t now_ns);
/* Do what is due, as far as pace and batches allow. CLOCK_MONOTONIC ns of the next thing to do. */
uint64_t lanes_work(struct scan *s, uint64_t now_ns);
/* A verdict was taken: look again at a lane that has waited for it. */
void lanes_heard(struct scan *s, uint32_t slot, enum lane_kind kind, uint64_t when_ns);
/* Look again at a lane soon. */
void lanes_wake(struct scan *s, uint32_t slot, enum lane_kind kind, uint64_t when_ns);
int lanes_flush(struct scan *s, uint64_t now_ns);
void lanes_done(struct scan *s, uint32_t slot, enum lane_kind kind);
/* Whether everything about the host is known; then it ends. */
void lanes_end_if_over(struct scan *s, uint32_t slot);

/* --- heard.c: answers ----------------------------------------------------------------------------- */

void heard_take(const struct heard *heard, void *scan);

/* --- routes.c: ways and control probes ------------------------------------------------------------ */

/* Index of the route for an address; negative errno (-ENETUNREACH). */
int routes_find(struct scan *s, const struct address *to, uint32_t zone_index, uint32_t *ret);
/* Learn the hardware addresses of gateways that are not known yet. */
void routes_gateways(struct scan *s, uint64_t now_ns);
/* Ask a known port again where that is due. */
void routes_canaries(struct scan *s, uint64_t now_ns);
void routes_canary_heard(struct scan *s, const struct heard *heard, uint32_t slot);
double routes_loss(const struct route *r);
/* Packets that left beyond those that were paced: they slow down what comes next. */
void routes_spend(struct scan *s, struct host *h, unsigned packets);
/* Links, addresses or routes changed: find all ways anew; hosts without one end. */
void routes_refresh(struct scan *s, uint64_t now_ns);

/* --- suspect.c: middleboxes and confirmation ------------------------------------------------------ */

/* The first open port of a host was heard: ask decoys. */
void suspect_begin(struct scan *s, uint32_t slot, uint64_t now_ns);
/* A decoy lane is over. */
void suspect_decoys_over(struct scan *s, uint32_t slot, uint64_t now_ns);
/* Whether it is about a decoy; then it is noted. */
bool suspect_hear_decoy(struct host *h, const struct heard *heard);
void suspect_run(struct scan *s, uint64_t now_ns);
/* Confirm the open ports of a host whose TCP lane is over; false when there is nothing to wait for. */
bool suspect_confirm(struct scan *s, uint32_t slot);

/* --- settle.c: results ---------------------------------------------------------------------------- */

/* Tell the open ports that are certain by now. */
void settle_open(struct scan *s, uint32_t slot);
/* Tell everything about a host. */
void settle_host(struct scan *s, uint32_t slot);
/* A host that never got a slot. */
void settle_not_asked(struct scan *s, uint64_t seq);
struct detail *settle_detail(struct scan *s, uint32_t slot, enum lane_kind lane, uint16_t port);

/* --- checkpoint.c --------------------------------------------------------------------------------- */

/*
 * Give the scan its slots and bits: from the file of options.checkpoint (made, or gone on from), else from
 * plain memory.
 */
int checkpoint_open(struct scan *s, struct err *err);
/* Keep how far the order of hosts was gone through. */
void checkpoint_next_host(struct scan *s);
/* Keep the results of a host that is done, for a scan that is resumed later. */
void checkpoint_host_done(struct scan *s, uint32_t slot);
/*
 * Hosts that were given up for a reason that may be gone by now (their window closed, a link was down) are
 * asked again by a resumed scan. take: into a slot that is free; false when there is none.
 */
bool checkpoint_has_again(const struct scan *s);
bool checkpoint_take_again(struct scan *s, uint32_t slot);
/* Those that were not taken, one after the other; false at the end. */
bool checkpoint_next_again(struct scan *s, uint64_t *ret_seq);
/* Tell the hosts that were done before. 0 or -EBADMSG. */
int checkpoint_replay(struct scan *s, struct err *err);
/* The scan is complete: the file goes. Else it stays. */
void checkpoint_close(struct scan *s, bool complete);
