/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Override pages from a file, and the tables that are made of them. */
#include <stdlib.h>

#include "knowledge/page_parse.h"
#include "knowledge/page_table.h"
#include "fuzz.h"

static void on_conflict(const char *kind, const char *word, const struct page *a, const struct page *b,
                        void *arg)
{
        if (a == b)
                abort();
}

/* Every page is found by its id, and every port has a page that lists it. */
static void look_up(const struct page_table *table)
{
        for (size_t i = 0; i < table->n_pages; i++) {
                const struct page *page = table->pages[i];

                if (page_table_word(table, table->words, table->n_words, page->id) != page)
                        abort();
                for (size_t p = 0; p < page->n_ports; p++)
                        if (!page_table_port(table, page->ports[p].transport, page->ports[p].last))
                                abort();
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_(pool_freep) struct pool *pool = pool_new();
        _cleanup_(parsed_pages_release) struct parsed_pages pages = {0};
        const struct page *refs[PAGES_MAX];
        struct page_table table;
        struct err err = {0};

        if (page_parse((const char *)data, size, "fuzz.yaml", "fuzz", pool, &pages, &err) < 0) {
                if (!err.code || !err.text[0] || pages.list.n)
                        abort();
                return 0;
        }
        for (size_t i = 0; i < pages.list.n; i++)
                refs[i] = &pages.list.at[i].page;
        page_table_conflicts(refs, pages.list.n, on_conflict, NULL);
        page_table_build(&table, refs, pages.list.n, pool);
        look_up(&table);
        return 0;
}
