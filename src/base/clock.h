/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Time of day as records show it (RFC 3339, UTC), and elapsed time. */
#pragma once

#include <stdint.h>

#define CLOCK_TEXT_SIZE sizeof("2026-01-01T00:00:00Z")

int64_t clock_now_s(void);       /* seconds since 1970 */
uint64_t clock_monotonic_ns(void);

/* "2026-11-21T22:45:00Z"; years outside 0..9999 give "" */
const char *clock_format(int64_t seconds, char buf[CLOCK_TEXT_SIZE]);
