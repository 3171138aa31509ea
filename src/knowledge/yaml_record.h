/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Mappings with known keys, as tables: what each key is called, how its value is read and where it goes.
 * Unknown, repeated and missing keys are errors that name them.
 */
#pragma once

#include "base/vec.h"
#include "knowledge/yaml_read.h"

/* What a text may be: length in characters, and for words the characters at its start and after it. */
struct yaml_shape {
        size_t min, max;
        const char *first, *rest; /* NULL: any text */
        const char *hint;
};

struct yaml_field {
        const char *name;
        int (*read)(struct yaml_read *r, const struct yaml_field *f, void *to);
        size_t at, count; /* offsets in the struct that is filled */
        const struct yaml_shape *shape;
        unsigned short min, max; /* items, for lists */
        bool required;
};

#define YAML_FIELDS_MAX 32u /* of one record */

/* Fill `to`, which the caller has cleared. 0 or -EINVAL, as all here. */
int yaml_read_record(struct yaml_read *r, const struct yaml_field *fields, size_t n_fields, void *to);
/* Text of that shape, in the pool. */
int yaml_read_shaped(struct yaml_read *r, const struct yaml_shape *shape, const char **ret);
/* As yaml_field.read: text of the field's shape into the `const char *` at f->at. */
int yaml_field_text(struct yaml_read *r, const struct yaml_field *f, void *to);
/* One of a NULL-terminated list of words: which. The error lists them. */
int yaml_read_word(struct yaml_read *r, const char *const *words, size_t *ret);

struct yaml_texts { /* items of one shape; none twice */
        const struct yaml_shape *shape;
        vec(const char *) list;
};

static inline void yaml_texts_release(struct yaml_texts *texts)
{
        vec_clear(&texts->list);
}

/* As yaml_read_item, with a struct yaml_texts: appends one. */
int yaml_texts_item(struct yaml_read *r, size_t index, void *texts);
