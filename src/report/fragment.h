/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Serialized JSON that is made once and copied after that. One `struct fragments` for each kind of
 * thing: the maker writes a run of members of the object; objects with the same id (from hash.h) give
 * the same text.
 */
#pragma once

#include "base/json.h"
#include "base/map.h"
#include "base/vec.h"

/*
 * Kept text; past it fragments are made anew each time, so that a host where nothing repeats costs
 * time and not memory.
 */
#define FRAGMENT_KEEP (4u * 1024 * 1024)

struct fragment_run {
        size_t at, len;
};

struct fragments {
        void (*make)(struct json *j, const void *object);
        struct map runs_by_id; /* -> index in runs */
        vec(struct fragment_run) runs;
        struct str text;
        uint64_t last_id; /* of last_run: mostly the next record wants the same again */
        struct fragment_run last_run;
};

void fragments_release(struct fragments *f);

/* Add the members of that object to the object being written. */
void fragment_add(struct fragments *f, struct json *to, uint64_t id, const void *object);
