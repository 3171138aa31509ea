/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inclusive ranges of IP addresses of one family, and sets of them. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "model/address.h"

struct address_range {
        struct address first, last; /* same family, first <= last */
};

/*
 * A set of ranges. After range_set_normalize: sorted (family 4 before 6), none overlaps or touches another.
 * Zero bytes are the empty set.
 */
struct range_set {
        struct address_range *at;
        size_t n, room;
        uint64_t *before; /* made by range_set_normalize: addresses in front of the i-th range, and of all */
};

#define RANGE_TEXT_SIZE (2 * ADDRESS_TEXT_SIZE)

void range_set_release(struct range_set *set);
void range_set_add(struct range_set *set, const struct address_range *range);
void range_set_normalize(struct range_set *set);
/* set minus taken; both normalized, so is the result. */
void range_set_subtract(struct range_set *set, const struct range_set *taken);
/* Binary search; the set must be normalized. */
bool range_set_has(const struct range_set *set, const struct address *address);
/* Of a normalized set: number of addresses, UINT64_MAX when there are more. */
uint64_t range_set_count(const struct range_set *set);
/* Of a normalized set: the index-th address in order; index < range_set_count(). */
struct address range_set_get(const struct range_set *set, uint64_t index);
/* The index of an address in that order; false when it is not in the set, or past UINT64_MAX - 1 others. */
bool range_set_index(const struct range_set *set, const struct address *address, uint64_t *ret);

/*
 * "10.0.0.0/24", "2001:db8::/64", one address, "10.0.0.5-10.0.0.9", or "10.0.0.5-9" (the last byte). CIDR
 * with bits set behind the prefix is -EINVAL when strict (files: "did you mean 10.0.0.0/24?"), else the
 * network it lies in. *ret_single (may be NULL) says that it is one address, also as /32. 0 or -EINVAL with
 * a text that quotes what was given. A CIDR means every address in it. IPv4-mapped IPv6 addresses (RFC 4291,
 * 2.5.5.2) become the IPv4 addresses they are.
 */
int address_range_parse(const char *text, bool strict, struct address_range *ret, bool *ret_single,
                        struct err *err);
/* "10.0.0.0/24" where the range is one, "10.0.0.5" for one address, else "10.0.0.5-10.0.0.9" */
const char *address_range_format(const struct address_range *range, char buf[RANGE_TEXT_SIZE]);
bool address_range_has(const struct address_range *range, const struct address *address);
/* The next higher address; of the highest, the lowest. */
struct address address_next(const struct address *address);
