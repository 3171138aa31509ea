/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hash maps from a 64-bit number, or from a string, to a pointer or an index. Maps own neither keys nor values:
 * string keys must outlive the map (intern them in a pool). No removal: none is needed.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct map_slot {
        uint64_t key; /* the number, or the hash of the string */
        const char *text; /* the string; another mark for a number; NULL: a free slot */
        uint64_t value;
};

struct map {
        struct map_slot *slots; /* n_slots is a power of two or 0 */
        size_t n_slots, n;
};

void map_release(struct map *map);

/* Make room for n keys in all, so that putting them does not grow the map again and again. */
void map_reserve(struct map *map, size_t n);

/* Set the value for a key, replacing one that is there. */
void map_put(struct map *map, uint64_t key, uint64_t value);
void map_put_str(struct map *map, const char *key, uint64_t value);

/* False when the key is absent, and then *ret stays untouched. ret may be NULL. */
bool map_get(const struct map *map, uint64_t key, uint64_t *ret);
bool map_get_str(const struct map *map, const char *key, uint64_t *ret);
bool map_get_str_n(const struct map *map, const char *key, size_t len, uint64_t *ret);
