/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which events become one alert. Pure: the time is given.
 *
 * - What happens to a subject after quiet is told at once, but for a close. Its events within the group's time are then
 *   one alert, told when that time is over.
 * - A close followed within 5 s by an open of the same owner is a restart, and nothing to tell.
 * - A subject that goes on (6 opens and closes within one group, or 6 points within 10 minutes, where a restart is one
 *   point and an alert two) is flapping: told once when that begins, and once when nothing happened for 5 minutes. But
 *   an event with a worse verdict than was told is told at once: nobody can make noise to hide it in.
 *
 * Memory is bounded: it remembers 1,024 subjects. When there are more at once, an event of a new one is an alert of its
 * own, so none is lost.
 */
#pragma once

#include "alert/alert.h"

#define GROUP_SUBJECTS_MAX 1024u
#define GROUP_RESTART_MS   5000
#define GROUP_FLAP_CHANGES 6u
#define GROUP_FLAP_POINTS  6u
#define GROUP_FLAP_SPAN_MS 600000
#define GROUP_SETTLED_MS   300000

struct group;

/* Both valid during the call only. */
typedef void group_alert(const struct alert *a, const char *event_json, size_t event_len, void *arg);

/* group_ms: how long events are gathered; 0: not at all. kinds: bits of enum event_kind that are told; 0: all. */
struct group *group_new(int64_t group_ms, uint32_t kinds, group_alert *tell, void *arg);
struct group *group_free(struct group *g); /* accepts NULL, returns NULL; what was gathered is forgotten */

static inline void group_freep(struct group **g)
{
        *g = group_free(*g);
}

/* now_ms may have any beginning, but never goes back. Alerts that are due are told. */
void group_event(struct group *g, const struct alert_event *e, int64_t now_ms);
void group_step(struct group *g, int64_t now_ms);
/* When to call group_step; INT64_MAX: nothing is waited for. */
int64_t group_next_ms(const struct group *g);
/* Tell now what is being gathered. */
void group_flush(struct group *g, int64_t now_ms);
