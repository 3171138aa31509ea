/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Near spellings, for "did you mean". */
#include <stdlib.h>
#include <strings.h>

#include "base/str.h"
#include "base/vec.h"
#include "knowledge/builtin.h"
#include "knowledge/knowledge.h"

#define WORD_MAX 40u /* longer words have no near spelling */

struct near_word {
        const char *word;
        unsigned distance;
};

struct near_words {
        vec(struct near_word) list;
};

static void near_words_release(struct near_words *near)
{
        vec_clear(&near->list);
}

static char lower(char c)
{
        return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static unsigned least(unsigned a, unsigned b, unsigned c)
{
        unsigned m = a < b ? a : b;

        return m < c ? m : c;
}

/* Edits from a to b (insert, delete, replace, swap neighbours), or limit + 1 when there are more. */
static unsigned distance(const char *a, const char *b, unsigned limit)
{
        size_t n = strlen(a), m = strlen(b);
        unsigned rows[3][WORD_MAX + 1];

        if (n > WORD_MAX || m > WORD_MAX || (n > m ? n - m : m - n) > limit)
                return limit + 1;
        for (size_t j = 0; j <= m; j++)
                rows[0][j] = (unsigned)j;
        for (size_t i = 1; i <= n; i++) {
                unsigned *row = rows[i % 3], *above = rows[(i + 2) % 3], *second = rows[(i + 1) % 3];

                row[0] = (unsigned)i;
                for (size_t j = 1; j <= m; j++) {
                        unsigned other = lower(a[i - 1]) != lower(b[j - 1]);

                        row[j] = least(above[j] + 1, row[j - 1] + 1, above[j - 1] + other);
                        if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
                            lower(a[i - 2]) == lower(b[j - 1]) && second[j - 2] + 1 < row[j])
                                row[j] = second[j - 2] + 1;
                }
        }
        return rows[n % 3][m];
}

static void consider(struct near_words *near, const char *word, const char *candidate)
{
        size_t len = strlen(word);
        unsigned limit = len < 4 ? 1 : 2;
        unsigned d = distance(word, candidate, limit);

        if (d > limit && len >= 3 && strncasecmp(word, candidate, len) == 0)
                d = limit; /* the beginning of a longer word */
        if (d <= limit)
                *vec_push(&near->list) = (struct near_word){candidate, d};
}

static int compare_near(const void *pa, const void *pb)
{
        const struct near_word *a = pa, *b = pb;

        if (a->distance != b->distance)
                return a->distance < b->distance ? -1 : 1;
        return strcasecmp(a->word, b->word);
}

static size_t nearest(struct near_words *near, const char *ret[], size_t max)
{
        size_t n = 0;

        vec_sort(&near->list, compare_near);
        for (size_t i = 0; i < near->list.n && n < max; i++)
                if (!n || strcasecmp(ret[n - 1], near->list.at[i].word) != 0)
                        ret[n++] = near->list.at[i].word;
        return n;
}

size_t words_near(const char *word, const char *const *words, size_t n, const char *ret[], size_t max)
{
        _cleanup_(near_words_release) struct near_words near = {0};

        for (size_t i = 0; i < n; i++)
                consider(&near, word, words[i]);
        return nearest(&near, ret, max);
}

size_t knowledge_near(const struct knowledge *k, const char *word, const char *ret[], size_t max)
{
        _cleanup_(near_words_release) struct near_words near = {0};
        size_t n_pages;
        const struct page *const *pages = knowledge_pages(k, &n_pages);

        for (size_t i = 0; i < n_pages; i++) {
                consider(&near, word, pages[i]->id);
                for (size_t j = 0; j < pages[i]->n_aliases; j++)
                        consider(&near, word, pages[i]->aliases[j]);
                for (size_t j = 0; j < pages[i]->n_programs; j++)
                        consider(&near, word, pages[i]->programs[j]);
                for (size_t j = 0; j < pages[i]->n_packages; j++)
                        consider(&near, word, pages[i]->packages[j]);
        }
        if (!near.list.n) /* the registry has a near word for nearly everything: second choice */
                for (size_t i = 0; i < registry_n_names; i++)
                        consider(&near, word, registry_text + registry_rows[registry_names[i]].name);
        return nearest(&near, ret, max);
}
