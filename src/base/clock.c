/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/clock.h"

#include <time.h>

int64_t clock_now_s(void)
{
        return time(NULL);
}

uint64_t clock_monotonic_ns(void)
{
        struct timespec ts = {0};

        (void)clock_gettime(CLOCK_MONOTONIC, &ts);
        return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

const char *clock_format(int64_t seconds, char buf[CLOCK_TEXT_SIZE])
{
        struct tm tm;
        time_t t = seconds;

        if (!gmtime_r(&t, &tm) || strftime(buf, CLOCK_TEXT_SIZE, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
                buf[0] = '\0';
        return buf;
}
