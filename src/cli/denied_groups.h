/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Groups equal refused packets, so that one who knocks every second is one line and a count. Pure; bounded: at most
 * DENIED_GROUPS_MAX groups (the one that was quiet the longest goes first), and a source that tries more than
 * DENIED_PORTS_MAX ports is one group from then on.
 */
#pragma once

#include <stddef.h>

#include "model/denied.h"

#define DENIED_GROUPS_MAX 1024u
#define DENIED_PORTS_MAX  8u
#define DENIED_RECAP_MS   10000 /* a group that goes on is told again so often */
#define DENIED_FORGET_MS  600000

struct denied_groups {
        struct denied_group *at; /* allocated by the first add */
        size_t n;
        uint64_t n_packets, n_forgotten; /* groups that had to make room with packets not told */
};

void denied_groups_release(struct denied_groups *groups);
/* Count a packet. The group it is in; *ret_new: this group was not told yet. */
struct denied_group *denied_groups_add(struct denied_groups *groups, const struct denied *packet,
                                       bool *ret_new);
/* It was told: what is counted from now on is new. */
void denied_groups_told(struct denied_group *group, int64_t now_ms);
/*
 * The next group (from *i = 0 on) that has packets not told and was told long enough ago; `all`: however short. NULL at
 * the end.
 */
struct denied_group *denied_groups_due(struct denied_groups *groups, int64_t now_ms, bool all, size_t *i);
