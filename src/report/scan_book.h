/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Endpoints of hosts that are not done yet, for formats that list them below their host. */
#pragma once

#include "model/observed.h"

/* Silent UDP ports of one host past which they are only counted: a list of a thousand tells nothing. */
#define SCAN_BOOK_SILENT 25u

struct scan_book;

struct scan_book *scan_book_new(bool all_states);
struct scan_book *scan_book_free(struct scan_book *book); /* accepts NULL, returns NULL */

/* What it points to is copied. */
void scan_book_add(struct scan_book *book, const struct observed *o);
/*
 * The endpoints of a host by transport and port; they leave the book and are valid until the next call. How many.
 */
size_t scan_book_take(struct scan_book *book, const struct address *address, uint32_t zone_index,
                      const struct observed **ret);
/* The next host that is left, in the order they came; false when there is none. */
bool scan_book_next(struct scan_book *book, struct address *ret_address, uint32_t *ret_zone_index);
