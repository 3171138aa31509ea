/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A streaming JSON writer into a string: no tree, one pass. Whole documents from others are read with jansson
 * (whose json_object, json_array and json_null are other functions, hence the longer names here).
 *
 *      struct json j = json_to(&line);
 *      json_open_object(&j, NULL);
 *      json_str(&j, "type", "listener");
 *      json_u64(&j, "port", 22);
 *      json_end(&j);
 *
 * Keys are literals of our own: plain ASCII, written as they are. In arrays the key is NULL. Strings are
 * made valid UTF-8 (a byte that is not becomes U+FFFD) and free of raw control characters, so that printing
 * a record is safe.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct json {
        struct str *to;
        uint64_t arrays; /* bit n set: level n is an array */
        unsigned depth;
        bool comma;
};

struct json json_to(struct str *to);

void json_open_object(struct json *j, const char *key);
void json_open_array(struct json *j, const char *key);
void json_end(struct json *j); /* of the innermost object or array; at most 64 levels */

void json_str(struct json *j, const char *key, const char *value); /* NULL gives null */
void json_u64(struct json *j, const char *key, uint64_t value);
void json_bool(struct json *j, const char *key, bool value);
void json_put_null(struct json *j, const char *key);
void json_double(struct json *j, const char *key, double value); /* three decimals */
/* Text that already is a JSON value, from this writer. */
void json_raw(struct json *j, const char *key, const char *value, size_t len);

/*
 * Begin a record with what all have: type, schema, and the asset, vantage and time of what it tells, null where it
 * tells of no host.
 */
void json_open_record(struct json *j, const char *type, const char *asset, const char *vantage, const char *time);
/* A whole record is one line: ends the outermost object and adds the newline. */
void json_end_line(struct json *j);
