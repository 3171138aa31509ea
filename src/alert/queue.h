/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Alerts that wait for their sink, in a file that only grows until it is empty or mostly of the past: each record says
 * what came or what is done. Whatever is killed at whatever moment, what came stays and what was done is done; a torn
 * end is cut off. Of what is spoilt on the disk the records in front of it and behind it are kept. A power cut loses
 * what came since queue_sync(), and may show again what was done. What cannot be written (a full disk) waits in memory:
 * it can be delivered all the same.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

#define QUEUE_LENGTH_MAX 100000u
#define QUEUE_BYTES_MAX  (64u << 20) /* of what waits */

struct queue;

/*
 * Open or make the file (mode 0600), which must be nobody else's (-EBUSY: another process has it). What waits in it
 * is taken over. *ret_lost: bytes that were no whole record, at its end or before. 0 or negative errno.
 */
int queue_open(const char *path, size_t length, struct queue **ret, size_t *ret_lost, struct err *err);
struct queue *queue_free(struct queue *q); /* accepts NULL, returns NULL; the file stays */

static inline void queue_freep(struct queue **q)
{
        *q = queue_free(*q);
}

/*
 * Append. When it is full the oldest goes, but never the first while it is `held`: *ret_dropped is how many. 0, or
 * 1: it is kept in memory alone, and *err says why the file cannot be written; or -EMSGSIZE: it was not taken.
 */
int queue_push(struct queue *q, const void *data, size_t len, bool held, unsigned *ret_dropped,
               struct err *err);
size_t queue_count(const struct queue *q);
size_t queue_kept(const struct queue *q);      /* in memory alone: the last so many */
bool queue_is_unsynced(const struct queue *q); /* something came since queue_sync(), and waits */
/*
 * Wait until all that can be written is on the disk. 0 or negative errno of that; either way it is not tried again
 * for the same.
 */
int queue_sync(struct queue *q, struct err *err);
/* The first: appended to `to`. -ENOENT: there is none; other errno: it cannot be read, and should be taken off. */
int queue_first(const struct queue *q, struct str *to);
/* Take the first off. When that cannot be written the file says that it waits: *err tells it. 0 or negative errno. */
int queue_done(struct queue *q, struct err *err);
/* The first becomes the last. Its new number, or 0: it cannot be read, and stays the first. */
uint64_t queue_put_back(struct queue *q);
uint64_t queue_first_number(const struct queue *q); /* grows; 0: nothing waits */
