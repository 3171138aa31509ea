/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/json.h"

#include <stdio.h>

#include "base/text.h"

struct json json_to(struct str *to)
{
        return (struct json){.to = to};
}

/* Every member of every record comes by here: one reservation, and then plain bytes. */
static void begin_value(struct json *j, const char *key)
{
        size_t len = key ? strlen(key) : 0;
        char *p;

        str_reserve(j->to, len + 4);
        p = j->to->text + j->to->len;
        if (j->comma)
                *p++ = ',';
        if (key) {
                *p++ = '"';
                p = mempcpy(p, key, len);
                *p++ = '"';
                *p++ = ':';
        }
        *p = '\0';
        j->to->len = (size_t)(p - j->to->text);
        j->comma = true;
}

static void open_level(struct json *j, const char *key, bool array)
{
        begin_value(j, key);
        str_add_char(j->to, array ? '[' : '{');
        j->depth++;
        j->arrays = j->arrays << 1 | array;
        j->comma = false;
}

void json_open_object(struct json *j, const char *key)
{
        open_level(j, key, false);
}

void json_open_array(struct json *j, const char *key)
{
        open_level(j, key, true);
}

void json_end(struct json *j)
{
        str_add_char(j->to, j->arrays & 1 ? ']' : '}');
        j->arrays >>= 1;
        j->depth--;
        j->comma = true;
}

void json_open_record(struct json *j, const char *type, const char *asset, const char *vantage, const char *time)
{
        json_open_object(j, NULL);
        json_str(j, "type", type);
        json_u64(j, "schema", 1);
        json_str(j, "asset", asset);
        json_str(j, "vantage", vantage);
        json_str(j, "time", time);
}

void json_end_line(struct json *j)
{
        while (j->depth)
                json_end(j);
        str_add_char(j->to, '\n');
        j->comma = false;
}

static void add_special(struct str *to, uint32_t c)
{
        switch (c) {
        case '"':
                str_add(to, "\\\"");
                break;
        case '\\':
                str_add(to, "\\\\");
                break;
        case '\n':
                str_add(to, "\\n");
                break;
        case '\t':
                str_add(to, "\\t");
                break;
        default:
                str_addf(to, "\\u%04x", c);
        }
}

#define BYTES(b) (0x0101010101010101u * (b))

/* How many bytes at the start surely need no second look, eight at a time: none below 0x20, above 0x7e, '"' or '\\'. */
static size_t plain_start(const char *s, size_t len)
{
        size_t at = 0;

        for (; len - at >= 8; at += 8) {
                uint64_t v;

                memcpy(&v, s + at, sizeof(v));
                /* a byte that is looked for sets its highest bit in one of these; what it borrows only adds others */
                if ((v | (v - BYTES(0x20)) | (v + BYTES(0x01)) | ((v ^ BYTES('"')) - BYTES(1)) |
                     ((v ^ BYTES('\\')) - BYTES(1))) &
                    BYTES(0x80))
                        break;
        }
        return at;
}

static void add_string(struct str *to, const char *s)
{
        size_t len = strlen(s), start = 0, at = plain_start(s, len);

        str_add_char(to, '"');
        while (at < len) {
                unsigned char byte = (unsigned char)s[at];
                uint32_t c = byte;
                size_t n = 1;

                if (byte >= 0x20 && byte < 0x7f && byte != '"' && byte != '\\') {
                        at++;
                        continue;
                }
                if (byte >= 0x80 && (n = text_decode(s + at, len - at, &c)) && !text_is_control(c)) {
                        at += n;
                        continue;
                }
                str_add_n(to, s + start, at - start);
                add_special(to, n ? c : 0xfffd);
                at += n ? n : 1;
                start = at;
        }
        str_add_n(to, s + start, at - start);
        str_add_char(to, '"');
}

void json_str(struct json *j, const char *key, const char *value)
{
        begin_value(j, key);
        if (value)
                add_string(j->to, value);
        else
                str_add_n(j->to, "null", 4);
}

void json_u64(struct json *j, const char *key, uint64_t value)
{
        begin_value(j, key);
        str_add_u64(j->to, value);
}

void json_bool(struct json *j, const char *key, bool value)
{
        begin_value(j, key);
        str_add(j->to, value ? "true" : "false");
}

void json_put_null(struct json *j, const char *key)
{
        begin_value(j, key);
        str_add(j->to, "null");
}

void json_double(struct json *j, const char *key, double value)
{
        begin_value(j, key);
        str_addf(j->to, "%.3f", value);
}

void json_raw(struct json *j, const char *key, const char *value, size_t len)
{
        begin_value(j, key);
        str_add_n(j->to, value, len);
}
