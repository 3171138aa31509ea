/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Transports and IP addresses, as every record has them. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum transport {
        TRANSPORT_TCP,
        TRANSPORT_UDP,
        TRANSPORT_UDPLITE,
        TRANSPORT_SCTP,
        TRANSPORT_RAW, /* an IP protocol without ports: the port field holds the protocol number */
        TRANSPORT_MAX,
};

/* "tcp"; never NULL for a valid value */
const char *transport_name(enum transport transport);
/* TRANSPORT_MAX when the word is none of them. */
enum transport transport_parse(const char *word);

struct address {
        uint8_t family;    /* 4, 6, or 0 = none */
        uint8_t bytes[16]; /* network order; the first 4 for family 4, the rest zero */
};

#define ADDRESS_TEXT_SIZE 46

struct address address_v4(const void *four_bytes);
struct address address_v6(const void *sixteen_bytes);
/* "0.0.0.0" or "2001:db8::1" (RFC 5952), without brackets. Family 0 gives "". */
const char *address_format(const struct address *a, char buf[ADDRESS_TEXT_SIZE]);
/* 0 or -EINVAL. Accepts what inet_pton does. */
int address_parse(const char *text, struct address *ret);
/* Order: family, then bytes. */
int address_compare(const struct address *a, const struct address *b);

/* The IPv4 address in an IPv4-mapped IPv6 one (RFC 4291, 2.5.5.2), else the address itself. */
struct address address_unmapped(const struct address *a);

bool address_is_any(const struct address *a);       /* 0.0.0.0, :: */
bool address_is_loopback(const struct address *a);  /* 127/8, ::1, also v4-mapped */
bool address_is_link_local(const struct address *a); /* 169.254/16, fe80::/10 */
bool address_is_multicast(const struct address *a);
/*
 * An address that the internet routes: not in the special-purpose registries (RFC 6890: private, shared,
 * link-local, loopback, documentation, benchmarking, multicast, reserved, unique-local).
 */
bool address_is_public(const struct address *a);
