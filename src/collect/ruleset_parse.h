/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ruleset of a namespace as quaymaster-nft printed it (libnftables-json(5)), made into model/ruleset.h. Pure.
 * What is not understood is kept as unknown: this never fails.
 */
#pragma once

#include <jansson.h>

#include "base/pool.h"
#include "model/ruleset.h"

/* Of the list of one namespace's ruleset (ruleset_json()); in the pool. */
const struct ruleset *ruleset_read(struct pool *pool, const json_t *objects);
