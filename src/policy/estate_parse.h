/* SPDX-License-Identifier: GPL-2.0-or-later */
/* estate.yaml into struct estate. Pure. Form: data/schema/estate.schema.json. */
#pragma once

#include "base/err.h"
#include "model/estate.h"

#define ESTATE_FILE_MAX (1u << 20) /* bytes */

/*
 * Parse a document of at most 1 MiB; an empty one is an empty estate. All goes to the pool; `file` (which must
 * outlive it) is the name in errors. 0; -EINVAL or -EFBIG with "file:line: field 'x': what to do", and then
 * *ret stays as it was. Unknown and repeated keys, CIDRs with host bits, ports 0 and 65536, unknown classes,
 * assets with the same name or address are errors; so is what would protect less than it seems to: a rate
 * above that of the class, tags that no asset has, a device entry that others before it hide.
 */
int estate_parse(const char *text, size_t len, const char *file, struct pool *pool, struct estate *ret,
                 struct err *err);
