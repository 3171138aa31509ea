/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lists as the files that people write have them: "x" is as good as "[x]". For this folder. */
#pragma once

#include "knowledge/yaml_record.h"

#define LIST_ITEMS_MAX 256u /* of one entry */

/* A copy of n things in the pool; NULL for none. */
void *keep(struct pool *pool, const void *at, size_t n, size_t size);
/* One or a list of at most max. A list of nothing could mean all or none, so it is a mistake. */
int read_some(struct yaml_read *r, size_t max, yaml_read_item *item, void *arg);
/* As yaml_field.read: texts of the field's shape, into the array at f->at and the size_t at f->count. */
int read_words(struct yaml_read *r, const struct yaml_field *f, void *to);
