/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which packets can still be meant at one point of a ruleset: a set of (transport, port), and of
 * destination addresses. Matches narrow it. Internal to forwards*.c.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "model/address.h"

/*
 * One number for transport and port keeps sets simple. Port 0 is never in a set, so spans of two
 * transports never touch.
 */
#define PLACE(transport, port) ((uint32_t)(transport) << 16 | (uint32_t)(port))

struct span {
        uint32_t first, last; /* places of one transport, inclusive */
};

/* Ordered and disjoint once spans_order was called. Used with the macros of base/vec.h. */
struct spans {
        struct span *at;
        size_t n, room;
};

struct addresses {
        struct address *at;
        size_t n, room;
};

enum { FAMILY_IPV4 = 1, FAMILY_IPV6 = 2, FAMILY_ANY = 3 };

struct scope {
        struct spans places;
        struct addresses addresses; /* of these; or, when any_address, not narrowed */
        bool any_address;
        uint8_t families; /* FAMILY_ bits */
        uint8_t named;    /* bit per transport that some match named; SCTP and UDP-Lite count only then */
        bool exact;       /* nothing but transport and port has narrowed it */
};

void spans_add(struct spans *s, uint32_t first, uint32_t last);
void spans_order(struct spans *s);
/* Those of a that are in b, or with `keep` false those that are not. Both ordered; so is the result. */
struct spans spans_filter(const struct spans *a, const struct spans *b, bool keep);

struct scope scope_all(uint8_t families);
struct scope scope_copy(const struct scope *s);
void forwards_scope_release(struct scope *s);
bool scope_is_empty(const struct scope *s);

/* What a match looks at. */
enum key_kind {
        KEY_OTHER,    /* narrows in a way that is not followed */
        KEY_PORT,     /* destination port */
        KEY_PROTOCOL, /* transport */
        KEY_ADDRESS,  /* destination address */
        KEY_DEVICE,   /* incoming interface */
        KEY_FAMILY,
        KEY_CHOICE,  /* no condition: numgen and hashes, which spread over several targets */
        KEY_UNKNOWN, /* destination port, in a form that is not understood */
};

struct key {
        enum key_kind kind;
        uint8_t transports; /* bit per transport the expression implies */
        uint8_t families;   /* likewise */
};

struct key key_of(const json_t *expression);

/*
 * Narrow s to packets for which `key op one of the elements` holds. False when the condition is not
 * understood and bears on the port; s is then as it was.
 */
bool scope_narrow(struct scope *s, const struct key *key, const char *op, const json_t *elements);
/*
 * As above for one element of a set or map: a value, or a concatenation of values when `expression` is
 * one.
 */
bool scope_narrow_element(struct scope *s, const json_t *expression, json_t *element);
void scope_narrow_family(struct scope *s, uint8_t families);
/* Take away what `done` holds, where that is certain. */
void scope_subtract(struct scope *s, const struct scope *done);

/*
 * A port or address as the ruleset has it: number, string, {"range":[a,b]}, {"prefix":...},
 * {"elem":{"val":...}}.
 */
bool value_ports(const json_t *value, uint32_t *ret_first, uint32_t *ret_last);
/* The value inside {"elem":{"val":...}}, or the value itself. */
const json_t *value_plain(const json_t *value);
/* The body of an object with one key of that name, or NULL. */
json_t *value_of(const json_t *value, const char *name);
