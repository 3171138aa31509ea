/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where packets come from and where they get to: the zones as sets of sources, and a network namespace with its devices
 * and rules. Internal to reach*.c.
 */
#pragma once

#include "assess/assess.h"
#include "assess/reach_walk.h"

enum { V4, V6, N_FAMILIES };

struct zone {
        const char *name;
        struct sources from[N_FAMILIES];
};

struct device {
        const char *name;
        rule_number number;
        struct sources links[N_FAMILIES]; /* networks it is attached to */
        bool quiet; /* it has no address: nothing is expected by it, but packets may come */
};

struct place { /* a network namespace */
        const struct inside *view;
        uint32_t netns;
        const struct ruleset *ruleset;
        const char *unknown; /* why nothing can be said; or NULL */
        vec(struct device) devices; /* quiet ones behind the others */
        bool addressed;             /* one of them is not quiet */
};

struct reaching {
        struct assessment *a;
        struct scratch lasting; /* zones and devices */
        vec(struct zone) zones;
        struct sources all[N_FAMILIES];
        struct place place;
};

/* Addresses as numbers, and back; V4 or V6. */
rule_number reach_number(const struct address *a);
struct address reach_address(unsigned family, rule_number number);
unsigned reach_family(const struct address *a);

/* The zones of the estate, and last all that is in none. NULL: one zone. */
void reach_set_zones(struct reaching *r, const struct estate *estate);

/* The namespace that is asked about from now on. */
void reach_set_place(struct reaching *r, uint32_t netns);

/* NULL: none of that name was seen. */
struct device *reach_find_device(const struct place *p, const char *name);

/* Packets from elsewhere get to that address. */
bool reach_takes_packets(const struct interface_address *a, uint32_t netns);

/* For struct packet_goal; arg is the struct place. */
enum own reach_is_own(const void *arg, uint8_t family, rule_number number);
enum leaving reach_way_out(const void *arg, uint8_t family, rule_number number, rule_number *ret);

/* Routes make more addresses this host's own than its devices have. */
bool reach_has_more(const struct place *p, unsigned family);
