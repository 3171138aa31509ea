/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "knowledge/page_table.h"

#include <stdlib.h>
#include <string.h>

#include "base/vec.h"

/* One claim of a page on a word. The lower the rank the better the claim. */
struct claim {
        const char *word;
        unsigned rank;
        uint16_t page;
};

struct claims {
        vec(struct claim) list;
};

static void claims_release(struct claims *claims)
{
        vec_clear(&claims->list);
}

static bool is_override(const struct page *page)
{
        return !streq(page->source, PAGE_BUILT_IN);
}

void page_word_add_lower(struct str *to, const char *word)
{
        for (; *word; word++)
                str_add_char(to, *word >= 'A' && *word <= 'Z' ? (char)(*word + 32) : *word);
}

static void claim_all(struct claims *claims, const char *const *words, size_t n, unsigned rank, size_t page)
{
        for (size_t i = 0; i < n; i++)
                *vec_push(&claims->list) = (struct claim){words[i], rank, (uint16_t)page};
}

static void claim_programs(struct claims *claims, const struct page *page, size_t i, struct pool *pool)
{
        claim_all(claims, page->programs, page->n_programs, is_override(page) ? 0 : 1, i);
}

static void claim_packages(struct claims *claims, const struct page *page, size_t i, struct pool *pool)
{
        claim_all(claims, page->packages, page->n_packages, is_override(page) ? 0 : 1, i);
}

static void claim_words(struct claims *claims, const struct page *page, size_t i, struct pool *pool)
{
        _cleanup_str_ struct str name = {0};
        unsigned rank = is_override(page) ? 0 : 3;

        claim_all(claims, &page->id, 1, rank, i);
        claim_all(claims, page->aliases, page->n_aliases, rank + 1, i);
        page_word_add_lower(&name, page->name);
        claim_all(claims, (const char *[]){pool_intern(pool, str_text(&name))}, 1, rank + 2, i);
}

static const struct {
        const char *kind;
        void (*claim)(struct claims *claims, const struct page *page, size_t i, struct pool *pool);
} kinds[] = {{"word", claim_words}, {"program", claim_programs}, {"package", claim_packages}};

static int compare_claims(const void *pa, const void *pb)
{
        const struct claim *a = pa, *b = pb;
        int order = strcmp(a->word, b->word);

        if (order)
                return order;
        if (a->rank != b->rank)
                return a->rank < b->rank ? -1 : 1;
        return (a->page > b->page) - (a->page < b->page);
}

static void collect_claims(struct claims *claims, size_t kind, const struct page *const *pages, size_t n,
                           struct pool *pool)
{
        for (size_t i = 0; i < n; i++)
                kinds[kind].claim(claims, pages[i], i, pool);
        vec_sort(&claims->list, compare_claims);
}

static const struct page_word *build_words(size_t kind, const struct page *const *pages, size_t n,
                                           struct pool *pool, uint32_t *ret_n)
{
        _cleanup_(claims_release) struct claims claims = {0};
        struct page_word *words;
        uint32_t n_words = 0;

        collect_claims(&claims, kind, pages, n, pool);
        words = pool_alloc(pool, claims.list.n * sizeof(*words));
        vec_foreach (claim, &claims.list)
                if (!n_words || !streq(words[n_words - 1].word, claim->word))
                        words[n_words++] = (struct page_word){claim->word, claim->page};
        *ret_n = n_words;
        return words;
}

void page_table_conflicts(const struct page *const *pages, size_t n,
                          void (*found)(const char *kind, const char *word, const struct page *a,
                                        const struct page *b, void *arg),
                          void *arg)
{
        _cleanup_(pool_freep) struct pool *pool = pool_new();

        for (size_t kind = 0; kind < array_len(kinds); kind++) {
                _cleanup_(claims_release) struct claims claims = {0};

                collect_claims(&claims, kind, pages, n, pool);
                for (size_t i = 1; i < claims.list.n; i++) {
                        const struct claim *a = &claims.list.at[i - 1], *b = &claims.list.at[i];

                        if (streq(a->word, b->word) && a->page != b->page)
                                found(kinds[kind].kind, a->word, pages[a->page], pages[b->page], arg);
                }
        }
}

/* --- ports ----------------------------------------------------------------------------------- */

struct port_claim {
        struct port_range range;
        bool override;
        uint16_t page;
};

struct port_claims {
        vec(struct port_claim) list;
};

static void port_claims_release(struct port_claims *claims)
{
        vec_clear(&claims->list);
}

