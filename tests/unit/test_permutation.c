/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "scan/permutation.h"

/* Every element exactly once, and none else. */
static void assert_bijection(uint64_t n, uint64_t key)
{
        struct permutation p = permutation_of(n, key);
        _cleanup_free_ uint8_t *seen = xcalloc(n + 1, 1);

        for (uint64_t i = 0; i < n; i++) {
                uint64_t value = permutation_at(&p, i);

                if (value >= n || seen[value])
                        fail_msg("n %llu, key %llu: place %llu gives %llu, %s", (unsigned long long)n,
                                 (unsigned long long)key, (unsigned long long)i, (unsigned long long)value,
                                 value >= n ? "which is too high" : "a second time");
                seen[value] = 1;
        }
}

static void test_bijection(void **state)
{
        static const uint64_t odd[] = {1000, 65535, 65536 * 3 + 1, 256 * 1000, 1000003};

        for (uint64_t n = 0; n <= 300; n++)
                for (uint64_t key = 0; key < 5; key++)
                        assert_bijection(n, key * 0x123456789abcdefu);
        for (unsigned bits = 9; bits <= 18; bits++)
                for (int by = -1; by <= 1; by++)
                        assert_bijection(((uint64_t)1 << bits) + (uint64_t)by, bits);
        for (size_t i = 0; i < array_len(odd); i++)
                assert_bijection(odd[i], i);
}

/* Too many to try: distinct places give distinct elements in range, the ends included. */
static void test_large(void **state)
{
        static const uint64_t sizes[] = {1ull << 26, (1ull << 32) + 1, 0x123456789abcull, 1ull << 62};

        for (size_t i = 0; i < array_len(sizes); i++) {
                struct permutation p = permutation_of(sizes[i], 7);
                uint64_t first = permutation_at(&p, 0), last = permutation_at(&p, sizes[i] - 1);

                assert_true(first < sizes[i] && last < sizes[i] && first != last);
                for (uint64_t place = 1; place < 1000; place++) {
                        uint64_t value = permutation_at(&p, place);

                        assert_true(value < sizes[i] && value != first);
                }
        }
}

static void test_keys_differ(void **state)
{
        const uint64_t n = 10000;

        for (uint64_t key = 0; key < 64; key++) {
                struct permutation a = permutation_of(n, key), b = permutation_of(n, key ^ (1ull << key)),
                                   again = permutation_of(n, key);
                unsigned same = 0;

                for (uint64_t i = 0; i < n; i++) {
                        same += permutation_at(&a, i) == permutation_at(&b, i);
                        assert_true(permutation_at(&a, i) == permutation_at(&again, i));
                }
                assert_in_range(same, 0, 20); /* 1 is usual for two random orders */
        }
}

/*
 * What an order without pattern has: half of all steps rise, few neighbours stay neighbours, and each stretch of
 * places has its share of each stretch of elements (chi-square over 16 x 16 cells: 225 is usual, above 295 is one in a thousand).
 */
static void assert_no_order(uint64_t n, uint64_t key)
{
        struct permutation p = permutation_of(n, key);
        unsigned rising = 0, near = 0, cells[16][16] = {0};
        double expected = (double)n / 256, chi = 0;

        for (uint64_t i = 0; i < n; i++) {
                uint64_t a = permutation_at(&p, i), b = permutation_at(&p, (i + 1) % n);

                rising += b > a;
                near += (b > a ? b - a : a - b) <= 2;
                cells[i * 16 / n][a * 16 / n]++;
        }
        for (unsigned i = 0; i < 256; i++)
                chi += ((&cells[0][0])[i] - expected) * ((&cells[0][0])[i] - expected) / expected;
        if (rising < n * 45 / 100 || rising > n * 55 / 100 || near > 30 || chi > 360)
                fail_msg("n %llu key %llu: %u rise, %u stay near, chi %.0f", (unsigned long long)n,
                         (unsigned long long)key, rising, near, chi);
}

static void test_no_order(void **state)
{
        for (uint64_t key = 0; key < 20; key++) {
                assert_no_order(4096, key);
                assert_no_order(65535, key);
                assert_no_order(256000, key);
        }
}

static void test_speed(void **state)
{
        struct permutation p =
                permutation_of(((uint64_t)1 << 24) + 1, 3); /* the worst size: walks on most */
        const uint64_t n = 1000000;
        uint64_t start = clock_monotonic_ns(), sum = 0;

        for (uint64_t i = 0; i < n; i++)
                sum += permutation_at(&p, i);
        print_message("permutation_at: %.1f ns (n = 2^24 + 1)\n",
                      (double)(clock_monotonic_ns() - start) / (double)n);
        assert_true(sum > 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_bijection),   cmocka_unit_test(test_large),
                cmocka_unit_test(test_keys_differ), cmocka_unit_test(test_no_order),
                cmocka_unit_test(test_speed),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
