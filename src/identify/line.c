/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "identify/line.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

bool line_next(const uint8_t *data, size_t len, size_t *at, struct line *ret)
{
        const uint8_t *end;

        if (*at >= len)
                return false;
        end = memchr(data + *at, '\n', len - *at);
        if (!end)
                return false;
        *ret = (struct line){(const char *)data + *at, (size_t)(end - data) - *at};
        *at = (size_t)(end - data) + 1;
        if (ret->len && ret->text[ret->len - 1] == '\r')
                ret->len--;
        return true;
}

bool line_starts(const struct line *line, const char *prefix)
{
        size_t n = strlen(prefix);

        return line->len >= n && memcmp(line->text, prefix, n) == 0;
}

bool line_starts_i(const struct line *line, const char *prefix)
{
        size_t n = strlen(prefix);

        return line->len >= n && strncasecmp(line->text, prefix, n) == 0;
}

const char *line_find_i(const struct line *line, const char *word)
{
        size_t n = strlen(word);

        for (size_t i = 0; n <= line->len && i <= line->len - n; i++)
                if (strncasecmp(line->text + i, word, n) == 0)
                        return line->text + i;
        return NULL;
}

struct line line_after(const struct line *line, size_t n)
{
        struct line rest = {line->text, 0};

        if (n >= line->len)
                return rest;
        rest = (struct line){line->text + n, line->len - n};
        while (rest.len && (*rest.text == ' ' || *rest.text == '\t')) {
                rest.text++;
                rest.len--;
        }
        return rest;
}

struct line line_word(const struct line *line, unsigned n)
{
        struct line rest = line_after(line, 0), word = rest;

        for (;; n--) {
                for (word = rest, word.len = 0;
                     word.len < rest.len && !isblank((unsigned char)word.text[word.len]);)
                        word.len++;
                if (!n || !word.len)
                        return word;
                rest = line_after(&rest, word.len);
        }
}

bool data_starts(const uint8_t *data, size_t len, const char *prefix)
{
        size_t n = strlen(prefix);

        return len >= n && memcmp(data, prefix, n) == 0;
}

/* Three digits, of which the first is 1 to 6; 0 = none. */
static unsigned code_of(const struct line *line)
{
        const char *t = line->text;

        if (line->len < 3 || t[0] < '1' || t[0] > '6' || !isdigit((unsigned char)t[1]) ||
            !isdigit((unsigned char)t[2]))
                return 0;
        if (line->len > 3 && t[3] != ' ' && t[3] != '-')
                return 0;
        return (unsigned)((t[0] - '0') * 100 + (t[1] - '0') * 10 + (t[2] - '0'));
}

static bool may_become_code(const uint8_t *data, size_t len)
{
        for (size_t i = 0; i < len && i < 3; i++)
                if (!isdigit(data[i]))
                        return false;
        return len < 4 || data[3] == ' ' || data[3] == '-' || data[3] == '\r';
}

enum reply_state reply_read(const uint8_t *data, size_t len, struct reply *ret)
{
        struct line line;
        size_t at = 0;
        unsigned code;

        if (!may_become_code(data, len))
                return REPLY_NONE;
        if (!line_next(data, len, &at, &line))
                return len < 4096 ? REPLY_PART : REPLY_NONE;
        code = code_of(&line);
        if (!code)
                return REPLY_NONE;
        *ret = (struct reply){.code = code, .first = line_after(&line, 4)};
        while (line.len > 3 && (code_of(&line) != code || line.text[3] == '-'))
                if (!line_next(data, len, &at, &line))
                        return len < 65536 ? REPLY_PART : REPLY_NONE;
                else if (line.len <= 3 && code_of(&line) != code)
                        line = (struct line){"    ", 4}; /* a short line of text between */
        ret->end = at;
        return REPLY_WHOLE;
}
