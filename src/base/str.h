/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A growing byte string, always terminated: s.text is valid after the first append (before it, "" by
 * str_text). Zero bytes are a valid empty one. Also the few string questions libc leaves open.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/mem.h"

struct str {
        char *text;
        size_t len, room;
};

void str_release(struct str *s); /* frees and resets */
#define _cleanup_str_ _cleanup_(str_release)

void str_reserve(struct str *s, size_t more);
void str_add_n(struct str *s, const char *text, size_t len);
void str_add(struct str *s, const char *text);
void str_add_char(struct str *s, char c);
void str_add_u64(struct str *s, uint64_t value);
void str_addf(struct str *s, const char *fmt, ...) _printf_(2, 3);

static inline const char *str_text(const struct str *s)
{
        return s->text ? s->text : "";
}

static inline void str_reset(struct str *s)
{
        s->len = 0;
        if (s->text)
                s->text[0] = '\0';
}

static inline bool streq(const char *a, const char *b)
{
        return strcmp(a, b) == 0;
}

/* True also when both are NULL. */
static inline bool streq_ptr(const char *a, const char *b)
{
        return a == b || (a && b && strcmp(a, b) == 0);
}

/* Words in a list that ends with NULL; it lives as long as the block it is written in, or the program. */
#define STR_LIST(...) ((const char *const[]){__VA_ARGS__ __VA_OPT__(, ) NULL})

static inline bool str_in_list(const char *s, const char *const *list)
{
        for (; *list; list++)
                if (streq(*list, s))
                        return true;
        return false;
}

/* The rest of s after prefix, or NULL when it does not start so. */
const char *str_after(const char *s, const char *prefix);
bool str_ends(const char *s, const char *suffix);

/* A whole decimal number of at most max, nothing before or after it. -EINVAL or -ERANGE. */
int str_to_u64(const char *s, uint64_t max, uint64_t *ret);

/* The part after the last '/', or s itself. */
const char *str_basename(const char *s);
