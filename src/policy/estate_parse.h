/* SPDX-License-Identifier: GPL-2.0-or-later */
/* estate.yaml into struct estate. Pure. Form: data/schema/estate.schema.json. */
#pragma once

#include "base/err.h"
#include "model/estate.h"

/*
 * Parse a document of at most 1 MiB. Strings go to the pool; `file` (which must outlive it) is the name in
 * errors. 0; -EINVAL or -EFBIG with "file:line: field 'x': what to do". Unknown and repeated keys, CIDRs
 * with host bits, ports 0 and 65536, unknown classes, assets with the same name or address are errors.
 */
int estate_parse(const char *text, size_t len, const char *file, struct pool *pool, struct estate *ret,
                 struct err *err);
