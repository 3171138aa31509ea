/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/range.h"

#include <errno.h>
#include <stdio.h>

#include "base/str.h"
#include "base/vec.h"

#define QUOTED_MAX 80 /* bytes of a word that an error repeats */

/* An address as a number of 32 or 128 bits, so that ranges are plain arithmetic. */
typedef unsigned __int128 number;

static number number_of(const struct address *a)
{
        number value = 0;

        for (unsigned i = 0; i < (a->family == 4 ? 4u : 16u); i++)
                value = value << 8 | a->bytes[i];
        return value;
}

static number highest(uint8_t family)
{
        return family == 4 ? UINT32_MAX : ~(number)0;
}

static struct address address_of(uint8_t family, number value)
{
        struct address a = {.family = family};

        for (unsigned i = family == 4 ? 4 : 16; i-- > 0; value >>= 8)
                a.bytes[i] = (uint8_t)value;
        return a;
}

static uint64_t sum_saturated(uint64_t a, uint64_t b)
{
        return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

static uint64_t range_count(const struct address_range *range)
{
        number last = number_of(&range->last) - number_of(&range->first);

        return last >= UINT64_MAX ? UINT64_MAX : (uint64_t)last + 1;
}

struct address address_next(const struct address *address)
{
        number value = number_of(address);

        return address_of(address->family, value == highest(address->family) ? 0 : value + 1);
}

bool address_range_has(const struct address_range *range, const struct address *address)
{
        return address_compare(&range->first, address) <= 0 && address_compare(address, &range->last) <= 0;
}

void range_set_release(struct range_set *set)
{
        free(set->before);
        set->before = NULL;
        vec_clear(set);
}

void range_set_add(struct range_set *set, const struct address_range *range)
{
        *vec_push(set) = *range;
}

static int compare_ranges(const void *pa, const void *pb)
{
        const struct address_range *a = pa, *b = pb;

        return address_compare(&a->first, &b->first);
}

/* b begins behind a, but not where a could be made longer. */
static bool is_apart(const struct address_range *a, const struct address_range *b)
{
        number last = number_of(&a->last);

        if (a->first.family != b->first.family)
                return true;
        return last != highest(a->first.family) && number_of(&b->first) > last + 1;
}

static void count_before(struct range_set *set)
{
        uint64_t sum = 0;

        set->before = xrealloc(set->before, set->n + 1, sizeof(*set->before));
        for (size_t i = 0; i < set->n; i++) {
                set->before[i] = sum;
                sum = sum_saturated(sum, range_count(&set->at[i]));
        }
        set->before[set->n] = sum;
}

void range_set_normalize(struct range_set *set)
{
        size_t n = 0;

        vec_sort(set, compare_ranges);
        for (size_t i = 0; i < set->n; i++) {
                if (!n || is_apart(&set->at[n - 1], &set->at[i]))
                        set->at[n++] = set->at[i];
                else if (address_compare(&set->at[n - 1].last, &set->at[i].last) < 0)
                        set->at[n - 1].last = set->at[i].last;
        }
        set->n = n;
        count_before(set);
}

/* What is left of one range; *at is the first of taken that may touch it, and those that follow. */
static void add_rest(struct range_set *to, struct address_range range, const struct range_set *taken,
                     size_t *at)
{
        while (*at < taken->n && address_compare(&taken->at[*at].last, &range.first) < 0)
                ++*at;
        for (size_t i = *at; i < taken->n; i++) {
                const struct address_range *hole = &taken->at[i];

                if (address_compare(&range.last, &hole->first) < 0)
                        break;
                if (address_compare(&range.first, &hole->first) < 0)
                        range_set_add(to,
                                      &(struct address_range){
                                              range.first,
                                              address_of(hole->first.family, number_of(&hole->first) - 1),
                                      });
                if (address_compare(&hole->last, &range.last) >= 0)
                        return;
                range.first = address_next(&hole->last);
        }
        range_set_add(to, &range);
}

void range_set_subtract(struct range_set *set, const struct range_set *taken)
{
        struct range_set rest = {0};
        size_t at = 0;

        for (size_t i = 0; i < set->n; i++)
                add_rest(&rest, set->at[i], taken, &at);
        count_before(&rest);
        range_set_release(set);
        *set = rest;
}

/* The last range that begins at or before the address, or NULL. */
static const struct address_range *range_before(const struct range_set *set, const struct address *address)
{
        size_t low = 0, high = set->n;

        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (address_compare(&set->at[middle].first, address) <= 0)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low ? &set->at[low - 1] : NULL;
}

bool range_set_has(const struct range_set *set, const struct address *address)
{
        const struct address_range *range = range_before(set, address);

        return range && address_compare(address, &range->last) <= 0;
}

uint64_t range_set_count(const struct range_set *set)
{
        return set->before ? set->before[set->n] : 0;
}

struct address range_set_get(const struct range_set *set, uint64_t index)
{
        size_t low = 0, high = set->n;

        while (low + 1 < high) { /* ends with the last range that has at most `index` addresses before it */
                size_t middle = low + (high - low) / 2;

                if (set->before[middle] <= index)
                        low = middle;
                else
                        high = middle;
        }
        return address_of(set->at[low].first.family,
                          number_of(&set->at[low].first) + (index - set->before[low]));
}

bool range_set_index(const struct range_set *set, const struct address *address, uint64_t *ret)
{
        const struct address_range *range = range_before(set, address);
        number offset;

        if (!range || address_compare(address, &range->last) > 0)
                return false;
        offset = number_of(address) - number_of(&range->first) + set->before[range - set->at];
        if (offset >= UINT64_MAX)
                return false;
        *ret = (uint64_t)offset;
        return true;
}

/* The length of the prefix when the range is a network, or -1. */
static int prefix_of(const struct address_range *range)
{
        number first = number_of(&range->first), differ = first ^ number_of(&range->last);
        int bits = range->first.family == 4 ? 32 : 128;

        if ((differ & (differ + 1)) || (first & differ))
                return -1;
        for (; differ; differ >>= 1)
                bits--;
        return bits;
}

const char *address_range_format(const struct address_range *range, char buf[RANGE_TEXT_SIZE])
{
        char first[ADDRESS_TEXT_SIZE], last[ADDRESS_TEXT_SIZE];
        int prefix = prefix_of(range);

        (void)address_format(&range->first, first);
        if (address_compare(&range->first, &range->last) == 0)
                (void)snprintf(buf, RANGE_TEXT_SIZE, "%s", first);
        else if (prefix >= 0)
                (void)snprintf(buf, RANGE_TEXT_SIZE, "%s/%d", first, prefix);
        else
                (void)snprintf(buf, RANGE_TEXT_SIZE, "%s-%s", first, address_format(&range->last, last));
        return buf;
}

/* Part of a text as an address. */
static int parse_part(const char *text, size_t len, struct address *ret)
{
        char copy[ADDRESS_TEXT_SIZE];

        if (len >= sizeof(copy))
                return -EINVAL;
        memcpy(copy, text, len);
        copy[len] = '\0';
        return address_parse(copy, ret);
}

static int parse_network(const char *text, const char *slash, bool strict, struct address_range *ret,
                         struct err *err)
{
        char right[RANGE_TEXT_SIZE];
        struct address given;
        uint64_t prefix;
        unsigned bits;
        number host;

        if (parse_part(text, (size_t)(slash - text), &given) < 0)
                return err_set(err, -EINVAL, "'%.*s' is no network: before the '/' stands no address",
                               QUOTED_MAX, text);
        bits = given.family == 4 ? 32 : 128;
        if (str_to_u64(slash + 1, bits, &prefix) < 0)
                return err_set(err, -EINVAL,
                               "'%.*s' is no network: behind the '/' comes a number of 0 to %u", QUOTED_MAX,
                               text, bits);
        host = prefix == 128 ? 0 : highest(given.family) >> prefix; /* a shift by all bits is not defined */
        ret->first = address_of(given.family, number_of(&given) & ~host);
        ret->last = address_of(given.family, number_of(&given) | host);
        if (strict && (number_of(&given) & host))
                return err_set(err, -EINVAL, "'%.*s' has bits set behind the prefix: did you mean %s?",
                               QUOTED_MAX, text, address_range_format(ret, right));
        return 0;
}

/* "10.0.0.5-9": the last byte alone. */
static bool parse_last_byte(const char *text, const struct address *first, struct address *ret)
{
        uint64_t byte;

        if (first->family != 4 || (text[0] == '0' && text[1]) || str_to_u64(text, 255, &byte) < 0)
                return false;
        *ret = *first;
        ret->bytes[3] = (uint8_t)byte;
        return true;
}

static int parse_span(const char *text, const char *dash, struct address_range *ret, struct err *err)
{
        if (parse_part(text, (size_t)(dash - text), &ret->first) < 0 ||
            (!parse_last_byte(dash + 1, &ret->first, &ret->last) &&
             parse_part(dash + 1, strlen(dash + 1), &ret->last) < 0))
                return err_set(err, -EINVAL,
                               "'%.*s' is no range of addresses: write 10.0.0.5-10.0.0.9 or 10.0.0.5-9",
                               QUOTED_MAX, text);
        if (ret->first.family != ret->last.family)
                return err_set(err, -EINVAL, "'%.*s': one end is IPv4, the other IPv6", QUOTED_MAX, text);
        if (address_compare(&ret->first, &ret->last) > 0)
                return err_set(err, -EINVAL, "'%.*s' ends before it begins", QUOTED_MAX, text);
        return 0;
}

/* ::ffff:10.0.0.0/120 are IPv4 addresses, and compared as such. */
static void unmap(struct address_range *range)
{
        struct address first = address_unmapped(&range->first), last = address_unmapped(&range->last);

        if (first.family == last.family)
                *range = (struct address_range){first, last};
}

int address_range_parse(const char *text, bool strict, struct address_range *ret, bool *ret_single,
                        struct err *err)
{
        const char *slash = strchr(text, '/'), *dash = strchr(text, '-');
        struct address_range range = {0};
        int rc = 0;

        if (slash)
                rc = parse_network(text, slash, strict, &range, err);
        else if (dash)
                rc = parse_span(text, dash, &range, err);
        else if (address_parse(text, &range.first) < 0)
                rc = err_set(err, -EINVAL, "'%.*s' is no IP address", QUOTED_MAX, text);
        else
                range.last = range.first;
        if (rc < 0)
                return rc;
        unmap(&range);
        *ret = range;
        if (ret_single)
                *ret_single = address_compare(&range.first, &range.last) == 0;
        return 0;
}
