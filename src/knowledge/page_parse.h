/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guide pages from YAML: one parser for the files the program is built from and for those of
 * /etc/quaymaster/knowledge.d. Pure; checks everything data/schema/knowledge.schema.json says, and that
 * ports are ports. Form: data/knowledge/README.md.
 */
#pragma once

#include "base/pool.h"
#include "base/vec.h"
#include "knowledge/knowledge.h"

#define PAGES_MAX 2000u /* of one file, and in all */

struct parsed_page {
        struct page page;
        unsigned line; /* where it starts in its file */
};

struct parsed_pages {
        vec(struct parsed_page) list;
};

static inline void parsed_pages_release(struct parsed_pages *pages)
{
        vec_clear(&pages->list);
}

/*
 * Append the pages of one file. Strings and lists go to the pool; `source` (which must outlive it) becomes
 * page.source, `file` is the name in errors. 0; -EINVAL or -EFBIG with "file:line: field 'x': what to do",
 * and then no page is appended.
 */
int page_parse(const char *text, size_t len, const char *file, const char *source, struct pool *pool,
               struct parsed_pages *pages, struct err *err);

/* "22/tcp", "6000-6063/tcp": numbers 1-65535, first <= last; tcp, udp or sctp. 0 or -EINVAL. */
int port_range_parse(const char *text, struct port_range *ret);
