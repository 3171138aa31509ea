/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ruleset of a namespace as quaymaster-nft printed it (libnftables-json(5)), made into model/ruleset.h. Pure.
 * What is not understood is kept as unknown: this never fails on a rule, only on text that is no ruleset.
 */
#pragma once

#include "base/err.h"
#include "base/pool.h"
#include "model/ruleset.h"

/*
 * One line of quaymaster-nft, at most FORWARDS_MAX_JSON long. Its ruleset in the pool; NULL with -EINVAL or -EFBIG in
 * err, or, of a line that tells an error, with that.
 */
const struct ruleset *ruleset_parse(struct pool *pool, const char *json, size_t len, struct err *err);
