/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/map.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"

/* The text of keys that are numbers: a place, and never read. */
static const char number[1];

void map_release(struct map *map)
{
        free(map->slots);
        *map = (struct map){0};
}

static struct map_slot *find(const struct map *map, uint64_t key, const char *text, size_t len)
{
        uint64_t h = text == number ? hash_u64(key) : key;
        size_t i = h & (map->n_slots - 1);

        for (;; i = (i + 1) & (map->n_slots - 1)) {
                struct map_slot *slot = &map->slots[i];

                if (!slot->text)
                        return slot;
                if (slot->key != key || (slot->text == number) != (text == number))
                        continue;
                if (text == number || (strncmp(slot->text, text, len) == 0 && slot->text[len] == '\0'))
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
                if (map->slots[i].text)
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
        slot = find(map, entry.key, entry.text, entry.text == number ? 0 : strlen(entry.text));
        if (!slot->text)
                map->n++;
        *slot = entry;
}

void map_put(struct map *map, uint64_t key, uint64_t value)
{
        put(map, (struct map_slot){.key = key, .text = number, .value = value});
}

void map_put_str(struct map *map, const char *key, uint64_t value)
{
        put(map, (struct map_slot){.key = hash_bytes(key, strlen(key)), .text = key, .value = value});
}

static bool get(const struct map *map, uint64_t key, const char *text, size_t len, uint64_t *ret)
{
        const struct map_slot *slot;

        if (!map->n)
                return false;
        slot = find(map, key, text, len);
        if (slot->text && ret)
                *ret = slot->value;
        return slot->text != NULL;
}

bool map_get(const struct map *map, uint64_t key, uint64_t *ret)
{
        return get(map, key, number, 0, ret);
}

bool map_get_str_n(const struct map *map, const char *key, size_t len, uint64_t *ret)
{
        return get(map, hash_bytes(key, len), key, len, ret);
}

bool map_get_str(const struct map *map, const char *key, uint64_t *ret)
{
        return map_get_str_n(map, key, strlen(key), ret);
}
