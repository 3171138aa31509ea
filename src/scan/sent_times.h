/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * When the latest probes left, by their cookies: a table that forgets, so that a round trip is measured
 * where it can be and left out where it cannot.
 */
#pragma once

#include <stdint.h>

#define SENT_TIMES 16384u /* a power of two; 128 KiB, to stay in the processor's cache */

struct sent_times {
        struct {
                uint32_t cookie, at_us;
        } of[SENT_TIMES];
};

/* Microseconds of clock_monotonic_ns, cut to 32 bits: wraps after 71 minutes. */
static inline uint32_t sent_clock_us(uint64_t ns)
{
        return (uint32_t)(ns / 1000);
}

static inline void sent_note(struct sent_times *t, uint32_t cookie, uint32_t at_us)
{
        t->of[cookie % SENT_TIMES].cookie = cookie;
        t->of[cookie % SENT_TIMES].at_us = at_us;
}

/* Microseconds from one to the other, at least 1; 0 when that cannot be a round trip (a minute at most). */
static inline uint32_t sent_between(uint32_t from_us, uint32_t to_us)
{
        int32_t between = (int32_t)(to_us - from_us);

        if (between > 60 * 1000 * 1000 || between < -1000)
                return 0;
        return between > 0 ? (uint32_t)between : 1; /* clocks of two kinds: a little less than none is none */
}

/* 0 = not known any more */
static inline uint32_t sent_rtt(const struct sent_times *t, uint32_t cookie, uint32_t now_us)
{
        return t->of[cookie % SENT_TIMES].cookie == cookie ? sent_between(t->of[cookie % SENT_TIMES].at_us, now_us)
                                                           : 0;
}
