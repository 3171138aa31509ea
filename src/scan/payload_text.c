/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "scan/payload_text.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>

#include "base/str.h"

struct reading {
        struct payload_text *to;
        bool answer, ended;
        unsigned at; /* the place in the datagram that the next word speaks of */
};

static const struct {
        const char *word;
        uint8_t width, form;
} cookies[] = {
        {"<1>", 1, PAYLOAD_RAW}, {"<2>", 2, PAYLOAD_RAW}, {"<4>", 4, PAYLOAD_RAW},
        {"<hex>", 8, PAYLOAD_HEX}, {"<int>", 4, PAYLOAD_INT}, {"<seven>", 1, PAYLOAD_SEVEN},
};

void payload_text_release(struct payload_text *t)
{
        vec_clear(&t->bytes);
        vec_clear(&t->places);
        vec_clear(&t->masked);
}

static bool add_byte(struct reading *r, uint8_t value, uint8_t mask)
{
        if (r->at >= UDP_PAYLOAD_MAX)
                return false;
        if (r->answer) {
                if (mask)
                        *vec_push(&r->to->masked) = (struct payload_byte){(uint16_t)r->at, value, mask};
        } else {
                *vec_push(&r->to->bytes) = value;
        }
        r->at++;
        return true;
}

static bool add_many(struct reading *r, uint64_t n, uint8_t mask)
{
        while (n--)
                if (!add_byte(r, 0, mask))
                        return false;
        return true;
}

/* One or more quoted bytes; the quotes stand at both ends of the word. */
static bool add_quoted(struct reading *r, const char *s, size_t len)
{
        static const char named[] = "rnt\"\\", meant[] = "\r\n\t\"\\";

        if (len < 3 || s[len - 1] != '"')
                return false;
        for (size_t i = 1; i < len - 1; i++) {
                const char *escape = s[i] == '\\' ? strchr(named, s[i + 1]) : NULL;

                if (s[i] == '\\' && (!escape || ++i == len - 1))
                        return false;
                if (!add_byte(r, (uint8_t)(escape ? meant[escape - named] : s[i]), 0xff))
                        return false;
        }
        return true;
}

static int hex_digit(char c)
{
        const char *digits = "0123456789abcdef", *p = c ? strchr(digits, c) : NULL;

        return p ? (int)(p - digits) : -1;
}

static int hex_byte(const char *s)
{
        int high = hex_digit(s[0]), low = high < 0 ? -1 : hex_digit(s[1]);

        return low < 0 ? -1 : high << 4 | low;
}

static bool add_hex(struct reading *r, const char *word, size_t len)
{
        if (len == 5 && word[2] == '/' && r->answer) {
                int value = hex_byte(word), mask = hex_byte(word + 3);

                return value >= 0 && mask > 0 && (value & ~mask) == 0 &&
                       add_byte(r, (uint8_t)value, (uint8_t)mask);
        }
        for (size_t i = 0; i < len; i += 2) {
                int value = hex_byte(word + i); /* words are terminated: an odd one ends in no digit */

                if (value < 0 || !add_byte(r, (uint8_t)value, 0xff))
                        return false;
        }
        return true;
}

static bool add_cookie(struct reading *r, const char *word)
{
        struct payload_pattern *pattern = &r->to->pattern;

        for (size_t i = 0; i < array_len(cookies); i++) {
                struct payload_place place = {(uint16_t)r->at, cookies[i].width, cookies[i].form};

                if (!streq(word, cookies[i].word))
                        continue;
                if (!r->answer) {
                        *vec_push(&r->to->places) = place;
                } else {
                        if (pattern->has_cookie)
                                return false;
                        pattern->has_cookie = true;
                        pattern->cookie = place;
                        r->ended = pattern->anywhere;
                }
                return add_many(r, place.width, 0);
        }
        return false;
}

static bool add_word(struct reading *r, const char *word, size_t len)
{
        const char *rest;
        uint64_t n;

        if (r->ended)
                return false;
        if (word[0] == '"')
                return add_quoted(r, word, len);
        if (word[0] == '<')
                return add_cookie(r, word);
        if ((rest = str_after(word, "zero:")))
                return str_to_u64(rest, UDP_PAYLOAD_MAX, &n) == 0 && add_many(r, n, 0xff);
        if (!r->answer && (rest = str_after(word, "pad:")))
                return str_to_u64(rest, UDP_PAYLOAD_MAX, &n) == 0 && n > r->at && add_many(r, n - r->at, 0xff);
        if (r->answer && word[0] == '?')
                return str_to_u64(word + 1, UDP_PAYLOAD_MAX, &n) == 0 && add_many(r, n, 0);
        if (r->answer && streq(word, "*"))
                return r->to->pattern.anywhere = true;
        if (r->answer && streq(word, "$"))
                return r->ended = r->to->pattern.exact = true;
        return add_hex(r, word, len);
}

/* To the blank behind a word; blanks between quotes belong to it. */
static size_t word_length(const char *s)
{
        bool quoted = s[0] == '"';
        size_t n = 1;

        for (; s[n]; n++) {
                if (quoted && s[n] == '\\' && s[n + 1])
                        n++;
                else if (quoted && s[n] == '"')
                        return n + 1;
                else if (!quoted && isspace((unsigned char)s[n]))
                        return n;
        }
        return n;
}

static int read_words(struct reading *r, const char *text, struct err *err)
{
        for (const char *s = text; *s;) {
                _cleanup_free_ char *word = NULL;
                size_t len;

                if (isspace((unsigned char)*s)) {
                        s++;
                        continue;
                }
                len = word_length(s);
                word = xstrndup(s, len);
                if (!add_word(r, word, len))
                        return err_set(err, -EINVAL, "'%s' cannot stand here", word);
                s += len;
        }
        return 0;
}

int payload_text_bytes(struct payload_text *t, const char *text, struct err *err)
{
        struct reading r = {.to = t};

        return read_words(&r, text, err);
}

int payload_text_answer(struct payload_text *t, const char *text, struct err *err)
{
        struct reading r = {.to = t, .answer = true};
        int rc = read_words(&r, text, err);

        if (rc < 0)
                return rc;
        t->pattern.len = (uint16_t)r.at;
        if (t->pattern.anywhere && !t->pattern.has_cookie)
                return err_set(err, -EINVAL, "'*' without a cookie behind it");
        if (t->pattern.has_cookie && !t->masked.n && !t->pattern.exact)
                return err_set(err, -EINVAL, "any datagram would look like this answer; say more of it");
        return 0;
}
