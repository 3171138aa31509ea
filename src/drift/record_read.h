/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Records (NDJSON) of `host`, `audit`, `scan`, `import` and `snapshot export` read into a snapshot, as they
 * come. Of the records, listeners, services and open endpoints become items; those that say what was not
 * seen are kept as that; any other type is passed over. Bytes come from anywhere: sizes are bounded, and a
 * broken line is an error with its number.
 */
#pragma once

#include "base/err.h"
#include "base/json_read.h"
#include "model/snapshot.h"

#define RECORD_LINE_MAX (4u * 1024 * 1024) /* bytes */
#define RECORD_ITEMS    16000000u
#define RECORD_TEXT_MAX 4096u /* bytes kept of a string */

struct record_reader;

/* Reads into `to`, which is initialised and outlives it. */
struct record_reader *record_reader_new(struct snapshot *to);
struct record_reader *record_reader_free(struct record_reader *r); /* accepts NULL, returns NULL */

static inline void record_reader_freep(struct record_reader **r)
{
        *r = record_reader_free(*r);
}

/* The bytes in order, as many at a time as one likes. 0 or -EINVAL, -E2BIG: "line 3: ...". */
int record_reader_feed(struct record_reader *r, const char *bytes, size_t len, struct err *err);
/* The last line needs no end. A file without its summary was cut: the snapshot is not complete, and says so. */
int record_reader_end(struct record_reader *r, struct err *err);
