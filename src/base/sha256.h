/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SHA-256 (FIPS 180-4) and HMAC with it (RFC 2104), of what is in memory: to sign, and to know torn records. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define SHA256_SIZE      32u
#define SHA256_TEXT_SIZE (2 * SHA256_SIZE + 1)

struct sha256 {
        uint32_t state[8];
        uint64_t len; /* bytes taken */
        uint8_t block[64];
};

void sha256_begin(struct sha256 *s);
void sha256_add(struct sha256 *s, const void *data, size_t len);
void sha256_end(struct sha256 *s, uint8_t ret[SHA256_SIZE]);

/* One part after another, so that what is signed need not be joined first. */
struct hmac_sha256 {
        struct sha256 inner, outer;
};

void hmac_sha256_begin(struct hmac_sha256 *h, const void *key, size_t key_len);
void hmac_sha256_add(struct hmac_sha256 *h, const void *data, size_t len);
void hmac_sha256_end(struct hmac_sha256 *h, uint8_t ret[SHA256_SIZE]);

/* Hexadecimal, terminated. */
void sha256_text(const uint8_t digest[SHA256_SIZE], char ret[SHA256_TEXT_SIZE]);
