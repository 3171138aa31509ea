/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "identify/banner.h"

#include <ctype.h>
#include <strings.h>

static const struct banner *find(const struct line *text, const struct banner *table, size_t n,
                                 const char **ret)
{
        for (size_t i = 0; i < n; i++) {
                const char *at = line_find_i(text, table[i].mark);

                if (at) {
                        *ret = at + strlen(table[i].mark);
                        return &table[i];
                }
        }
        return NULL;
}

bool banner_known(const struct line *text, const struct banner *table, size_t n)
{
        const char *behind;

        return find(text, table, n, &behind);
}

bool banner_take(struct talk *t, const struct line *text, const struct banner *table, size_t n)
{
        const char *behind;
        const struct banner *b = find(text, table, n, &behind);
        struct line version;

        if (!b || t->id->product)
                return b;
        talk_product(t, b->product, strlen(b->product));
        if (banner_version(behind, text->text + text->len, &version))
                talk_version(t, version.text, version.len);
        if (b->cpe)
                talk_cpe(t, b->vendor, b->cpe);
        return true;
}

/* What may stand between a name and its version: the length of it at `at`, or 0. */
static size_t between(const char *at, const char *end)
{
        static const char *const words[] = {"version", "server", "service", "release",
                                            "ver.",    "(tm)",   "ftp",     "v."};

        for (size_t i = 0; i < array_len(words); i++) {
                size_t n = strlen(words[i]);

                if ((size_t)(end - at) > n && strncasecmp(at, words[i], n) == 0)
                        return n;
        }
        if (end - at > 1 && (*at == 'v' || *at == 'V' || *at == 'R') && isdigit((unsigned char)at[1]))
                return 1;
        return *at && strchr(" \t/-_([:,", *at) ? 1 : 0;
}

bool banner_version(const char *at, const char *end, struct line *ret)
{
        size_t n;

        for (unsigned i = 0; i < 8 && at < end && (n = between(at, end)); i++)
                at += n;
        *ret = (struct line){at, 0};
        if (at >= end || !isdigit((unsigned char)*at))
                return false;
        while (at < end && (isalnum((unsigned char)*at) || (*at && strchr("._+~-", *at)))) {
                if (*at == '-' && (at + 1 == end || !isdigit((unsigned char)at[1]))) /* "-Debian" */
                        break;
                at++;
        }
        while (at > ret->text && strchr("._-", at[-1]))
                at--;
        ret->len = (size_t)(at - ret->text);
        return true;
}

void banner_hostname(struct talk *t, const struct line *word)
{
        bool letter = false;

        if (word->len > 253 || !memchr(word->text, '.', word->len))
                return;
        for (size_t i = 0; i < word->len; i++) {
                unsigned char c = (unsigned char)word->text[i];

                if (!isalnum(c) && c != '.' && c != '-' && c != '_')
                        return;
                letter = letter || isalpha(c);
        }
        if (letter && word->text[word->len - 1] != '.')
                talk_hostname(t, word->text, word->len);
}

struct line banner_all(const uint8_t *data, size_t len)
{
        return (struct line){(const char *)data, len};
}

bool banner_is_text(const uint8_t *data, size_t len)
{
        for (size_t i = 0; i < len; i++)
                if ((data[i] < ' ' && !isspace(data[i])) || data[i] == 0x7f)
                        return false;
        return len > 0;
}
