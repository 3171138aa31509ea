/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A question put to a ruleset: what becomes of a packet of a new connection, from each source at once. The answer
 * is two sets that together hold every source: those whose packet may get there, and those whose packet may not. A
 * source in the first alone certainly gets there, one in the second alone certainly does not; of one in both it is
 * not known, and a reason says why. Internal to reach*.c.
 */
#pragma once

#include "assess/reach_set.h"
#include "base/vec.h"

enum packet_target {
        TO_ADDRESS,
        TO_HERE,  /* some address of this host */
        TO_GROUP, /* some multicast or broadcast address */
        TO_OTHERS, /* some address of another host, to which this one would pass it on */
};

enum packet_tracking { TRACK_LATER, TRACK_NEW, TRACK_NOT, TRACK_UNSURE };

struct packet {
        uint8_t family;
        uint16_t protocol; /* of layer 4 */
        bool has_port, knows_device;
        bool knows_out;  /* the device it leaves by, once it is known that it leaves */
        bool whole;      /* it was put together again, if it came in fragments */
        uint16_t port;
        enum packet_target to;
        bool own; /* that is certainly an address of this host alone */
        rule_number target;
        rule_number device, out;
        bool has_out; /* `out` is the device it will leave by */
        bool translated; /* a NAT rule has said what its destination is */
        bool perhaps_same; /* ... which it may have been before: then conntrack takes it for untranslated */
        bool later;      /* not the first of the connection, but one behind it, from the same side */
        enum packet_tracking tracking;
};

enum own { OWN_NOT, OWN_PERHAPS, OWN_CERTAIN };

enum leaving {
        LEAVES_UNKNOWN,
        LEAVES_BY,      /* one device, and no other */
        LEAVES_WRAPPED, /* inside another packet, which is the one that the rules see */
};

/* Where it must get to, to count as arrived. */
struct packet_goal {
        bool forwarded;      /* on to another host, or to another port of this one: by a rule */
        bool here;           /* this host */
        rule_number target;  /* else this address */
        uint16_t port;
        enum own (*is_own)(const void *arg, uint8_t family, rule_number address);
        /* The device by which packets to that address leave. */
        enum leaving (*way_out)(const void *arg, uint8_t family, rule_number address, rule_number *ret);
        const void *arg;
};

struct rule_place { /* a rule, or the policy of a chain: handle 0 */
        const struct ruleset_chain *chain;
        uint64_t handle;
};

struct stop { /* packets of these sources may end there */
        struct sources from;
        struct rule_place at;
        const struct rule_nat *nat; /* it led them elsewhere; or NULL */
};

struct doubt { /* for these sources this decides, and is not known */
        struct sources from;
        struct rule_place at;
        const char *words;
};

struct answer {
        struct sources arrives, fails;
        vec(struct stop) stops;
        vec(struct doubt) doubts;
        uint64_t work; /* rules looked at */
        bool too_much; /* given up: nothing is known */
};

void answer_release(struct answer *a);

#define REACH_MAX_WORK 2000000u /* rules and members, for one question */

/*
 * `usual`: limits are taken as kept. `inside`: the packet is past the prerouting hook already. The sets are in the
 * scratch.
 */
void reach_ask(const struct ruleset *r, struct scratch *scratch, const struct packet *packet, struct sources from,
               const struct packet_goal *goal, bool usual, bool inside, struct answer *ret);