/* Worst claim first: each is painted over those before it. */
static int compare_port_claims(const void *pa, const void *pb)
{
        const struct port_claim *a = pa, *b = pb;
        int width_a = a->range.last - a->range.first, width_b = b->range.last - b->range.first;

        if (a->override != b->override)
                return a->override ? 1 : -1;
        if (width_a != width_b)
                return width_a > width_b ? -1 : 1;
        return (a->page < b->page) - (a->page > b->page);
}

static void collect_port_claims(struct port_claims *claims, const struct page *const *pages, size_t n)
{
        for (size_t i = 0; i < n; i++)
                for (size_t p = 0; p < pages[i]->n_ports; p++)
                        *vec_push(&claims->list) = (struct port_claim){
                                .range = pages[i]->ports[p],
                                .override = is_override(pages[i]),
                                .page = (uint16_t)i,
                        };
        vec_sort(&claims->list, compare_port_claims);
}

/* The owner of each port of one transport as runs. */
static size_t add_spans(struct page_span *spans, const uint16_t *owner, enum transport transport)
{
        size_t n = 0;

        for (unsigned port = 1; port <= UINT16_MAX; port++) {
                if (!owner[port])
                        continue;
                if (n && spans[n - 1].last == port - 1 && spans[n - 1].page == owner[port] - 1)
                        spans[n - 1].last++;
                else
                        spans[n++] = (struct page_span){
                                .first = (uint16_t)port,
                                .last = (uint16_t)port,
                                .transport = (uint8_t)transport,
                                .page = (uint16_t)(owner[port] - 1),
                        };
        }
        return n;
}

static const struct page_span *build_spans(const struct page *const *pages, size_t n, struct pool *pool,
                                           uint32_t *ret_n)
{
        _cleanup_(port_claims_release) struct port_claims claims = {0};
        _cleanup_free_ uint16_t *owner = xmalloc((UINT16_MAX + 1u) * sizeof(*owner)); /* page + 1 */
        struct page_span *spans;
        size_t n_spans = 0;

        collect_port_claims(&claims, pages, n);
        /* a claim painted into another splits it: at most one run more for each of the two ends */
        spans = pool_alloc(pool, (2 * claims.list.n + 1) * sizeof(*spans));
        for (enum transport t = 0; t < TRANSPORT_MAX; t++) {
                memset(owner, 0, (UINT16_MAX + 1u) * sizeof(*owner));
                vec_foreach (claim, &claims.list)
                        for (unsigned p = claim->range.first;
                             claim->range.transport == t && p <= claim->range.last; p++)
                                owner[p] = (uint16_t)(claim->page + 1);
                n_spans += add_spans(spans + n_spans, owner, t);
        }
        *ret_n = (uint32_t)n_spans;
        return spans;
}

/* --- the table ------------------------------------------------------------------------------- */

static int compare_pages(const void *a, const void *b)
{
        return strcmp((*(const struct page *const *)a)->id, (*(const struct page *const *)b)->id);
}

void page_table_build(struct page_table *table, const struct page *const *pages, size_t n, struct pool *pool)
{
        const struct page **sorted = pool_alloc(pool, n * sizeof(*sorted));

        if (n) {
                memcpy(sorted, pages, n * sizeof(*sorted));
                qsort(sorted, n, sizeof(*sorted), compare_pages);
        }
        *table = (struct page_table){.pages = sorted, .n_pages = (uint16_t)n};
        table->words = build_words(0, sorted, n, pool, &table->n_words);
        table->programs = build_words(1, sorted, n, pool, &table->n_programs);
        table->packages = build_words(2, sorted, n, pool, &table->n_packages);
        table->spans = build_spans(sorted, n, pool, &table->n_spans);
}

static int compare_word(const void *key, const void *entry)
{
        return strcmp(key, ((const struct page_word *)entry)->word);
}

const struct page *page_table_word(const struct page_table *table, const struct page_word *words, size_t n,
                                   const char *word)
{
        const struct page_word *found = n ? bsearch(word, words, n, sizeof(*words), compare_word) : NULL;

        return found ? table->pages[found->page] : NULL;
}

static int compare_span(const void *key, const void *entry)
{
        const struct page_span *wanted = key, *span = entry;

        if (wanted->transport != span->transport)
                return wanted->transport < span->transport ? -1 : 1;
        return wanted->first < span->first ? -1 : wanted->first > span->last;
}

const struct page *page_table_port(const struct page_table *table, enum transport transport, uint16_t port)
{
        struct page_span wanted = {.first = port, .transport = (uint8_t)transport};
        const struct page_span *found = NULL;

        if (table->n_spans)
                found = bsearch(&wanted, table->spans, table->n_spans, sizeof(wanted), compare_span);
        return found ? table->pages[found->page] : NULL;
}
