/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * By which device packets to an address leave that other machines sent: the routes and rules of policy routing in one
 * network namespace. Needs no privilege. Source: rtnetlink(7), ip-rule(8), net/core/fib_rules.c.
 */
#pragma once

#include "base/err.h"
#include "base/vec.h"
#include "base/wire.h"
#include "model/address.h"

struct route {
        uint32_t table;
        struct address to;
        uint8_t prefix_len;
        uint8_t type;     /* RTN_UNICAST ... */
        uint32_t metric;  /* of routes to the same network the lowest is taken */
        uint32_t ifindex; /* 0: none, or several */
        bool unclear;     /* it is not taken for all packets, or not at all times */
        bool wraps;       /* what takes it is put into another packet */
};

struct route_rule {
        uint8_t family; /* 4, 6 */
        uint8_t action; /* FR_ACT_TO_TBL ... */
        uint32_t table;
        int64_t suppressed; /* routes with a prefix of at most that many bits are passed over; -1: none is */
        bool selects;       /* it holds for some packets only */
        bool unclear;       /* what it selects or suppresses is beyond a table that is named */
};

typedef vec(struct route) route_list;
typedef vec(struct route_rule) route_rule_list;

/* Zero bytes are none. */
struct routes {
        route_list routes;
        route_rule_list rules; /* as the kernel asks them */
};

void routes_release(struct routes *routes);

/*
 * Read the rules, and of the routes, which may be a million, those that are wanted, in the calling thread's namespace.
 * 0 or negative errno.
 */
int routes_read(struct routes *routes, bool (*wanted)(const struct route *route, const void *arg), const void *arg,
                struct err *err);

/* Whether the address lies in the network that the route leads to. */
bool route_covers(const struct route *route, const struct address *address);

/*
 * Pure: the index of the device by which all packets to that address leave that leave at all, whatever else they
 * have; 0 when there is no such one, or it is not known.
 */
uint32_t routes_way_out(const struct routes *routes, const struct address *to);
/* Packets to that address may be put into others, which the packet filter sees in their place. */
bool routes_may_wrap(const struct routes *routes, const struct address *to);

/* Pure halves: RTM_NEWROUTE and RTM_NEWRULE. False: of another kind, or malformed. */
bool routes_parse_route(struct wire message, struct route *ret);
bool routes_parse_rule(struct wire message, struct route_rule *ret);
