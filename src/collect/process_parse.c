/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/process_parse.h"

#include <string.h>

#include "base/str.h"

/* The rest of the line that starts with `key`, or NULL. */
static const char *find_line(const char *text, size_t len, const char *key, size_t *ret_len)
{
        size_t key_len = strlen(key);
        const char *end = text + len;

        for (const char *line = text; line < end;) {
                const char *newline = memchr(line, '\n', (size_t)(end - line));
                const char *stop = newline ? newline : end;

                if ((size_t)(stop - line) >= key_len && memcmp(line, key, key_len) == 0) {
                        *ret_len = (size_t)(stop - line) - key_len;
                        return line + key_len;
                }
                line = stop + 1;
        }
        return NULL;
}

/* Reads digits at *at and moves past them; false when there are none or too many. */
static bool read_number(const char **at, const char *end, uint64_t *ret)
{
        const char *start = *at;
        uint64_t value = 0;

        for (; *at < end && **at >= '0' && **at <= '9'; (*at)++)
                if (__builtin_mul_overflow(value, 10, &value) ||
                    __builtin_add_overflow(value, (uint64_t)(**at - '0'), &value))
                        return false;
        *ret = value;
        return *at > start;
}

static void skip_blanks(const char **at, const char *end)
{
        while (*at < end && (**at == ' ' || **at == '\t'))
                (*at)++;
}

bool process_parse_status(const char *text, size_t len, char *ret_name, size_t size, uint32_t *ret_uid)
{
        size_t name_len = 0, uid_len = 0;
        const char *name = find_line(text, len, "Name:\t", &name_len);
        const char *uids = find_line(text, len, "Uid:\t", &uid_len), *end;
        uint64_t real, effective;

        if (!name || !uids || !size)
                return false;
        end = uids + uid_len;
        if (!read_number(&uids, end, &real))
                return false;
        skip_blanks(&uids, end);
        if (!read_number(&uids, end, &effective) || effective > UINT32_MAX)
                return false;
        if (name_len >= size)
                name_len = size - 1;
        memcpy(ret_name, name, name_len);
        ret_name[name_len] = '\0';
        *ret_uid = (uint32_t)effective;
        return true;
}

bool process_parse_start(const char *text, size_t len, uint64_t *ret_ticks)
{
        /* the name in parentheses may itself hold blanks and parentheses: count from the last one */
        const char *at = memrchr(text, ')', len), *end = text + len;

        if (!at)
                return false;
        at++;
        for (int field = 2; field < 22; field++) {
                at = at < end ? memchr(at, ' ', (size_t)(end - at)) : NULL;
                if (!at)
                        return false;
                at++;
        }
        return read_number(&at, end, ret_ticks);
}

void process_parse_passwd(const char *text, size_t len, struct pool *pool, struct map *users)
{
        const char *end = text + len;

        for (const char *line = text; line < end;) {
                const char *newline = memchr(line, '\n', (size_t)(end - line));
                const char *stop = newline ? newline : end;
                const char *colon = memchr(line, ':', (size_t)(stop - line)), *number;
                uint64_t uid;

                number = colon ? memchr(colon + 1, ':', (size_t)(stop - colon - 1)) : NULL;
                if (number && colon > line && !memchr(line, '\0', (size_t)(colon - line))) {
                        number++;
                        if (read_number(&number, stop, &uid) && uid <= UINT32_MAX && !map_get(users, uid, NULL))
                                map_put(users, uid, (uintptr_t)pool_intern_n(pool, line, (size_t)(colon - line)));
                }
                line = stop + 1;
        }
}
