/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Single values out of structured answers, where a whole parser would be too much: members of JSON text, and
 * fields of Protocol Buffers (the encoding at protobuf.dev). Bounded by what came; nothing recurses, nothing
 * is copied.
 */
#pragma once

#include "base/wire.h"
#include "identify/line.h"

/*
 * The value of the first member of that name, at whatever depth: the inside of a string as it is written
 * there, or a number or word. False when there is none, or it is an object or array.
 */
bool member_find(const void *json, size_t len, const char *name, struct line *ret);
/* Whether the first member of that name is the word true. */
bool member_true(const void *json, size_t len, const char *name);

struct field {
        uint32_t number;
        bool bytes; /* value is in `body`, else in `value` */
        uint64_t value;
        struct wire body;
};

/* The next field of a message. False at the end, and where it is not one (then w->bad). */
bool field_next(struct wire *w, struct field *ret);
/* What is left in a cursor, as text. */
static inline struct line wire_line(const struct wire *w)
{
        return (struct line){(const char *)w->at, wire_left(w)};
}
