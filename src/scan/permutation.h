/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A keyed bijection of 0..n-1 (Feistel network with cycle walking; M. Luby, C. Rackoff 1988; J. Black, P.
 * Rogaway 2002), so that probes go out in an order that looks random, exactly once each, with no list held.
 * Not for secrecy.
 */
#pragma once

#include <stdint.h>

struct permutation {
        uint64_t n;
        uint32_t rows; /* the domain is laid out in rows of 2^column_bits, the last one not always full */
        uint32_t column_bits, column_mask;
        uint32_t keys[4];
};

/* n of 0 and 1 are allowed; at most 2^62. The same (key, n) gives the same order on every machine. */
struct permutation permutation_of(uint64_t n, uint64_t key);
/* The element at a place; place < n. */
uint64_t permutation_at(const struct permutation *p, uint64_t place);
