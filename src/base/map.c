/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/map.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"

void map_release(struct map *map)
{
        free(map->slots);
        *map = (struct map){0};
}

static struct map_slot *find(const struct map *map, uint64_t key, const char *text, size_t len)
{
        uint64_t h = text ? key : hash_u64(key);
        size_t i = h & (map->n_slots - 1);

        for (;; i = (i + 1) & (map->n_slots - 1)) {
                struct map_slot *slot = &map->slots[i];

                if (!slot->used)
                        return slot;
                if (slot->key != key || !slot->text != !text)
                        continue;
                if (!text || (strncmp(slot->text, text, len) == 0 && slot->text[len] == '\0'))
                        return slot;
        }
}

static void put(struct map *map, struct map_slot entry);

static void resize(struct map *map, size_t n_slots)
{
        struct map bigger = {.n_slots = n_slots};

        /*
         * Not calloc: its fresh pages would all be read, which maps the shared page of zeros, before they are written,
         * and while other threads run taking that back costs an interrupt of every processor for each page.
         */
        bigger.slots = xmalloc(bigger.n_slots * sizeof(*bigger.slots));
        memset(bigger.slots, 0, bigger.n_slots * sizeof(*bigger.slots));
        for (size_t i = 0; i < map->n_slots; i++)
                if (map->slots[i].used)
                        put(&bigger, map->slots[i]);
        free(map->slots);
        *map = bigger;
}

static bool is_full(size_t n, size_t n_slots)
{
        return n * 4 > n_slots * 3;
}

void map_reserve(struct map *map, size_t n)
{
        size_t n_slots = map->n_slots ? map->n_slots : 16;

        while (is_full(n, n_slots))
                n_slots *= 2;
        if (n_slots > map->n_slots)
                resize(map, n_slots);
}

static void put(struct map *map, struct map_slot entry)
{
        struct map_slot *slot;

        if (is_full(map->n + 1, map->n_slots))
                resize(map, map->n_slots ? map->n_slots * 2 : 16);
        slot = find(map, entry.key, entry.text, entry.text ? strlen(entry.text) : 0);
        if (!slot->used)
                map->n++;
        *slot = entry;
}

void map_put(struct map *map, uint64_t key, uint64_t value)
{
        put(map, (struct map_slot){.key = key, .value = value, .used = true});
}

void map_put_str(struct map *map, const char *key, uint64_t value)
{
        put(map, (struct map_slot){
                         .key = hash_bytes(key, strlen(key)), .text = key, .value = value, .used = true});
}

static bool get(const struct map *map, uint64_t key, const char *text, size_t len, uint64_t *ret)
{
        const struct map_slot *slot;

        if (!map->n)
                return false;
        slot = find(map, key, text, len);
        if (slot->used && ret)
                *ret = slot->value;
        return slot->used;
}

bool map_get(const struct map *map, uint64_t key, uint64_t *ret)
{
        return get(map, key, NULL, 0, ret);
}

bool map_get_str_n(const struct map *map, const char *key, size_t len, uint64_t *ret)
{
        return get(map, hash_bytes(key, len), key, len, ret);
}

bool map_get_str(const struct map *map, const char *key, uint64_t *ret)
{
        return map_get_str_n(map, key, strlen(key), ret);
}
