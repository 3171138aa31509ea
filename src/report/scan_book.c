/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/scan_book.h"

#include <stdio.h>

#include "base/map.h"
#include "base/pool.h"
#include "base/vec.h"

struct entry {
        struct address address;
        uint32_t zone_index;
        uint32_t n_silent;
        vec(struct observed) endpoints;
};

struct scan_book {
        bool all_states;
        struct pool *pool;
        struct map by_name; /* address%zone -> index */
        vec(struct entry) entries;
        vec(struct observed) taken;
        size_t next;
};

struct scan_book *scan_book_new(bool all_states)
{
        struct scan_book *book = xcalloc(1, sizeof(*book));

        book->all_states = all_states;
        book->pool = pool_new();
        return book;
}

struct scan_book *scan_book_free(struct scan_book *book)
{
        if (!book)
                return NULL;
        vec_foreach(entry, &book->entries)
                vec_clear(&entry->endpoints);
        vec_clear(&book->entries);
        vec_clear(&book->taken);
        map_release(&book->by_name);
        pool_free(book->pool);
        free(book);
        return NULL;
}

#define NAME_SIZE (ADDRESS_TEXT_SIZE + sizeof("%4294967295"))

static const char *name_of(const struct address *address, uint32_t zone_index, char buf[NAME_SIZE])
{
        char text[ADDRESS_TEXT_SIZE];

        (void)snprintf(buf, NAME_SIZE, "%s%%%u", address_format(address, text), zone_index);
        return buf;
}

static struct entry *entry_of(struct scan_book *book, const struct endpoint *e)
{
        char name[NAME_SIZE];
        uint64_t index;
        struct entry *entry;

        if (map_get_str(&book->by_name, name_of(&e->address, e->zone_index, name), &index))
                return &book->entries.at[index];
        map_put_str(&book->by_name, pool_intern(book->pool, name), book->entries.n);
        entry = vec_push(&book->entries);
        entry->address = e->address;
        entry->zone_index = e->zone_index;
        return entry;
}

void scan_book_add(struct scan_book *book, const struct observed *o)
{
        const struct endpoint *e = &o->endpoint;
        struct observed *kept;
        struct entry *entry = entry_of(book, e);

        if (e->state == ENDPOINT_OPEN_FILTERED && !book->all_states && ++entry->n_silent > SCAN_BOOK_SILENT)
                return;
        kept = vec_push(&entry->endpoints);
        *kept = *o;
        kept->identity = o->identity ? identity_copy(book->pool, o->identity) : NULL;
}

static int by_port(const void *a, const void *b)
{
        const struct endpoint *x = &((const struct observed *)a)->endpoint,
                              *y = &((const struct observed *)b)->endpoint;

        return x->transport != y->transport ? (int)x->transport - (int)y->transport
                                            : (int)x->port - (int)y->port;
}

/* All silent ones are listed, or none. */
static void drop_silent(struct entry *entry)
{
        size_t kept = 0;

        vec_foreach(o, &entry->endpoints)
                if (o->endpoint.state != ENDPOINT_OPEN_FILTERED)
                        entry->endpoints.at[kept++] = *o;
        entry->endpoints.n = kept;
}

size_t scan_book_take(struct scan_book *book, const struct address *address, uint32_t zone_index,
                      const struct observed **ret)
{
        char name[NAME_SIZE];
        uint64_t index;
        struct entry *entry;

        vec_clear(&book->taken);
        *ret = NULL;
        if (!map_get_str(&book->by_name, name_of(address, zone_index, name), &index))
                return 0;
        entry = &book->entries.at[index];
        if (entry->n_silent > SCAN_BOOK_SILENT)
                drop_silent(entry);
        entry->n_silent = 0;
        vec_sort(&entry->endpoints, by_port);
        book->taken.at = take_ptr(entry->endpoints.at);
        book->taken.n = entry->endpoints.n;
        book->taken.room = entry->endpoints.room;
        entry->endpoints.n = entry->endpoints.room = 0;
        *ret = book->taken.at;
        return book->taken.n;
}

bool scan_book_next(struct scan_book *book, struct address *ret_address, uint32_t *ret_zone_index)
{
        for (; book->next < book->entries.n; book->next++) {
                const struct entry *entry = &book->entries.at[book->next];

                if (!entry->endpoints.n)
                        continue;
                *ret_address = entry->address;
                *ret_zone_index = entry->zone_index;
                return true;
        }
        return false;
}
