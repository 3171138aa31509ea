/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What machines of a kind run: which units may stay, and why. Compiled in from data/profiles/; form:
 * data/schema/profile.schema.json. What is in no group of a profile is not said to be wrong, only not needed
 * for its purpose.
 */
#pragma once

#include <stdbool.h>

#include "knowledge/knowledge.h"

struct profile_group {
        const char *const *units;       /* globs: '*' is any run of characters */
        const struct port_range *ports; /* open to the network when it does its work */
        const char *why;                /* a sentence: why it may stay */
        unsigned short n_units, n_ports;
};

struct profile {
        const char *name, *title, *what;
        const char *const *includes; /* names of other profiles, which include none */
        const struct profile_group *groups;
        unsigned short n_includes, n_groups;
};

const struct profile *const *profiles_all(size_t *ret_n); /* by name */
const struct profile *profile_find(const char *name);     /* NULL: unknown */
/* The group by which a unit may stay, its own before those of included profiles; NULL: it is in none. */
const struct profile_group *profile_group_of(const struct profile *profile, const char *unit);
