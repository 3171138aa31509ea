/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which of the places that went away are those that came, of the same owner. */
#pragma once

#include "model/snapshot.h"

struct drift_pair {
        const struct item *before, *after;
};

struct drift_pairs {
        vec(struct drift_pair) pairs;
};

/*
 * Pair items of `gone` with those of `came`, and take them out of both lists. An owner is executable, unit
 * and container; of an endpoint, product and protocol at its host. Of several that fit, the nearest is
 * taken: first another port of the same address, then the same port of another address, then any; by number
 * within these. Deterministic.
 */
void drift_find_moves(const struct item **gone, size_t *n_gone, const struct item **came, size_t *n_came,
                      struct drift_pairs *ret);

/* The unit, unless its name is made anew with each start: then NULL. */
const char *drift_lasting_unit(const struct item *item);
