/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A queue of numbers by time: a binary heap that knows where each one is, so that its time can be changed.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct queue_entry {
        uint64_t due_ns;
        uint32_t id;
};

struct queue {
        struct queue_entry *heap;
        uint32_t *place; /* of an id in the heap, plus one; 0 = not queued */
        uint32_t n;
};

/* For ids under `room`. */
void queue_init(struct queue *q, uint32_t room);
void queue_release(struct queue *q);
/* Put in, or change its time. */
void queue_set(struct queue *q, uint32_t id, uint64_t due_ns);
void queue_remove(struct queue *q, uint32_t id); /* nothing when it is not queued */

static inline const struct queue_entry *queue_first(const struct queue *q) /* NULL = empty */
{
        return q->n ? &q->heap[0] : NULL;
}
