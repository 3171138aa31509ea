/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes, shown: to people they are UTF-8 without a control character, as HTML besides without markup; as JSON they are a
 * value that an independent reader accepts, and reads back as they were when they were UTF-8.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "fuzz.h"

static void check(bool promise)
{
        if (!promise)
                abort();
}

/* What no terminal and no page may get (Unicode TR 36), told here without the tables of base/text.c. */
static bool harms(const char *s, size_t n)
{
        static const char *const hidden[] = {
                "\u061c", "\u200b", "\u200e", "\u200f", "\u2028", "\u2029", "\u202a", "\u202b", "\u202c",
                "\u202d", "\u202e", "\u2060", "\u2066", "\u2067", "\u2068", "\u2069", "\ufeff",
        };
        unsigned char first = (unsigned char)s[0];

        if (first < 0x20 || first == 0x7f || (n == 2 && first == 0xc2 && (unsigned char)s[1] < 0xa0))
                return true;
        for (size_t i = 0; i < array_len(hidden); i++)
                if (strlen(hidden[i]) == n && memcmp(hidden[i], s, n) == 0)
                        return true;
        return false;
}

static void check_shown(const struct str *shown, const char *forbidden)
{
        for (size_t at = 0; at < shown->len;) {
                uint32_t c;
                size_t n = text_decode(shown->text + at, shown->len - at, &c);

                check(n && !harms(shown->text + at, n));
                check(!strchr(forbidden, shown->text[at]));
                at += n;
        }
        check(strlen(str_text(shown)) == shown->len);
}

/* jansson has a reader of UTF-8 of its own: that of base/text.c must agree with it. */
static bool is_utf8(const char *text)
{
        json_t *value = json_string(text);
        bool valid = value != NULL;

        json_decref(value);
        return valid;
}

static void check_json(const char *text)
{
        _cleanup_str_ struct str line = {0};
        struct json j = json_to(&line);
        json_error_t error;
        json_t *root, *list;
        const char *read;

        json_open_object(&j, NULL);
        json_str(&j, "text", text);
        json_open_array(&j, "list");
        json_str(&j, NULL, text);
        json_str(&j, NULL, NULL);
        json_end_line(&j);
        check(line.text[line.len - 1] == '\n');
        line.text[--line.len] = '\0';
        check_shown(&line, "");
        root = json_loadb(line.text, line.len, JSON_REJECT_DUPLICATES, &error);
        check(root != NULL);
        read = json_string_value(json_object_get(root, "text"));
        list = json_object_get(root, "list");
        check(read && json_array_size(list) == 2);
        check(strcmp(read, json_string_value(json_array_get(list, 0))) == 0);
        check((strcmp(read, text) == 0) == is_utf8(text));
        json_decref(root);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_str_ struct str text = {0}, shown = {0}, html = {0};

        str_add_n(&text, (const char *)data, strnlen((const char *)data, size));
        text_add_printable(&shown, str_text(&text));
        check_shown(&shown, "");
        text_add_html(&html, str_text(&text));
        check_shown(&html, "<>\"'");
        check_json(str_text(&text));
        return 0;
}
