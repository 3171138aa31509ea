/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/str.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

void str_release(struct str *s)
{
        free(s->text);
        *s = (struct str){0};
}

void str_reserve(struct str *s, size_t more)
{
        size_t need = s->len + more + 1;

        if (need <= s->room)
                return;
        s->room = s->room * 2 > need ? s->room * 2 : (need < 64 ? 64 : need);
        s->text = xrealloc(s->text, s->room, 1);
        s->text[s->len] = '\0'; /* room alone is a valid empty string, too */
}

void str_add_n(struct str *s, const char *text, size_t len)
{
        str_reserve(s, len);
        if (len)
                memcpy(s->text + s->len, text, len);
        s->len += len;
        s->text[s->len] = '\0';
}

void str_add(struct str *s, const char *text)
{
        str_add_n(s, text, strlen(text));
}

void str_add_char(struct str *s, char c)
{
        str_add_n(s, &c, 1);
}

void str_add_u64(struct str *s, uint64_t value)
{
        char digits[20];
        size_t at = sizeof(digits);

        do
                digits[--at] = (char)('0' + value % 10);
        while (value /= 10);
        str_add_n(s, digits + at, sizeof(digits) - at);
}

void str_addf(struct str *s, const char *fmt, ...)
{
        va_list ap, again;
        int len;

        va_start(ap, fmt);
        va_copy(again, ap);
        len = vsnprintf(NULL, 0, fmt, ap);
        va_end(ap);
        if (len > 0) {
                str_reserve(s, (size_t)len);
                (void)vsnprintf(s->text + s->len, s->room - s->len, fmt, again);
                s->len += (size_t)len;
        }
        va_end(again);
}

const char *str_after(const char *s, const char *prefix)
{
        size_t len = strlen(prefix);

        return strncmp(s, prefix, len) == 0 ? s + len : NULL;
}

bool str_ends(const char *s, const char *suffix)
{
        size_t len = strlen(s), tail = strlen(suffix);

        return len >= tail && memcmp(s + len - tail, suffix, tail) == 0;
}

int str_to_u64(const char *s, uint64_t max, uint64_t *ret)
{
        uint64_t value = 0;

        if (!*s)
                return -EINVAL;
        for (; *s; s++) {
                if (*s < '0' || *s > '9')
                        return -EINVAL;
                if (__builtin_mul_overflow(value, 10, &value) ||
                    __builtin_add_overflow(value, (uint64_t)(*s - '0'), &value) || value > max)
                        return -ERANGE;
        }
        *ret = value;
        return 0;
}

const char *str_basename(const char *s)
{
        const char *slash = strrchr(s, '/');

        return slash ? slash + 1 : s;
}
