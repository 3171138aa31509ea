/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The plan after a pass, the pace, and the queue: numbers in, decisions out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "scan/pace.h"
#include "scan/pass.h"
#include "scan/queue.h"

static struct pass_facts facts(unsigned pass, uint32_t unanswered)
{
        return (struct pass_facts){
                .pass = pass,
                .unanswered = unanswered,
                .asked = unanswered,
                .pass_ns = 50 * 1000 * 1000,
                .rate = 100000,
                .base_rate = 100000,
                .least = PASS_LEAST,
                .patience = 3600,
        };
}

static void test_all_answered_is_the_end(void **state)
{
        struct pass_facts f = facts(0, 0);

        f.answered[0] = 1000;
        f.answered_now = 1000;
        assert_false(pass_plan(&f).again);
}

static void test_silence_is_asked_twice_and_no_more(void **state)
{
        struct pass_facts f = facts(0, 65525);

        f.answered[0] = f.answered_now = 10;
        assert_true(pass_plan(&f).again);
        f.pass = 1;
        f.answered_before = 10;
        f.answered_now = 0;
        assert_false(pass_plan(&f).again);
        assert_false(pass_plan(&f).unsure);
        assert_true(pass_plan(&f).loss == 0);
}

/* The random loss of a share p both ways together; passes until the plan ends it. */
static unsigned passes_under(double p, uint32_t ports, uint32_t silent, uint32_t *ret_missed)
{
        struct pass_facts f = facts(0, ports + silent);
        uint32_t left = ports;

        for (;; f.pass++) {
                uint32_t now = 0;
                struct pass_plan plan;

                for (uint32_t i = left; i-- > 0;)
                        now += drand48() >= p;
                left -= now;
                f.asked = f.unanswered;
                f.answered[f.pass] = now;
                f.answered_now = now;
                f.unanswered -= now;
                plan = pass_plan(&f);
                assert_true(!plan.limited || f.answered_now * 4 < f.unanswered);
                f.answered_before += now;
                if (!plan.again)
                        break;
        }
        *ret_missed = left;
        return f.pass + 1;
}

static void test_loss_is_asked_until_nothing_can_be_missed(void **state)
{
        static const struct {
                double loss;
                uint32_t ports, silent;
                unsigned most;
        } cases[] = {
                {0.0396, 1000, 0, 8}, {0.19, 2000, 0, 14}, {0.19, 2000, 500, 14},
                {0.36, 100, 900, 16}, {0, 500, 60000, 2},
        };

        srand48(7);
        for (size_t i = 0; i < array_len(cases); i++) {
                uint32_t missed_in_all = 0;

                for (unsigned run = 0; run < 50; run++) {
                        uint32_t missed;
                        unsigned n = passes_under(cases[i].loss, cases[i].ports, cases[i].silent, &missed);

                        missed_in_all += missed;
                        assert_in_range(n, 1, cases[i].most);
                }
                assert_in_range(missed_in_all, 0, cases[i].loss > 0.3 ? 5 : 0);
        }
}

static void test_loss_estimate(void **state)
{
        uint32_t answered[METHOD_TRIES_MAX] = {810, 154, 29, 6, 1};

        assert_true(fabs(pass_loss(answered) - 0.19) < 0.01);
        assert_true(pass_loss((uint32_t[METHOD_TRIES_MAX]){0}) == 0);
        assert_true(pass_loss((uint32_t[METHOD_TRIES_MAX]){500}) == 0);
}

/* 100 answers a second, 1,000 asked in 10 ms: six in the first pass, four in the second. */
static void test_limiter_is_recognised_and_followed(void **state)
{
        struct pass_facts f = facts(1, 970);
        struct pass_plan plan;

        f.answered[0] = f.answered_before = 26;
        f.answered[1] = f.answered_now = 4;
        f.asked = 974;
        plan = pass_plan(&f);
        assert_true(plan.again && plan.limited);
        assert_true(plan.rate > 50 && plan.rate < 200);
        /* what takes longer than patience is not begun */
        f.patience = 3;
        assert_false(pass_plan(&f).limited);
        /* in the end only silent ports are left */
        f.patience = 3600;
        f.limited = true;
        f.pass = 2;
        f.asked = f.unanswered = 5;
        f.answered_before = 995;
        f.answered_now = 0;
        assert_false(pass_plan(&f).limited);
}

static void test_limiter_is_followed(void **state)
{
        assert_int_equal(limiter_sign(100, 100, 0), LIMITER_FASTER);
        assert_int_equal(limiter_sign(103, 100, 0), LIMITER_RIGHT);
        assert_int_equal(limiter_sign(200, 100, 0), LIMITER_SLOWER);
        assert_int_equal(limiter_sign(100, 3, 0), LIMITER_NONE);
        assert_int_equal(limiter_sign(100, 81, 0.19), LIMITER_FASTER); /* it is the way that loses them */
        assert_true(limiter_rate(LIMITER_RIGHT, 110, 100, 1, 0) == 110);
        assert_true(limiter_rate(LIMITER_SLOWER, 200, 100, 1, 0) < 105);
        assert_true(limiter_rate(LIMITER_SLOWER, 1000, 0, 1, 0) >= 10);
}

