/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pages with the sorted arrays they are looked up by. The build makes one of the pages of data/knowledge
 * and compiles it in; where there are override pages the same function makes another at run time.
 */
#pragma once

#include "base/pool.h"
#include "base/str.h"
#include "knowledge/knowledge.h"

#define PAGE_BUILT_IN "built-in"

struct page_word { /* by word; programs and packages too */
        const char *word;
        uint16_t page;
};

struct page_span { /* by transport, first; spans do not overlap */
        uint16_t first, last;
        uint8_t transport;
        uint16_t page;
};

struct page_table {
        const struct page *const *pages;                     /* by id */
        const struct page_word *words, *programs, *packages; /* words in lower case */
        const struct page_span *spans;
        uint16_t n_pages;
        uint32_t n_words, n_programs, n_packages, n_spans;
};

/*
 * Sort pages (ids unique, at most PAGES_MAX) and make the arrays, all in the pool. Where two pages claim
 * the same word, program, package or port: an override page (source other than PAGE_BUILT_IN) before a
 * built-in one; then, for a port, the page whose range there is narrower; for a word, an id before an
 * alias before a name; then the first by id.
 */
void page_table_build(struct page_table *table, const struct page *const *pages, size_t n,
                      struct pool *pool);

/*
 * What is claimed twice among these pages: words, programs, packages. Calls back for each with the two
 * pages. Ports may be claimed twice: services do compete for numbers.
 */
void page_table_conflicts(const struct page *const *pages, size_t n,
                          void (*found)(const char *kind, const char *word, const struct page *a,
                                        const struct page *b, void *arg),
                          void *arg);

/* NULL when no entry has the word. */
const struct page *page_table_word(const struct page_table *table, const struct page_word *words, size_t n,
                                   const char *word);
const struct page *page_table_port(const struct page_table *table, enum transport transport, uint16_t port);

/* Append word in lower case (ASCII). */
void page_word_add_lower(struct str *to, const char *word);
