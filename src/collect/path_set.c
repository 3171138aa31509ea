/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/path_set.h"

#include <stdio.h>
#include <string.h>

#include "base/fd.h"
#include "base/hash.h"

/* With the slash after them, as they stand below / or below /usr. */
static const char *const merged_dirs[] = {
        "bin/", "sbin/", "lib/", "lib32/", "lib64/", "libx32/",
};

/* True when NAME in the directory is a link to TARGET, which is relative or absolute. */
static bool is_link_to(int dir_fd, const char *name, const char *target)
{
        char link[64];

        if (fd_readlink(dir_fd, name, link, sizeof(link)) < 0)
                return false;
        return streq(link[0] == '/' ? link + 1 : link, target);
}

void usr_merge_read(struct usr_merge *ret, int root_fd)
{
        *ret = (struct usr_merge){0};
        for (unsigned i = 0; i < array_len(merged_dirs); i++) {
                char name[16], target[32];

                (void)snprintf(name, sizeof(name), "%.*s", (int)strlen(merged_dirs[i]) - 1, merged_dirs[i]);
                (void)snprintf(target, sizeof(target), "usr/%s", name);
                if (is_link_to(root_fd, name, target) ||
                    (streq(name, "sbin") && is_link_to(root_fd, name, "usr/bin")))
                        ret->dirs |= 1u << i;
        }
        ret->sbin = is_link_to(root_fd, "usr/sbin", "bin");
}

/* Called for each of 170,000 paths: decided by a byte or two for most. `rest` is what follows "/usr/". */
static bool is_merged(const struct usr_merge *merge, const char *rest, size_t len)
{
        for (unsigned i = 0; i < array_len(merged_dirs); i++) {
                const char *dir = merged_dirs[i];
                size_t n = 0;

                while (n < len && dir[n] && rest[n] == dir[n])
                        n++;
                if (!dir[n])
                        return merge->dirs & 1u << i;
        }
        return false;
}

/* The shared form is the path as it is below /, without the slash; "sbin/x" loses its s where it is bin/x. */
size_t usr_merge_skip(const struct usr_merge *merge, const char *path, size_t len)
{
        size_t skip = len > 0 && path[0] == '/';

        if (len > 6 && memcmp(path, "/usr/", 5) == 0 &&
            (path[5] == 'l' || path[6] == 'b' || path[5] == 'b') && is_merged(merge, path + 5, len - 5))
                skip = 5;
        if (merge->sbin && len - skip > 5 && memcmp(path + skip, "sbin/", 5) == 0)
                skip++;
        return skip;
}

uint32_t path_hash(const struct usr_merge *merge, const char *path, size_t len)
{
        size_t skip = usr_merge_skip(merge, path, len);

        return (uint32_t)hash_bytes(path + skip, len - skip);
}

void path_set_release(struct path_set *set)
{
        vec_clear(&set->entries);
        free(set->slots);
        *set = (struct path_set){0};
}

static bool same_path(const struct usr_merge *merge, const struct path_entry *entry, const char *path,
                      size_t len)
{
        size_t a = usr_merge_skip(merge, entry->path, entry->len), b = usr_merge_skip(merge, path, len);

        return entry->len - a == len - b && memcmp(entry->path + a, path + b, len - b) == 0;
}

static uint32_t *find_slot(const struct path_set *set, uint32_t hash, const char *path, size_t len)
{
        size_t i = hash & (set->n_slots - 1);

        for (; set->slots[i]; i = (i + 1) & (set->n_slots - 1)) {
                const struct path_entry *entry = &set->entries.at[set->slots[i] - 1];

                if (entry->hash == hash && same_path(&set->merge, entry, path, len))
                        break;
        }
        return &set->slots[i];
}

static void grow(struct path_set *set)
{
        set->n_slots = set->n_slots ? set->n_slots * 2 : 64;
        free(set->slots);
        set->slots = xcalloc(set->n_slots, sizeof(*set->slots));
        for (uint32_t i = 0; i < set->entries.n; i++) {
                const struct path_entry *entry = &set->entries.at[i];

                *find_slot(set, entry->hash, entry->path, entry->len) = i + 1;
        }
}

uint32_t path_set_add(struct path_set *set, const char *path, uint32_t value)
{
        size_t len = strlen(path);
        uint32_t hash = path_hash(&set->merge, path, len), *slot;

        if ((set->entries.n + 1) * 2 > set->n_slots)
                grow(set);
        slot = find_slot(set, hash, path, len);
        if (*slot)
                return *slot - 1;
        *vec_push(&set->entries) =
                (struct path_entry){.path = path, .len = len, .hash = hash, .value = value};
        *slot = (uint32_t)set->entries.n;
        set->filter[hash % PATH_SET_FILTER / 64] |= 1ull << hash % 64;
        return *slot - 1;
}

const struct path_entry *path_set_find(const struct path_set *set, const char *path, size_t len)
{
        uint32_t hash = path_hash(&set->merge, path, len);
        uint32_t slot;

        if (!path_set_has_hash(set, hash))
                return NULL;
        slot = *find_slot(set, hash, path, len);
        return slot ? &set->entries.at[slot - 1] : NULL;
}

bool path_set_find_hash(const struct path_set *set, uint32_t hash)
{
        size_t i = hash & (set->n_slots - 1);

        for (; set->slots[i]; i = (i + 1) & (set->n_slots - 1))
                if (set->entries.at[set->slots[i] - 1].hash == hash)
                        return true;
        return false;
}
