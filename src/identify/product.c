/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "identify/product.h"

#include <ctype.h>

#define NAME_MAX_BYTES 64u

static bool is(char c, const char *of)
{
        return c && strchr(of, c);
}

struct line product_version(const struct line *text)
{
        struct line v = *text;

        while (v.len && is(*v.text, " \t\"'([/:=-_")) {
                v.text++;
                v.len--;
        }
        if (v.len > 1 && is(*v.text, "vV") && isdigit((unsigned char)v.text[1])) {
                v.text++;
                v.len--;
        }
        if (!v.len || !isdigit((unsigned char)*v.text))
                return (struct line){v.text, 0};
        for (size_t i = 0; i < v.len; i++)
                if (!isalnum((unsigned char)v.text[i]) && !is(v.text[i], ".+~_:-")) {
                        v.len = i;
                        break;
                }
        while (v.len && is(v.text[v.len - 1], ".:-"))
                v.len--;
        return v;
}

const struct product_known *product_find(const struct line *text, const struct product_known *known,
                                         size_t n)
{
        for (size_t i = 0; i < n; i++)
                if (line_starts_i(text, known[i].start))
                        return &known[i];
        return NULL;
}

/* Where the name ends: before a separator and a version, a '/', a bracket, or two blanks' worth of anything else. */
static size_t name_len(const struct line *text)
{
        for (size_t i = 1; i < text->len; i++) {
                struct line rest = {text->text + i, text->len - i};

                if (is(text->text[i], "/([,;<"))
                        return i;
                if (is(text->text[i], " -_") && product_version(&rest).len)
                        return i;
        }
        return text->len;
}

const struct product_known *product_take(struct talk *t, const struct line *text,
                                         const struct product_known *known, size_t n)
{
        const struct product_known *entry = product_find(text, known, n);
        size_t end = entry ? strlen(entry->start) : name_len(text);
        struct line rest = {text->text + end, text->len - end}, version = product_version(&rest);
        const char *name = entry && entry->product ? entry->product : text->text;

        if (t->id->product && (!entry || !streq_ptr(entry->product, t->id->product)))
                return entry;
        if (!entry && (!end || end > NAME_MAX_BYTES || !isalpha((unsigned char)*text->text)))
                return NULL;
        talk_product(t, name, entry && entry->product ? strlen(entry->product) : end);
        talk_version(t, version.text, version.len);
        if (entry && entry->cpe)
                talk_cpe(t, entry->vendor, entry->cpe);
        return entry;
}
