/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The packet filter of one network namespace as plain data: what decides on packets that come in. Everything a
 * match compares is a number, so that whoever evaluates it compares ranges and nothing else. What is not understood
 * stays, as a match or verdict that says so. All of it lies in the pool it was parsed into.
 *
 * Numbers: IPv4 addresses are 32, IPv6 addresses 128 bits; the name of a device is its 16 bytes, zeros behind it;
 * protocols, ports, types, states are what the kernel has for them.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/address.h"

__extension__ typedef unsigned __int128 rule_number;

struct rule_span {
        rule_number first, last; /* inclusive */
};

/* What a match looks at. */
enum rule_key_kind {
        RULE_SOURCE,
        RULE_TARGET,
        RULE_SOURCE_PORT,
        RULE_PORT,
        RULE_PROTOCOL, /* of layer 4 */
        RULE_NEXT_HEADER, /* of IPv6: the protocol, unless extension headers come before it */
        RULE_FAMILY,   /* as address.family */
        RULE_DEVICE,   /* it came in by */
        RULE_DEVICE_OUT,
        RULE_TARGET_TYPE, /* RTN_ of rtnetlink(7), of the destination */
        RULE_PACKET_TYPE, /* PACKET_ of packet(7) */
        RULE_CT_STATE,    /* bits, as enum rule_ct_state */
        RULE_CT_STATUS,
        RULE_CT_DIRECTION, /* 0 original, 1 reply */
        RULE_TCP_FLAGS,
        RULE_OTHER, /* anything else: not known of a packet */
};

enum rule_ct_state {
        RULE_CT_INVALID = 1,
        RULE_CT_ESTABLISHED = 2,
        RULE_CT_RELATED = 4,
        RULE_CT_NEW = 8,
        RULE_CT_UNTRACKED = 64,
};
#define RULE_CT_STATUS_DNAT 32u /* IPS_DST_NAT of nf_conntrack_common.h */

#define RULE_ANY_PROTOCOL 256u
#define RULE_WITH_PORTS   257u

struct rule_key {
        enum rule_key_kind kind;
        uint8_t family;    /* only packets of that family have it (4, 6), or 0; others do not match, negated or not */
        uint16_t protocol; /* likewise: a protocol of layer 4, RULE_WITH_PORTS, RULE_ANY_PROTOCOL */
        rule_number mask;  /* of its bits only these are compared; 0: all */
};

/* Members of a set: each is a span a key. */
struct rule_elements {
        size_t n_keys, n;
        struct rule_span *spans; /* n * n_keys */
        bool unsure;             /* the content changes by itself: members may be more or fewer */
        bool fading;             /* members time out: each may be gone */
        bool rest;               /* and whatever is no member ("*") */
        bool ordered;            /* one key; spans are ordered and disjoint */
};

enum rule_match_kind {
        RULE_IN,      /* a member of `elements` */
        RULE_BITS,    /* shares a bit with one of them */
        RULE_UNKNOWN, /* not understood, or not known of a packet */
        RULE_USUALLY, /* true for a packet that comes alone: limits that are kept */
        RULE_RARELY,  /* false for one: limits that are exceeded */
};

struct rule_match {
        enum rule_match_kind kind;
        bool negated;
        const struct rule_key *keys; /* as many as the elements have */
        size_t n_keys;
        const struct rule_elements *elements;
        const char *words; /* what it is, for people */
};

enum rule_verdict_kind {
        RULE_CONTINUE,
        RULE_ACCEPT,
        RULE_DROP, /* also reject */
        RULE_RETURN,
        RULE_JUMP,
        RULE_GOTO,
        RULE_NAT,     /* the destination is changed */
        RULE_UNCLEAR, /* what becomes of the packet is not known */
};

struct rule_nat {
        bool clear;                /* false: an address or port that is not one value */
        bool here;                 /* redirect: to this host, whatever its address */
        struct address to;         /* family 0: not changed */
        uint16_t first, last;      /* ports; 0, 0: not changed */
};

struct rule_verdict {
        enum rule_verdict_kind kind;
        uint32_t chain;  /* of jump and goto: index, RULE_NO_CHAIN when there is none of that name */
        const struct rule_nat *nat;
        const char *words; /* of RULE_UNCLEAR */
};

#define RULE_NO_CHAIN UINT32_MAX

struct ruleset_rule {
        uint64_t handle;
        struct rule_match *matches;
        size_t n_matches;
        const struct rule_match *map;        /* a verdict map: its keys and members; or NULL */
        const struct rule_verdict *verdicts; /* of the map, by member, and one for the rest */
        struct rule_verdict verdict;
        bool untracks; /* notrack */
        bool has_ports; /* packets for ports outside low..high certainly do not match: to pass over rules quickly */
        uint16_t low, high;
};

enum ruleset_hook {
        RULESET_NO_HOOK,
        RULESET_INGRESS,
        RULESET_PREROUTING,
        RULESET_INPUT,
        RULESET_FORWARD,
        RULESET_HOOK_MAX,
};

struct ruleset_chain {
        const char *family, *table, *name; /* as nft(8) has them */
        enum ruleset_hook hook;            /* none: only jumped to */
        uint8_t families;                  /* bit 0: sees IPv4, bit 1: IPv6 */
        bool nat;                          /* asked for the first packet of a connection only */
        bool contended;                    /* of type nat, with others of one priority: any may be asked first */
        bool drops;                        /* its policy */
        bool everywhere;                   /* false: at an ingress hook, of a device that is not told */
        int32_t priority;
        struct ruleset_rule *rules;
        size_t n_rules;
};

struct ruleset {
        struct ruleset_chain *chains;
        size_t n_chains;
        uint32_t *hooked[RULESET_HOOK_MAX]; /* indexes of base chains, in the order the kernel asks them */
        size_t n_hooked[RULESET_HOOK_MAX];
        const struct rule_nat **nats; /* all of them */
        size_t n_nats;
        bool names_devices;    /* some rule asks for the device */
        bool names_targets;    /* ... for the destination address */
        bool has_usual;        /* some match may be true for most packets, and is not for all */
        const char *opaque;    /* something in it is not followed at all: nothing can be concluded; a phrase, or NULL */
        const char *also_asked; /* others may drop packets, too: a packet that passes here may not arrive; or NULL */
};
