/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A stream of bytes cut into lines or JSON objects in bounded memory. Also makes UTF-8 of UTF-16, which
 * PowerShell writes by '>', and drops byte order marks.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct splitter;

struct split_to {
        void (*take)(const char *text, size_t len, uint64_t line, void *arg);
        /* A piece longer than `max` began at that line, and is left out. */
        void (*too_long)(uint64_t line, void *arg);
        void *arg;
};

enum split_unit { SPLIT_LINES, SPLIT_OBJECTS, SPLIT_CHUNKS };

struct splitter *splitter_new(enum split_unit unit, size_t max, struct split_to to);
void splitter_feed(struct splitter *s, const char *bytes, size_t len);
/* The last line needs no end. True when nothing is left open: no object, no list, half a character. */
bool splitter_end(struct splitter *s);
struct splitter *splitter_free(struct splitter *s); /* accepts NULL, returns NULL */
