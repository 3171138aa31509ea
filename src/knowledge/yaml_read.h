/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading a YAML document event by event, into strings of a pool, with the file, line and field in every
 * error. Only what data files need: one document of block or flow lists, mappings and text. Anchors,
 * aliases, tags and further documents are errors, so that a small file cannot become a large one.
 *
 * Callbacks get a value by its first event (r->event) and return with r->event being its last.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <yaml.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/pool.h"

#define YAML_READ_FILE_MAX (1u << 20) /* bytes of a document */
#define YAML_READ_TEXT_MAX 4096u      /* bytes of one scalar */

struct yaml_read {
        yaml_parser_t parser;
        yaml_event_t event;
        const char *text; /* the whole; not owned */
        size_t len;
        const char *file; /* for errors; not owned */
        struct pool *pool;
        struct err *err;
        unsigned line; /* where the current event starts */
        char field[128];
        size_t field_len;
};

/*
 * Start on text, which must outlive r; r->event is then the first event of the document, or
 * YAML_STREAM_END_EVENT when it holds nothing. 0, -EFBIG, or -EINVAL. r must be released also after an
 * error.
 */
int yaml_read_begin(struct yaml_read *r, const char *text, size_t len, const char *file, struct pool *pool,
                    struct err *err);
/* After the document's last event: nothing may follow. 0 or -EINVAL. */
int yaml_read_end(struct yaml_read *r);
void yaml_read_release(struct yaml_read *r);

typedef int yaml_read_key(struct yaml_read *r, const char *key, void *arg);
typedef int yaml_read_item(struct yaml_read *r, size_t index, void *arg);

int yaml_read_mapping(struct yaml_read *r, yaml_read_key *each, void *arg);
/* At most max items. */
int yaml_read_list(struct yaml_read *r, size_t max, yaml_read_item *each, void *arg);
/*
 * Text without blanks around it, in the pool. Words YAML takes for something else (yes, null, 12) need
 * quotes.
 */
int yaml_read_text(struct yaml_read *r, const char **ret);
/* As yaml_read_text, but whole numbers without quotes will do, too. */
int yaml_read_text_or_number(struct yaml_read *r, const char **ret);
/* A whole number from min to max, with or without quotes. */
int yaml_read_number(struct yaml_read *r, uint64_t min, uint64_t max, uint64_t *ret);
/* true or false, without quotes. */
int yaml_read_bool(struct yaml_read *r, bool *ret);

/* "file:line: field 'a.b': " and the text; returns -EINVAL. The second form names the line. */
int yaml_read_fail(struct yaml_read *r, const char *fmt, ...) _printf_(2, 3);
int yaml_read_fail_at(struct yaml_read *r, unsigned line, const char *fmt, ...) _printf_(3, 4);
/* Add ".name" to the field that errors show; give the result back to yaml_read_leave. */
size_t yaml_read_enter(struct yaml_read *r, const char *name);
void yaml_read_leave(struct yaml_read *r, size_t before);
/* A value as an error may show it: printable and at most some 40 characters. In the pool. */
const char *yaml_read_show(struct yaml_read *r, const char *value);
