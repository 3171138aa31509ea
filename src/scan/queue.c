/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "scan/queue.h"

#include "base/mem.h"

void queue_init(struct queue *q, uint32_t room)
{
        q->heap = xcalloc(room, sizeof(*q->heap));
        q->place = xcalloc(room, sizeof(*q->place));
        q->n = 0;
}

void queue_release(struct queue *q)
{
        free(q->heap);
        free(q->place);
        *q = (struct queue){0};
}

static void put(struct queue *q, uint32_t at, struct queue_entry entry)
{
        q->heap[at] = entry;
        q->place[entry.id] = at + 1;
}

/* Find the place of an entry that stands at a hole, and fill it. */
static void settle(struct queue *q, uint32_t at, struct queue_entry entry)
{
        for (; at > 0 && entry.due_ns < q->heap[(at - 1) / 2].due_ns; at = (at - 1) / 2)
                put(q, at, q->heap[(at - 1) / 2]);
        for (uint32_t child; (child = 2 * at + 1) < q->n; at = child) {
                if (child + 1 < q->n && q->heap[child + 1].due_ns < q->heap[child].due_ns)
                        child++;
                if (entry.due_ns <= q->heap[child].due_ns)
                        break;
                put(q, at, q->heap[child]);
        }
        put(q, at, entry);
}

void queue_set(struct queue *q, uint32_t id, uint64_t due_ns)
{
        uint32_t at = q->place[id] ? q->place[id] - 1 : q->n++;

        settle(q, at, (struct queue_entry){due_ns, id});
}

void queue_remove(struct queue *q, uint32_t id)
{
        uint32_t at = q->place[id];

        if (!at--)
                return;
        q->place[id] = 0;
        if (at != --q->n)
                settle(q, at, q->heap[q->n]);
}
