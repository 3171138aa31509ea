/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A file of data/profiles/, for the build. Pure. Form: data/schema/profile.schema.json. */
#pragma once

#include "base/err.h"
#include "base/pool.h"
#include "base/vec.h"
#include "knowledge/profile.h"

struct parsed_profiles {
        vec(struct profile) list; /* in the pool but for the list itself */
};

static inline void parsed_profiles_release(struct parsed_profiles *profiles)
{
        vec_clear(&profiles->list);
}

/* Append the profile of a file. 0, or -EINVAL, -EFBIG with "file:line: field 'x': what to do". */
int profile_parse(const char *text, size_t len, const char *file, struct pool *pool,
                  struct parsed_profiles *to, struct err *err);
/* Once all are read: names are there once, and those that are included are there and include none. 0 or -EINVAL. */
int profiles_check(const struct parsed_profiles *profiles, struct err *err);
