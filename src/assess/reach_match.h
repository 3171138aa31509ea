/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which sources of a packet a match holds for. Internal to reach*.c. */
#pragma once

#include "assess/reach_walk.h"

struct part { /* sources the match may hold for, and those of them it certainly holds for */
        struct sources may, must;
};

struct part reach_match(struct scratch *scratch, const struct rule_match *m, const struct packet *p,
                        struct sources from, bool usual);
/* The same of the i-th member of a verdict map; i = n: of the rest. */
struct part reach_member(struct scratch *scratch, const struct rule_match *m, const struct packet *p,
                         struct sources from, bool usual, size_t i);
