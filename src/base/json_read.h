/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A reader of JSON (RFC 8259) that makes no tree: one asks for what comes, in the order in which it stands
 * there. For records of a line each; whole documents are read with jansson. Nothing is copied but strings
 * with escapes in them.
 *
 *      json_read_open(&r, '{');
 *      while (json_read_key(&r, &key)) {
 *              if (json_text_is(&key, "port"))
 *                      port = json_read_u64(&r, UINT16_MAX);
 *              else
 *                      json_read_skip(&r);
 *      }
 *
 * After the first fault all calls give nothing, loops end, and `fault` says what it was: it is looked at
 * once, at the end.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

#define JSON_READ_DEPTH 63u

struct json_text {
        const char *at; /* not terminated; valid until the next string is read. NULL: there was none */
        size_t len;
};

struct json_read {
        const char *at, *end;
        const char *fault; /* or NULL */
        uint64_t begun;    /* bit n set: level n has had a member */
        unsigned depth;
        struct str scratch; /* for strings with escapes */
};

void json_read_init(struct json_read *r, const char *text, size_t len);
void json_read_release(struct json_read *r);

/* What the next value begins with: '{', '[', '"', 't', 'f', 'n', a digit or '-'; 0 after a fault or at the end. */
char json_read_peek(struct json_read *r);
/* Enter the object ('{') or list ('[') that must come. */
void json_read_open(struct json_read *r, char bracket);
/* The next key of the object; false at its end, which is passed. */
bool json_read_key(struct json_read *r, struct json_text *key);
/* Whether the list has another value; false at its end, which is passed. */
bool json_read_next(struct json_read *r);

/*
 * A value. One of another type is passed over, and gives false: at is NULL, the number 0. In strings, \u0000 becomes
 * U+FFFD, so that they can be terminated.
 */
bool json_read_text(struct json_read *r, struct json_text *ret);
bool json_read_u64(struct json_read *r, uint64_t *ret); /* whole numbers only */
bool json_read_bool(struct json_read *r, bool *ret);
void json_read_skip(struct json_read *r);
/* Nothing but blanks may follow. False after a fault, of this or of before. */
bool json_read_end(struct json_read *r);

static inline bool json_text_is_n(const struct json_text *t, const char *word, size_t len)
{
        return t->len == len && memcmp(t->at, word, len) == 0;
}
/* `word` is a literal. */
#define json_text_is(t, word) json_text_is_n(t, word, sizeof(word) - 1)
