/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A set of paths to look for in package databases. It knows that /bin and its like may be links into /usr
 * ("merged /usr"): then a list that says /bin/x and a process that says /usr/bin/x mean one file, and
 * compare equal here. On a root where they are two directories they stay different.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/vec.h"

struct usr_merge {
        unsigned dirs; /* bit n: directory n of the table in path_set.c is a link into /usr */
        bool sbin;     /* /usr/sbin is a link to bin */
};

/* Look at the links of a root directory. Nothing is followed. */
void usr_merge_read(struct usr_merge *ret, int root_fd);

/* How many bytes at the start of an absolute path to pass over for the form all spellings share. */
size_t usr_merge_skip(const struct usr_merge *merge, const char *path, size_t len);

/* Equal for all spellings of a path. Only for this process: base/hash.h */
uint32_t path_hash(const struct usr_merge *merge, const char *path, size_t len);

struct path_entry {
        const char *path; /* as it was added */
        size_t len;
        uint32_t hash, value;
};

#define PATH_SET_FILTER (1u << 16)

/* Zero bytes and a `merge` are a valid empty set. */
struct path_set {
        struct usr_merge merge;
        vec(struct path_entry) entries;
        uint32_t *slots; /* open addressing over entries, index + 1; 0 = free */
        size_t n_slots;
        uint64_t filter[PATH_SET_FILTER / 64];
};

void path_set_release(struct path_set *set);
#define _cleanup_path_set_ _cleanup_(path_set_release)

/* The entry's index; the one that is there stays as it is. The path must outlive the set. */
uint32_t path_set_add(struct path_set *set, const char *path, uint32_t value);

/* NULL when no spelling of the path is in the set. Valid until the next add. */
const struct path_entry *path_set_find(const struct path_set *set, const char *path, size_t len);

/* True when a path of this path_hash is in the set. The filter answers nearly all of the 170,000 that are asked for. */
bool path_set_find_hash(const struct path_set *set, uint32_t hash);

static inline bool path_set_has_hash(const struct path_set *set, uint32_t hash)
{
        return set->filter[hash % PATH_SET_FILTER / 64] & 1ull << hash % 64 && path_set_find_hash(set, hash);
}
