/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a second look is known by; the pure half of confirm.h. */
#include "base/hash.h"
#include "scan/confirm.h"

#define LOOK_AT 64
#define RUN_MIN 5 /* of 4 random bytes none, of more few are such a run */
#define RUN_MAX 16

/* Words tell more than manners: whether an end was seen beside them is a matter of time. */
bool confirm_same(const struct confirm_look *a, const struct confirm_look *b)
{
        bool asked = a->sent && b->sent; /* one that was sent nothing had no chance to differ */

        if (a->connect_errno != b->connect_errno)
                return false;
        if (a->banner_hash || b->banner_hash)
                return a->banner_hash == b->banner_hash;
        if (asked && (a->answer_hash || b->answer_hash))
                return a->answer_hash == b->answer_hash;
        return a->reset == b->reset && a->closed == b->closed &&
               (!asked || a->acknowledged == b->acknowledged);
}

static bool printable(uint8_t c)
{
        return c >= 0x20 && c < 0x7f;
}

uint32_t confirm_signature(const void *data, size_t len)
{
        const uint8_t *bytes = data;
        uint8_t run[RUN_MAX];
        size_t n = 0;

        if (!len)
                return 0;
        for (size_t i = 0; i < len && i < LOOK_AT && n < RUN_MAX; i++) {
                if (printable(bytes[i]))
                        run[n++] = bytes[i] >= '0' && bytes[i] <= '9' ? '0' : bytes[i];
                else if (n >= RUN_MIN)
                        break;
                else
                        n = 0;
        }
        return (uint32_t)hash_bytes(run, n >= RUN_MIN ? n : 0) | 1;
}
