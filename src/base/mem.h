/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory. Out of memory ends the process (a message and abort): there are no untested
 * out-of-memory branches. So every size that comes from outside is bounded before it gets here.
 *
 * Owners are declared with the cleanup macro of their type: _cleanup_(x_freep) or, for plain
 * memory, _cleanup_free_. Hand-over is visible: return take_ptr(p).
 */
#pragma once

#include <stddef.h>
#include <stdlib.h>

#define _cleanup_(f)   __attribute__((cleanup(f)))
#define _unused_       __attribute__((unused))
#define _printf_(a, b) __attribute__((format(printf, a, b)))
#define array_len(a)   (sizeof(a) / sizeof((a)[0]))

void *xmalloc(size_t size);
void *xcalloc(size_t n, size_t size);
void *xrealloc(void *p, size_t n, size_t size);
char *xstrdup(const char *s);
char *xstrndup(const char *s, size_t n);
char *xasprintf(const char *fmt, ...) _printf_(1, 2);

/*
 * For a program that lives for one report: what is freed is kept for the next use, and the heap grows in large
 * steps. By itself glibc maps and unmaps each array of some size, and the kernel clears its pages each time anew. Call
 * it before threads are made; up to MEM_STEP bytes of address space, not memory, are taken ahead.
 */
#define MEM_STEP (32 * 1024 * 1024)
void mem_for_one_report(void);

static inline void free_ptr(void *p)
{
        free(*(void **)p);
}
#define _cleanup_free_ _cleanup_(free_ptr)

/* Take the pointer out of its owner, which forgets it. */
#define take_ptr(p)                                                                                          \
        ({                                                                                                   \
                __typeof__(p) *_take = &(p);                                                                 \
                __typeof__(p) _taken = *_take;                                                               \
                *_take = NULL;                                                                               \
                _taken;                                                                                      \
        })
