/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "scan/pass.h"

#include <math.h>

#include "base/mem.h"

/*
 * Expected number of answering ports of one host that all tries missed, under which no further pass is
 * made: of 2,000 hosts with loss, one port of one host is called filtered wrongly.
 */
#define MISSED_ALLOWED 0.0005
#define LOSS_HIGH      0.5 /* above: the answers are limited, or the line is unusable */
#define RATE_LEAST     10.0
#define OWN_ANSWERS \
        100 /* of one host: so many tell its loss better than the few control probes of its way */
#define DOUBT_LEAST 32u /* probes without an answer that are in flight, or filtered, as likely as not */

double pass_loss(const uint32_t answered[METHOD_TRIES_MAX])
{
        double late = 0, all = 0;

        for (unsigned i = 0; i < METHOD_TRIES_MAX; i++) {
                late += (double)i * answered[i];
                all += (double)(i + 1) * answered[i];
        }
        return all > 0 ? late / all : 0;
}

/* Ports that would answer and have not yet, when `answered` ones did within `tries`. */
static double expected_missed(double answered, double loss, unsigned tries)
{
        double missed = pow(loss, tries);

        return missed < 1 ? answered * missed / (1 - missed) : answered;
}

/*
 * A limiter answers so many a second, whatever is asked: the answers of a pass do not become fewer in
 * proportion, though nearly all is still unanswered. Under random loss they fall by the factor of the loss
 * each time.
 */
static bool looks_limited(const struct pass_facts *f)
{
        uint32_t newer, older;

        if (f->limited) /* stays so while the slow pace is answered well */
                return f->answered_now * 2 >= f->asked || f->answered_now > 8;
        if (f->pass == 0)
                return false;
        newer = f->answered[f->pass];
        older = f->answered[f->pass - 1];
        return f->answered_now > 0 && f->unanswered > 4 * f->answered_now && newer > 0 &&
               (f->pass == 1 ? f->unanswered > 50 && newer >= 2 : newer * 2 >= older);
}

struct pass_plan pass_plan(const struct pass_facts *f)
{
        struct pass_plan plan = {.rate = f->rate};
        unsigned tries = f->pass + 1;
        double answered = f->answered_before + f->answered_now;
        double heard = f->answered_now / ((double)f->pass_ns / 1e9 + 1e-3); /* a second */

        plan.loss = plan.told = pass_loss(f->answered);
        if (plan.loss < f->path_loss)
                plan.loss = f->path_loss;
        if (answered < OWN_ANSWERS)
                plan.told = plan.loss;
        if (f->unanswered == 0)
                return plan;
        if (looks_limited(f) && f->unanswered / heard <= f->patience) {
                plan.limited = true;
                plan.again = true; /* its passes do not count as tries: see lanes.c */
                if (!f->limited)
                        plan.rate = heard * 1.2;
                plan.rate = fmin(fmax(plan.rate, RATE_LEAST), f->base_rate);
                return plan;
        }
        plan.missed = fmin(expected_missed(answered, plan.loss, tries), f->unanswered);
        plan.again = tries < f->least || plan.missed > MISSED_ALLOWED || f->dropped_here;
        if (plan.again && tries == METHOD_TRIES_MAX) {
                plan.again = false;
                plan.unsure = plan.missed > 0.5 || f->dropped_here;
        }
        if (f->limited)
                plan.rate = f->base_rate;
        /*
         * Proven loss halves the pace, down to a sixteenth; what is left to ask is little, so that costs
         * hardly any time.
         */
        if (plan.loss > 0.01 && f->answered[f->pass] > 0)
                plan.rate = fmax(plan.rate / 2, fmin(f->base_rate, fmax(f->base_rate / 16, RATE_LEAST)));
        return plan;
}

bool pass_doubtful(uint32_t asked, uint32_t answered)
{
        return asked > DOUBT_LEAST + answered + answered / 2;
}

enum limiter_sign limiter_sign(uint32_t asked, uint32_t answered, double loss)
{
        double arrived = asked * (1 - loss);
        double share = arrived > 0 ? answered / arrived : 1;

        if (share < 0.2)
                return LIMITER_NONE;
        if (share < 0.955)
                return LIMITER_SLOWER;
        return share > 0.985 ? LIMITER_FASTER : LIMITER_RIGHT;
}

double limiter_rate(enum limiter_sign sign, double rate, uint32_t answered, double seconds, unsigned steps)
{
        static const double faster[] = {1.05, 1.05, 1.2, [LIMITER_STEPS_UNKNOWN] = 1.4, 2};

        if (sign == LIMITER_FASTER)
                return rate * faster[steps < array_len(faster) ? steps : array_len(faster) - 1];
        if (sign == LIMITER_SLOWER)
                return fmax(answered / fmax(seconds, 0.01) * 1.03, RATE_LEAST);
        return rate;
}
