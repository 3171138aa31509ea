/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/sha256.h"

#include <string.h>

#include "base/wire.h"

/* FIPS 180-4, 4.2.2: of the cube roots of the first 64 primes */
static const uint32_t constants[64] = {
        0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
        0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
        0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
        0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
        0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
        0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
        0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
        0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static inline uint32_t rotate(uint32_t x, unsigned n)
{
        return x >> n | x << (32 - n);
}

static void take_block(struct sha256 *s)
{
        struct wire w = wire_over(s->block, sizeof(s->block));
        uint32_t m[64], v[8];

        for (unsigned i = 0; i < 16; i++)
                m[i] = wire_be32(&w);
        for (unsigned i = 16; i < 64; i++)
                m[i] = m[i - 16] + (rotate(m[i - 15], 7) ^ rotate(m[i - 15], 18) ^ m[i - 15] >> 3) +
                       m[i - 7] + (rotate(m[i - 2], 17) ^ rotate(m[i - 2], 19) ^ m[i - 2] >> 10);
        memcpy(v, s->state, sizeof(v));
        for (unsigned i = 0; i < 64; i++) {
                uint32_t a = v[7] + (rotate(v[4], 6) ^ rotate(v[4], 11) ^ rotate(v[4], 25)) +
                             ((v[4] & v[5]) ^ (~v[4] & v[6])) + constants[i] + m[i];
                uint32_t b = (rotate(v[0], 2) ^ rotate(v[0], 13) ^ rotate(v[0], 22)) +
                             ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]));

                memmove(v + 1, v, 7 * sizeof(*v));
                v[4] += a;
                v[0] = a + b;
        }
        for (unsigned i = 0; i < 8; i++)
                s->state[i] += v[i];
}

void sha256_begin(struct sha256 *s)
{
        *s = (struct sha256){.state = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f,
                                       0x9b05688c, 0x1f83d9ab, 0x5be0cd19}};
}

void sha256_add(struct sha256 *s, const void *data, size_t len)
{
        const uint8_t *at = data;

        while (len) {
                size_t begin = s->len % sizeof(s->block), part = sizeof(s->block) - begin;

                part = part < len ? part : len;
                memcpy(s->block + begin, at, part);
                s->len += part;
                at += part;
                len -= part;
                if (s->len % sizeof(s->block) == 0)
                        take_block(s);
        }
}

void sha256_end(struct sha256 *s, uint8_t ret[SHA256_SIZE])
{
        static const uint8_t padding[64] = {0x80};
        uint64_t bits = s->len * 8;
        uint8_t length[8];

        for (unsigned i = 0; i < 8; i++)
                length[i] = (uint8_t)(bits >> (56 - 8 * i));
        sha256_add(s, padding, 1 + (119 - s->len % 64) % 64);
        sha256_add(s, length, sizeof(length));
        for (unsigned i = 0; i < SHA256_SIZE; i++)
                ret[i] = (uint8_t)(s->state[i / 4] >> (24 - i % 4 * 8));
}

void hmac_sha256_begin(struct hmac_sha256 *h, const void *key, size_t key_len)
{
        uint8_t block[64] = {0};

        if (key_len > sizeof(block)) {
                sha256_begin(&h->inner);
                sha256_add(&h->inner, key, key_len);
                sha256_end(&h->inner, block);
        } else if (key_len) {
                memcpy(block, key, key_len);
        }
        for (unsigned i = 0; i < sizeof(block); i++)
                block[i] ^= 0x36;
        sha256_begin(&h->inner);
        sha256_add(&h->inner, block, sizeof(block));
        for (unsigned i = 0; i < sizeof(block); i++)
                block[i] ^= 0x36 ^ 0x5c;
        sha256_begin(&h->outer);
        sha256_add(&h->outer, block, sizeof(block));
}

void hmac_sha256_add(struct hmac_sha256 *h, const void *data, size_t len)
{
        sha256_add(&h->inner, data, len);
}

void hmac_sha256_end(struct hmac_sha256 *h, uint8_t ret[SHA256_SIZE])
{
        sha256_end(&h->inner, ret);
        sha256_add(&h->outer, ret, SHA256_SIZE);
        sha256_end(&h->outer, ret);
}

void sha256_text(const uint8_t digest[SHA256_SIZE], char ret[SHA256_TEXT_SIZE])
{
        static const char digits[] = "0123456789abcdef";

        for (unsigned i = 0; i < SHA256_SIZE; i++) {
                ret[2 * i] = digits[digest[i] >> 4];
                ret[2 * i + 1] = digits[digest[i] & 15];
        }
        ret[2 * SHA256_SIZE] = '\0';
}
