/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What was found out of a listener, and how it is told, by zone. Internal to reach*.c. */
#pragma once

#include "assess/reach_place.h"

/* What becomes of first packets that come by a device, to one of the addresses. */
struct by_device {
        const struct device *device;
        unsigned family;
        struct sources from, arrives, sure;
};

/* What was found out of one listener, over all its addresses, devices and families. */
struct found {
        struct scratch scratch;
        struct answer answer; /* stops and doubts of all questions, with the family in `families` */
        vec(uint8_t) stop_family, doubt_family;
        vec(struct by_device) by_device;
        struct sources arrives[N_FAMILIES]; /* may get there, by some address and device */
        struct sources sure[N_FAMILIES];    /* get there, by some address and every device */
        bool asked[N_FAMILIES];
        bool asks_perhaps;   /* now: whether such packets come at all is not known */
        const char *perhaps; /* ... what of them may get there, in words; NULL: none */
        bool foreign; /* it is bound to an address that is none of this host */
        bool usual;
};

struct findings { /* of one listener, in the three ways it is asked about */
        struct found strict, usual, led;
        bool has_usual, has_led;
};

void found_release(struct found *f);

/* Packets of some sources of the zone certainly get there; may get there. */
bool found_is_sure(struct found *f, const struct zone *zone);
bool found_may_arrive(struct found *f, const struct zone *zone);

/* The texts are in the assessment's pool. */
void reach_tell_zone(struct reaching *r, const struct listener *l, const struct zone *zone, struct findings *f,
                     struct reach_zone *to);

/* Takes back what exposure_of() says of packet filters, where a zone is known. */
void reach_drop_caveat(struct pool *pool, struct exposure *e);

/* What follows of the zones for the exposure as a whole. */
void reach_conclude(struct pool *pool, struct exposure *e);
