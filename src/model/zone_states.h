/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the packet filter lets in, as it is kept and compared: the zones whose answer is known, each with "reachable"
 * or "blocked", as one text ("reachable office\nblocked internet\n"), so that equal ones intern to equal pointers.
 * Neither the rule that blocks (its handle changes with every reload) nor what is not known is part of it. Pure.
 */
#pragma once

#include "base/str.h"
#include "model/listener.h"
#include "model/snapshot.h"

#define ZONE_STATES_MAX 4096u /* bytes of such a text: zones beyond that are left out */
#define ZONE_NAME_MAX   256u  /* bytes of a name: a longer one is left out */

struct zone_state {
        const char *zone; /* len bytes */
        size_t len;
        enum reach_state state;
};

/* One more. What is not known, and a name that cannot be kept (empty, too long, of two lines), adds nothing. */
void zone_states_add(struct str *to, const char *zone, size_t len, enum reach_state state);
/* Take the next from *at, which moves on. False at the end. *at may be NULL: none. */
bool zone_states_next(const char **at, struct zone_state *ret);
/* Those of an exposure, interned; NULL when nothing is known. */
const char *zone_states_of(struct pool *pool, const struct exposure *e);

/* "link", "link, not from: guests, internet"; "" where the exposure is not known. */
void item_add_exposure(struct str *to, const struct item *item);
/*
 * Whether the exposure of one thing is another one than before, as far as both sides know; then what is added:
 * "link -> internet; from office: reachable -> blocked".
 */
bool item_exposure_differs(const struct item *before, const struct item *after, struct str *what);
