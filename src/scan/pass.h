/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * After each pass over the unanswered ports of one host: is another one needed, how fast, and after which
 * wait? Pure: numbers in, a plan out. Loss counts only when proven, by an answer to a later try or by a
 * lost control probe to a port known to answer; never from the silence of a filtered port.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "scan/method.h"

#define PASS_LEAST 2u /* tries of a silent port before its silence is believed */

struct pass_facts {
        unsigned pass;                       /* the one that has ended, from 0 */
        uint32_t unanswered;                 /* ports still to be asked */
        uint32_t asked;                      /* in this pass */
        uint32_t answered[METHOD_TRIES_MAX]; /* ports by the try that was answered */
        uint32_t answered_before;            /* ports answered when this pass began */
        uint32_t answered_now;               /* ports answered since then, by whatever try */
        uint64_t pass_ns;                    /* from its first probe to now */
        double rate;                         /* packets/s at which it was asked */
        double base_rate;                    /* what the profile allows */
        double path_loss;                    /* measured by control probes, 0 = none */
        bool dropped_here;                   /* this machine lost answers during the pass */
        bool limited;                        /* it was already asked at the pace of a limiter */
        double patience; /* seconds that may be spent on a host that limits its answers */
        unsigned least;  /* passes wanted at least: PASS_LEAST, or more (UDP payloads) */
};

struct pass_plan {
        bool again;
        double rate;   /* of the next pass */
        bool limited;  /* the host answers so many a second and no more: ask at its pace */
        double loss;   /* the estimate, rather too high: it says how often to ask */
        double told;   /* the best estimate, which is told */
        double missed; /* ports that answer and are expected to be still unanswered */
        bool unsure;   /* no more tries are left though `missed` is too high */
};

struct pass_plan pass_plan(const struct pass_facts *f);

/*
 * The share of probes or answers lost, from which try was answered: under loss p, a port is answered by try
 * k with probability p^(k-1) (1-p), so the maximum likelihood estimate is sum((k-1) A_k) / sum(k A_k).
 */
double pass_loss(const uint32_t answered[METHOD_TRIES_MAX]);

/*
 * Whether so few of the probes of a pass were answered that a limiter may be at work, if closed ports do answer:
 * then nothing more is sent before that is known. Answers that are still on the way look the same, so this is
 * also how many may be out: few at first, more with each answer.
 */
bool pass_doubtful(uint32_t asked, uint32_t answered);

/* What an interval at the pace of a limiter showed. */
enum limiter_sign {
        LIMITER_NONE,   /* hardly anything was answered: silence it is, not a limiter */
        LIMITER_SLOWER, /* above the pace of the limiter */
        LIMITER_RIGHT,
        LIMITER_FASTER, /* all was answered: there may be more to have */
};

/* loss: the share that is lost on the way, whatever the pace. */
enum limiter_sign limiter_sign(uint32_t asked, uint32_t answered, double loss);

#define LIMITER_STEPS_UNKNOWN 3u /* before anything was found to be too fast */

/*
 * The pace to go on with: a little above what is answered, so that no budget is left over. steps: how often in a
 * row the pace was found too slow; what is known is left in small steps, what is not in large ones.
 */
double limiter_rate(enum limiter_sign sign, double rate, uint32_t answered, double seconds, unsigned steps);
