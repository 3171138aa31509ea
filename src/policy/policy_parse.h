/* SPDX-License-Identifier: GPL-2.0-or-later */
/* policy.yaml into struct policy. Pure. Form: data/schema/policy.schema.json. */
#pragma once

#include "base/err.h"
#include "base/pool.h"
#include "model/policy.h"

#define POLICY_FILE_MAX  (1u << 20) /* bytes */
#define POLICY_RULES_MAX 50000u     /* of a kind */

/*
 * Parse a document of at most 1 MiB; an empty one approves nothing. All goes to the pool; `file` (which must
 * outlive it) is the name in errors. 0; -EINVAL or -EFBIG with "file:line: field 'x': what to do", and then
 * *ret stays as it was. Unknown and repeated keys, ports 0 and 65536, unknown service names and IP
 * protocols, days that do not exist, and entries that choose nothing are errors.
 */
int policy_parse(const char *text, size_t len, const char *file, struct pool *pool, struct policy *ret,
                 struct err *err);
