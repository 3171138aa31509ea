/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * When the next packet may leave. What a pause left unused is lost but for PACE_SLACK_NS, so that nothing
 * catches up in a burst; at rates under 1,000/s not even two packets touch.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define PACE_SLACK_NS 1000000u

static inline uint64_t later(uint64_t a, uint64_t b)
{
        return a > b ? a : b;
}

struct pace {
        uint64_t next_ns;     /* CLOCK_MONOTONIC */
        uint64_t interval_ns; /* between two packets */
};

/* rate: packets a second, at least 1 */
static inline void pace_set(struct pace *p, double rate)
{
        p->interval_ns = (uint64_t)(1e9 / (rate < 0.01 ? 0.01 : rate));
}

static inline double pace_rate(const struct pace *p)
{
        return 1e9 / (double)(p->interval_ns ? p->interval_ns : 1);
}

static inline bool pace_ready(const struct pace *p, uint64_t now_ns)
{
        return p->next_ns <= now_ns;
}

/* n packets leave now. */
static inline void pace_spend(struct pace *p, uint64_t now_ns, unsigned n)
{
        uint64_t earliest = now_ns > PACE_SLACK_NS ? now_ns - PACE_SLACK_NS : 0;

        p->next_ns = (p->next_ns > earliest ? p->next_ns : earliest) + n * p->interval_ns;
}