/* What was found is left in small steps; a limiter that is gone holds nobody for long. */
static void test_limiter_is_left(void **state)
{
        double rate = 100;

        assert_true(limiter_rate(LIMITER_FASTER, 100, 100, 1, 0) < 106);
        assert_true(limiter_rate(LIMITER_FASTER, 200, 50, 0.25, LIMITER_STEPS_UNKNOWN) > 250);
        for (unsigned i = 0; i < 15; i++)
                rate = limiter_rate(LIMITER_FASTER, rate, 100, 1, i);
        assert_true(rate > 100000);
}

static void test_doubt(void **state)
{
        assert_false(pass_doubtful(1000, 900));
        assert_false(pass_doubtful(30, 5));
        assert_true(pass_doubtful(200, 100));
        assert_true(pass_doubtful(33, 0));
}

static void test_lost_here_is_asked_again(void **state)
{
        struct pass_facts f = facts(1, 100);

        f.answered[0] = f.answered_before = 900;
        assert_false(pass_plan(&f).again);
        f.dropped_here = true;
        assert_true(pass_plan(&f).again);
        f.pass = METHOD_TRIES_MAX - 1;
        assert_false(pass_plan(&f).again);
        assert_true(pass_plan(&f).unsure);
}

static void test_control_probes_count(void **state)
{
        struct pass_facts f = facts(1, 1000);

        f.answered[0] = f.answered_before = 10;
        f.path_loss = 0.2;
        assert_true(pass_plan(&f).again);
        assert_true(pass_plan(&f).told == 0.2);
}

/* One of eight control probes was lost, and 4 % of the answers: the first is planned with, the second is told. */
static void test_many_answers_tell_the_loss(void **state)
{
        struct pass_facts f = facts(1, 10);

        f.answered[0] = f.answered_before = 960;
        f.answered[1] = f.answered_now = 40;
        f.path_loss = 0.125;
        assert_true(pass_plan(&f).loss == 0.125);
        assert_true(pass_plan(&f).told > 0.035 && pass_plan(&f).told < 0.045);
}

static void test_pace_never_bursts(void **state)
{
        struct pace p = {0};
        uint64_t now = 5000000000;
        unsigned sent = 0;

        pace_set(&p, 200);
        p.next_ns = now;
        assert_true(pace_ready(&p, now));
        pace_spend(&p, now, 1);
        assert_false(pace_ready(&p, now + 4999999));
        assert_true(pace_ready(&p, now + 5000000));
        now += 10000000000; /* a pause of 10 s: one packet, not 2,000 */
        for (; pace_ready(&p, now); sent++)
                pace_spend(&p, now, 1);
        assert_int_equal(sent, 1);
        pace_set(&p, 100000);
        now += 1000000000;
        for (sent = 0; pace_ready(&p, now); sent++)
                pace_spend(&p, now, 1);
        assert_in_range(sent, 100, 102); /* 1 ms */
}

static void test_queue_orders(void **state)
{
        struct queue q;
        uint64_t last = 0;

        srand48(3);
        queue_init(&q, 500);
        for (uint32_t i = 0; i < 500; i++)
                queue_set(&q, i, (uint64_t)(lrand48() % 1000));
        for (uint32_t i = 0; i < 500; i += 3)
                queue_set(&q, i, (uint64_t)(lrand48() % 1000));
        for (uint32_t i = 0; i < 500; i += 7)
                queue_remove(&q, i);
        queue_remove(&q, 7);
        assert_int_equal(q.n, 500 - 72);
        while (queue_first(&q)) {
                struct queue_entry first = *queue_first(&q);

                assert_true(first.due_ns >= last);
                assert_true(first.id % 7 != 0);
                last = first.due_ns;
                queue_remove(&q, first.id);
        }
        queue_release(&q);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_all_answered_is_the_end),
                cmocka_unit_test(test_silence_is_asked_twice_and_no_more),
                cmocka_unit_test(test_loss_is_asked_until_nothing_can_be_missed),
                cmocka_unit_test(test_loss_estimate),
                cmocka_unit_test(test_limiter_is_recognised_and_followed),
                cmocka_unit_test(test_limiter_is_followed),
                cmocka_unit_test(test_limiter_is_left),
                cmocka_unit_test(test_doubt),
                cmocka_unit_test(test_lost_here_is_asked_again),
                cmocka_unit_test(test_control_probes_count),
                cmocka_unit_test(test_many_answers_tell_the_loss),
                cmocka_unit_test(test_pace_never_bursts),
                cmocka_unit_test(test_queue_orders),
        };

        return cmocka_run_group_tests_name("scan-pass", tests, NULL, NULL);
}
