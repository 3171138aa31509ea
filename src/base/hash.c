/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Multiply-and-fold over 16-byte steps (the construction of wyhash and rapidhash: a 64x64->128-bit
 * product whose halves are xored), about 8 bytes a cycle on paths of the length met here.
 */
#include "base/hash.h"

#include <string.h>
#include <sys/auxv.h>

static uint64_t seed;

/* AT_RANDOM: 16 random bytes the kernel gives each process (getauxval(3)). */
__attribute__((constructor)) static void hash_seed(void)
{
        const void *random = (const void *)getauxval(AT_RANDOM); // NOLINT(performance-no-int-to-ptr)

        if (random)
                memcpy(&seed, random, sizeof(seed));
}

static uint64_t fold(uint64_t a, uint64_t b)
{
        __uint128_t product = (__uint128_t)a * b;

        return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint64_t read_tail(const unsigned char *p, size_t len)
{
        uint64_t value = 0;

        memcpy(&value, p, len);
        return value;
}

uint64_t hash_bytes(const void *data, size_t len)
{
        const unsigned char *p = data;
        uint64_t h = seed ^ 0x9e3779b97f4a7c15u;
        size_t left = len;

        for (; left > 16; p += 16, left -= 16)
                h = fold(read_tail(p, 8) ^ 0xa0761d6478bd642fu, read_tail(p + 8, 8) ^ h);
        h = fold(read_tail(p, left > 8 ? 8 : left) ^ 0xe7037ed1a0b428dbu,
                 (left > 8 ? read_tail(p + 8, left - 8) : 0) ^ h);
        return fold(h ^ len, 0x8ebc6af09c88c6e3u ^ seed);
}

uint64_t hash_u64(uint64_t value)
{
        return fold(value ^ seed ^ 0x9e3779b97f4a7c15u, 0xa0761d6478bd642fu);
}
