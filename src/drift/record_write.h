/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Items of a snapshot as records (NDJSON), for export and for keeping: what record_read.h reads. */
#pragma once

#include "base/json.h"
#include "model/snapshot.h"

/* The members of an item's record, behind those that are given here by the caller: type first. Into an open object. */
void record_write_item(struct json *j, const struct item *item);
/* The member "exposure" of it alone; nothing where it is not known. */
void record_write_exposure(struct json *j, const struct item *item);
/* The word of "type". */
const char *record_type_word(const struct item *item);
/* A whole line. */
void record_write_line(struct str *to, const struct snapshot *s, const struct item *item);
/*
 * What is said of the whole: a line each for what was not seen, and the summary. With `bare`, without what
 * differs from one look to the next (time, counts), so that equal ones are equal texts.
 */
void record_write_head(struct str *to, const struct snapshot *s, bool bare);
