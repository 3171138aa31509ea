/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/snapshot.h"

#include "base/str.h"

static const char *const no_reasons[] = {NULL};

void snapshot_init(struct snapshot *s, struct pool *pool)
{
        *s = (struct snapshot){.pool = pool, .complete = true, .incomplete = no_reasons};
}

void snapshot_release(struct snapshot *s)
{
        vec_clear(&s->items);
        vec_clear(&s->undecided);
}

void snapshot_add_reason(struct snapshot *s, const char *reason)
{
        const char **list;
        size_t n = 0;

        reason = pool_intern(s->pool, reason);
        s->complete = false;
        for (; s->incomplete[n]; n++)
                if (s->incomplete[n] == reason)
                        return;
        list = pool_alloc(s->pool, (n + 2) * sizeof(*list));
        memcpy(list, s->incomplete, n * sizeof(*list));
        list[n] = reason;
        s->incomplete = list;
}

static int compare_hosts(const void *a, const void *b)
{
        return address_compare(a, b);
}

bool snapshot_may_lack(const struct snapshot *s, const struct item *item)
{
        if (s->complete)
                return false;
        if (!s->partial) /* it does not say of what it is short */
                return true;
        if (!(s->partial >> item->kind & 1))
                return false;
        if (item->kind != ITEM_ENDPOINT || !s->undecided.n)
                return true;
        return bsearch(&item->address, s->undecided.at, s->undecided.n, sizeof(*s->undecided.at),
                       compare_hosts);
}

unsigned snapshot_partial_by(const char *source)
{
        static const struct {
                const char *source;
                unsigned kinds;
        } sources[] = {
                {"sockets", 1u << ITEM_LISTENER},
                {"netns", 1u << ITEM_LISTENER},
                {"bpf", 1u << ITEM_LISTENER},
                {"firewall", 1u << ITEM_LISTENER},
                {"units", 1u << ITEM_SERVICE},
                {"inetd", 1u << ITEM_SERVICE},
                {"processes", SNAPSHOT_PARTIAL_DETAILS},
                {"packages", SNAPSHOT_PARTIAL_DETAILS},
                {"containers", SNAPSHOT_PARTIAL_DETAILS},
                {"endpoints", 1u << ITEM_ENDPOINT},
        };

        for (size_t i = 0; source && i < array_len(sources); i++)
                if (streq(source, sources[i].source))
                        return sources[i].kinds;
        return 1u << ITEM_LISTENER | 1u << ITEM_ENDPOINT | 1u << ITEM_SERVICE;
}
