/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "scan/permutation.h"

#define ROUNDS 4 /* what makes a Feistel network a pseudorandom permutation, Luby and Rackoff */

/* A bijective mix whose every output bit hangs on every input bit (finalizer of splitmix64; S. Vigna 2015). */
static uint64_t mix(uint64_t x)
{
        x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
        x = (x ^ x >> 27) * 0x94d049bb133111ebu;
        return x ^ x >> 31;
}

struct permutation permutation_of(uint64_t n, uint64_t key)
{
        struct permutation p = {.n = n, .half_bits = 1};
        uint64_t seed = mix(key ^ mix(n + 0x9e3779b97f4a7c15u));

        while (p.half_bits < 31 && n > (uint64_t)1 << 2 * p.half_bits)
                p.half_bits++;
        p.half_mask = ((uint32_t)1 << p.half_bits) - 1;
        for (unsigned i = 0; i < ROUNDS; i++) {
                seed += 0x9e3779b97f4a7c15u;
                p.keys[i] = (uint32_t)(mix(seed) >> 32);
        }
        return p;
}

/* Two products: after one alone, neighbours go by equal steps, which shows where halves have few bits. */
static inline uint32_t round_of(uint32_t x, uint32_t key)
{
        uint64_t product = (uint64_t)(x ^ key) * 0x9e3779b97f4a7c15u;

        return (uint32_t)((product ^ product >> 32) * 0xbf58476d1ce4e5b9u >> 32);
}

static inline uint64_t shuffle(const struct permutation *p, uint64_t value)
{
        uint32_t left = (uint32_t)(value >> p->half_bits), right = (uint32_t)value & p->half_mask;

        for (unsigned i = 0; i < ROUNDS; i++) {
                uint32_t next = left ^ (round_of(right, p->keys[i]) & p->half_mask);

                left = right;
                right = next;
        }
        return (uint64_t)left << p->half_bits | right;
}

/* Values past n walk on along their cycle; it leads back below n, since the walk began there. */
uint64_t permutation_at(const struct permutation *p, uint64_t place)
{
        uint64_t value = place;

        if (p->n < 2)
                return place;
        do
                value = shuffle(p, value);
        while (value >= p->n);
        return value;
}
