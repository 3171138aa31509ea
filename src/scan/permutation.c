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
        struct permutation p = {.n = n, .column_bits = 1};
        uint64_t seed = mix(key ^ mix(n + 0x9e3779b97f4a7c15u));

        while (p.column_bits < 31 && n > (uint64_t)1 << 2 * p.column_bits)
                p.column_bits++;
        p.column_mask = ((uint32_t)1 << p.column_bits) - 1;
        p.rows = (uint32_t)((n + p.column_mask) >> p.column_bits);
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

/* In turn the row moves by what the column says, and the column by what the row says; each can be undone. */
static inline uint64_t shuffle(const struct permutation *p, uint64_t value)
{
        uint64_t row = value >> p->column_bits;
        uint32_t column = (uint32_t)value & p->column_mask;

        for (unsigned i = 0; i < ROUNDS; i += 2) {
                row += (uint64_t)round_of(column, p->keys[i]) * p->rows >> 32;
                row -= row >= p->rows ? p->rows : 0;
                column ^= round_of((uint32_t)row, p->keys[i + 1]) & p->column_mask;
        }
        return row << p->column_bits | column;
}

/* Values past n (of the last row) walk on along their cycle; it leads back below n, since the walk began there. */
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
