/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One line of quaymaster-nft as JSON: parsed once for all that read it. Pure. Internal to collect: needs jansson. */
#pragma once

#include <stddef.h>

#include <jansson.h>

#include "base/err.h"

#define RULESET_MAX_JSON (16U << 20)

/*
 * The list of {"netns_fd":N,"nftables":[...]}, as libnftables-json(5) has it; the caller gives it back with
 * json_decref(). NULL with err: -EINVAL for text that is no such record, -EFBIG above RULESET_MAX_JSON; or, for
 * {"error":"...","errno":E}, -E with that text.
 */
json_t *ruleset_json(const char *json, size_t len, struct err *err);

static inline void json_release(json_t **json)
{
        json_decref(*json);
}
