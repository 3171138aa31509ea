/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Time since boot, suspended time too (CLOCK_BOOTTIME): no one can set it, so a jump of the wall clock does not
 * matter.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#define BOOT_ID_SIZE 37 /* of /proc/sys/kernel/random/boot_id, terminated */

static inline uint64_t boot_clock_ns(void)
{
        struct timespec t;

        (void)clock_gettime(CLOCK_BOOTTIME, &t);
        return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* "" where it cannot be read. */
const char *boot_id(char buf[BOOT_ID_SIZE]);
