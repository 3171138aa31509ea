/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Products as servers name themselves in one field: "nginx/1.22.1", "kamailio (5.6.3 (x86_64/linux))",
 * "Icecast 2.4.4".
 */
#pragma once

#include "identify/line.h"
#include "identify/probe.h"

struct product_known {
        const char *start;        /* what the field begins with, whatever the case */
        const char *product;      /* as people write it; NULL = as it is told */
        const char *vendor, *cpe; /* or NULL */
        const char *protocol;     /* for the caller: what such a server speaks; NULL = nothing special */
};

/* The entry whose start the text begins with, or NULL. */
const struct product_known *product_find(const struct line *text, const struct product_known *known,
                                         size_t n);
/*
 * Sets product, version and, where it is in the table, CPE. Names that are not in the table are taken as
 * they are. A product
 * that is set already stays, and gets a version only when it is the same. Returns the entry, or NULL.
 */
const struct product_known *product_take(struct talk *t, const struct line *text,
                                         const struct product_known *known, size_t n);
/*
 * A version at text, after blanks, quotes, brackets, '/', ':', '=', '-' and 'v': "1.2.3-4ubuntu1". Empty
 * when there is none.
 */
struct line product_version(const struct line *text);
