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

static uint64_t read_8(const unsigned char *p)
{
        uint64_t value;

        memcpy(&value, p, sizeof(value));
        return value;
}

/* 1 to 7 bytes as a number: all of them, some perhaps twice, by loads of fixed size. */
static uint64_t read_few(const unsigned char *p, size_t len)
{
        uint32_t low, high;

        if (len < 4)
                return (uint64_t)p[0] << 16 | (uint64_t)p[len / 2] << 8 | p[len - 1];
        memcpy(&low, p, sizeof(low));
        memcpy(&high, p + len - 4, sizeof(high));
        return (uint64_t)high << 32 | low;
}

uint64_t hash_bytes(const void *data, size_t len)
{
        const unsigned char *p = data;
        uint64_t h = seed ^ 0x9e3779b97f4a7c15u, a = 0, b = 0;
        size_t left = len;

        for (; left > 16; p += 16, left -= 16)
                h = fold(read_8(p) ^ 0xa0761d6478bd642fu, read_8(p + 8) ^ h);
        if (left >= 8) { /* the two may overlap */
                a = read_8(p);
                b = read_8(p + left - 8);
        } else if (left)
                a = read_few(p, left);
        h = fold(a ^ 0xe7037ed1a0b428dbu, b ^ h);
        return fold(h ^ len, 0x8ebc6af09c88c6e3u ^ seed);
}

uint64_t hash_u64(uint64_t value)
{
        return fold(value ^ seed ^ 0x9e3779b97f4a7c15u, 0xa0761d6478bd642fu);
}
