/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/denied_groups.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void denied_groups_release(struct denied_groups *groups)
{
        free(groups->at);
        *groups = (struct denied_groups){0};
}

static bool same_way(const struct denied *a, const struct denied *b)
{
        return address_compare(&a->source, &b->source) == 0 && a->protocol == b->protocol &&
               strcmp(a->device, b->device) == 0;
}

static struct denied_group *find(const struct denied_groups *groups, const struct denied *packet)
{
        for (size_t i = 0; i < groups->n; i++) {
                struct denied_group *g = &groups->at[i];

                if (same_way(&g->last, packet) &&
                    (g->n_ports > 1 ||
                     (g->last.has_ports == packet->has_ports && g->last.port == packet->port)))
                        return g;
        }
        return NULL;
}

static void remove_at(struct denied_groups *groups, size_t i)
{
        groups->at[i] = groups->at[--groups->n];
}

/* All groups of that way become one. NULL while they are few. */
static struct denied_group *fold(struct denied_groups *groups, const struct denied *packet)
{
        struct denied_group sum = {0};
        unsigned n = 0;

        for (size_t i = 0; i < groups->n; i++)
                n += same_way(&groups->at[i].last, packet);
        if (n < DENIED_PORTS_MAX)
                return NULL;
        sum.first_ms = packet->time_ms;
        for (size_t i = groups->n; i-- > 0;) {
                struct denied_group *g = &groups->at[i];

                if (!same_way(&g->last, packet))
                        continue;
                sum.count += g->count;
                sum.first_ms = g->first_ms < sum.first_ms ? g->first_ms : sum.first_ms;
                remove_at(groups, i);
        }
        sum.last = *packet;
        sum.n_ports = n;
        groups->at[groups->n] = sum;
        return &groups->at[groups->n++];
}

static void make_room(struct denied_groups *groups)
{
        size_t oldest = 0;

        if (groups->n < DENIED_GROUPS_MAX)
                return;
        for (size_t i = 1; i < groups->n; i++)
                if (groups->at[i].last.time_ms < groups->at[oldest].last.time_ms)
                        oldest = i;
        groups->n_forgotten += groups->at[oldest].count > groups->at[oldest].told;
        remove_at(groups, oldest);
}

struct denied_group *denied_groups_add(struct denied_groups *groups, const struct denied *packet,
                                       bool *ret_new)
{
        struct denied_group *g;

        if (!groups->at)
                groups->at = xcalloc(DENIED_GROUPS_MAX, sizeof(*groups->at));
        groups->n_packets++;
        g = find(groups, packet);
        if (!g)
                g = fold(groups, packet);
        if (!g) {
                make_room(groups);
                g = &groups->at[groups->n++];
                *g = (struct denied_group){.first_ms = packet->time_ms, .n_ports = 1};
        }
        if (g->n_ports > 1 && g->last.port != packet->port)
                g->n_ports++;
        g->last = *packet;
        g->count++;
        *ret_new = !g->told;
        return g;
}

void denied_groups_told(struct denied_group *group, int64_t now_ms)
{
        group->told = group->count;
        group->told_ms = now_ms;
}

struct denied_group *denied_groups_due(struct denied_groups *groups, int64_t now_ms, bool all, size_t *i)
{
        while (*i < groups->n) {
                struct denied_group *g = &groups->at[*i];

                if (g->count == g->told && now_ms - g->last.time_ms > DENIED_FORGET_MS) {
                        remove_at(groups, *i);
                        continue;
                }
                ++*i;
                if (g->count > g->told &&
                    (all || now_ms - g->told_ms >= DENIED_RECAP_MS || now_ms < g->told_ms))
                        return g; /* also after the clock was set back */
        }
        return NULL;
}
