/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "assess/reach_set.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define BLOCK_SIZE (64u << 10)

struct scratch_block {
        struct scratch_block *next;
        size_t used, size;
        _Alignas(16) unsigned char bytes[];
};

void *scratch_alloc(struct scratch *s, size_t size)
{
        struct scratch_block *b = s->blocks;
        void *at;

        size = (size + 15) & ~(size_t)15;
        if (!b || b->size - b->used < size) {
                size_t room = size > BLOCK_SIZE ? size : BLOCK_SIZE;

                /* a block's own head is whole 16s, and malloc(3) gives addresses of such */
                b = xrealloc(NULL, 1, sizeof(*b) + room);
                *b = (struct scratch_block){.next = s->blocks, .size = room};
                s->blocks = b;
        }
        at = b->bytes + b->used;
        b->used += size;
        return at;
}

void scratch_release(struct scratch *s)
{
        while (s->blocks) {
                struct scratch_block *next = s->blocks->next;

                free(s->blocks);
                s->blocks = next;
        }
}

struct sources sources_common(struct scratch *s, struct sources a, struct sources b)
{
        struct rule_span *to;
        size_t n = 0;

        if (!a.n || !b.n)
                return (struct sources){0};
        to = scratch_alloc(s, (a.n + b.n) * sizeof(*to));
        for (size_t i = 0, k = 0; i < a.n && k < b.n;) {
                rule_number first = a.at[i].first > b.at[k].first ? a.at[i].first : b.at[k].first;
                rule_number last = a.at[i].last < b.at[k].last ? a.at[i].last : b.at[k].last;

                if (first <= last)
                        to[n++] = (struct rule_span){first, last};
                if (a.at[i].last < b.at[k].last)
                        i++;
                else
                        k++;
        }
        return (struct sources){to, n};
}

struct sources sources_without(struct scratch *s, struct sources a, struct sources b)
{
        struct rule_span *to;
        size_t n = 0, k = 0;

        if (!a.n || !b.n)
                return a;
        to = scratch_alloc(s, (a.n + b.n) * sizeof(*to));
        for (size_t i = 0; i < a.n; i++) {
                struct rule_span left = a.at[i];
                bool gone = false;

                while (k < b.n && b.at[k].last < left.first)
                        k++;
                for (size_t m = k; m < b.n && b.at[m].first <= left.last && !gone; m++) {
                        if (b.at[m].first > left.first)
                                to[n++] = (struct rule_span){left.first, b.at[m].first - 1};
                        gone = b.at[m].last >= left.last;
                        left.first = gone ? left.first : b.at[m].last + 1;
                }
                if (!gone)
                        to[n++] = left;
        }
        return (struct sources){to, n};
}

static int compare_spans(const void *a, const void *b)
{
        const struct rule_span *x = a, *y = b;

        return (x->first > y->first) - (x->first < y->first);
}

struct sources sources_of(struct scratch *s, const struct rule_span *spans, size_t count)
{
        struct rule_span *to;
        size_t n = 0;

        if (!count)
                return (struct sources){0};
        to = scratch_alloc(s, count * sizeof(*to));
        memcpy(to, spans, count * sizeof(*to));
        qsort(to, count, sizeof(*to), compare_spans);
        for (size_t i = 0; i < count; i++) {
                /* last + 1 of the highest is 0, which is no neighbour: those were joined as overlapping */
                if (n && (to[i].first <= to[n - 1].last || to[i].first == to[n - 1].last + 1)) {
                        if (to[i].last > to[n - 1].last)
                                to[n - 1].last = to[i].last;
                } else {
                        to[n++] = to[i];
                }
        }
        return (struct sources){to, n};
}

struct sources sources_union(struct scratch *s, struct sources a, struct sources b)
{
        struct rule_span *both;

        if (!a.n || !b.n)
                return a.n ? a : b;
        both = scratch_alloc(s, (a.n + b.n) * sizeof(*both));
        memcpy(both, a.at, a.n * sizeof(*both));
        memcpy(both + a.n, b.at, b.n * sizeof(*both));
        return sources_of(s, both, a.n + b.n);
}

bool sources_equal(struct sources a, struct sources b)
{
        if (a.n != b.n)
                return false;
        for (size_t i = 0; i < a.n; i++)
                if (a.at[i].first != b.at[i].first || a.at[i].last != b.at[i].last)
                        return false;
        return true;
}
