/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/pool.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/hash.h"

#define CHUNK_SIZE (64u * 1024)

struct chunk {
        struct chunk *next;
        size_t used, size;
        max_align_t data[];
};

struct interned {
        uint64_t hash;
        const char *text; /* NULL = free slot */
        size_t len;
};

struct pool {
        struct chunk *chunks;
        struct interned *slots; /* open addressing, n_slots is a power of two */
        size_t n_slots, n_used;
};

struct pool *pool_new(void)
{
        struct pool *pool = xcalloc(1, sizeof(*pool));

        pool->n_slots = 256;
        pool->slots = xcalloc(pool->n_slots, sizeof(*pool->slots));
        return pool;
}

struct pool *pool_free(struct pool *pool)
{
        struct chunk *chunk, *next;

        if (!pool)
                return NULL;
        for (chunk = pool->chunks; chunk; chunk = next) {
                next = chunk->next;
                free(chunk);
        }
        free(pool->slots);
        free(pool);
        return NULL;
}

static void *pool_take(struct pool *pool, size_t size, size_t align)
{
        struct chunk *chunk = pool->chunks;
        size_t at = chunk ? (chunk->used + align - 1) & ~(align - 1) : 0;

        if (!chunk || at > chunk->size || chunk->size - at < size) {
                size_t room = size > CHUNK_SIZE ? size : CHUNK_SIZE;

                chunk = xmalloc(sizeof(*chunk) + room);
                chunk->size = room;
                chunk->next = pool->chunks;
                pool->chunks = chunk;
                at = 0;
        }
        chunk->used = at + size;
        return (char *)chunk->data + at;
}

void *pool_alloc(struct pool *pool, size_t size)
{
        return memset(pool_take(pool, size, _Alignof(max_align_t)), 0, size);
}

static struct interned *find_slot(struct interned *slots, size_t n_slots, uint64_t hash, const char *s,
                                  size_t len)
{
        size_t i = hash & (n_slots - 1);

        while (slots[i].text && !(slots[i].hash == hash && slots[i].len == len &&
                                  memcmp(slots[i].text, s, len) == 0))
                i = (i + 1) & (n_slots - 1);
        return &slots[i];
}

static void grow(struct pool *pool)
{
        size_t n_slots = pool->n_slots * 2;
        struct interned *slots = xcalloc(n_slots, sizeof(*slots));

        for (size_t i = 0; i < pool->n_slots; i++) {
                const struct interned *old = &pool->slots[i];

                if (old->text)
                        *find_slot(slots, n_slots, old->hash, old->text, old->len) = *old;
        }
        free(pool->slots);
        pool->slots = slots;
        pool->n_slots = n_slots;
}

const char *pool_intern_n(struct pool *pool, const char *s, size_t len)
{
        uint64_t hash = hash_bytes(s, len);
        struct interned *slot = find_slot(pool->slots, pool->n_slots, hash, s, len);
        char *copy;

        if (slot->text)
                return slot->text;
        copy = pool_take(pool, len + 1, 1);
        memcpy(copy, s, len);
        copy[len] = '\0';
        *slot = (struct interned){.hash = hash, .text = copy, .len = len};
        if (++pool->n_used * 4 > pool->n_slots * 3)
                grow(pool);
        return copy;
}

const char *pool_intern(struct pool *pool, const char *s)
{
        return s ? pool_intern_n(pool, s, strlen(s)) : NULL;
}

const char *pool_printf(struct pool *pool, const char *fmt, ...)
{
        _cleanup_free_ char *s = NULL;
        va_list ap;

        va_start(ap, fmt);
        if (vasprintf(&s, fmt, ap) < 0)
                abort();
        va_end(ap);
        return pool_intern(pool, s);
}
