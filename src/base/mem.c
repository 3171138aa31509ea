/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/mem.h"

#include <limits.h>
#include <malloc.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void *check(void *p)
{
        static const char text[] = "quaymaster: out of memory\n";

        if (!p) {
                if (write(STDERR_FILENO, text, sizeof(text) - 1) < 0)
                        abort();
                abort();
        }
        return p;
}

void *xmalloc(size_t size)
{
        return check(malloc(size ? size : 1));
}

void *xcalloc(size_t n, size_t size)
{
        return check(calloc(n ? n : 1, size ? size : 1));
}

void *xrealloc(void *p, size_t n, size_t size)
{
        return check(reallocarray(p, n ? n : 1, size ? size : 1));
}

char *xstrdup(const char *s)
{
        return check(strdup(s));
}

char *xstrndup(const char *s, size_t n)
{
        return check(strndup(s, n));
}

char *xasprintf(const char *fmt, ...)
{
        va_list ap;
        char *s = NULL;

        va_start(ap, fmt);
        if (vasprintf(&s, fmt, ap) < 0)
                s = NULL;
        va_end(ap);
        return check(s);
}

void mem_for_one_report(void)
{
        (void)mallopt(M_MMAP_THRESHOLD, MEM_STEP); /* the most that glibc takes */
        (void)mallopt(M_TOP_PAD, MEM_STEP);
        (void)mallopt(M_TRIM_THRESHOLD, INT_MAX);
}
