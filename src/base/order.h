/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a comparison for qsort(3) is made of: below 0, 0 or above 0. */
#pragma once

#include <stdint.h>
#include <string.h>

static inline int number_order(uint64_t a, uint64_t b)
{
        return (a > b) - (a < b);
}

/* As strcmp(3), but either may be NULL: none comes before all. */
static inline int text_order(const char *a, const char *b)
{
        if (a == b)
                return 0;
        return !a ? -1 : !b ? 1 : strcmp(a, b);
}
