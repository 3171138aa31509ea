/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A pool of memory that is freed as one. Records that live and die together (all observations of a
 * host, all entries of the guide) point into one pool, so that none of them owns anything itself.
 * Interned strings are equal exactly when their pointers are, which makes 20,000 records that share
 * 200 executables cheap to hold and to compare.
 *
 * Not safe for use by two threads at once: each thread that builds has a pool of its own.
 */
#pragma once

#include "base/mem.h"

struct pool;

struct pool *pool_new(void);
struct pool *pool_free(struct pool *pool); /* accepts NULL, returns NULL */

static inline void pool_freep(struct pool **pool)
{
        *pool = pool_free(*pool);
}

/* Zeroed memory, aligned for any type; never NULL. Lives until pool_free. */
void *pool_alloc(struct pool *pool, size_t size);

/* The one copy of these bytes in the pool, terminated. s need not be terminated for pool_intern_n;
 * it must not hold a NUL. pool_intern(NULL) is NULL. */
const char *pool_intern(struct pool *pool, const char *s);
const char *pool_intern_n(struct pool *pool, const char *s, size_t len);
const char *pool_printf(struct pool *pool, const char *fmt, ...) _printf_(2, 3);
