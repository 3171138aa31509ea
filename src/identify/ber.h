/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Basic Encoding Rules (ITU-T X.690), as much as LDAP, SNMP and Kerberos need: one element at a time, lengths
 * definite, tags of one byte. Depth is the caller's: nothing here recurses.
 */
#pragma once

#include <stdbool.h>

#include "base/str.h"
#include "base/wire.h"

enum {
        BER_INTEGER = 0x02,
        BER_OCTETS = 0x04,
        BER_NULL = 0x05,
        BER_OID = 0x06,
        BER_ENUMERATED = 0x0a,
        BER_SEQUENCE = 0x30,
        BER_SET = 0x31,
};

struct ber {
        uint8_t tag;
        struct wire body;
};

/* The next element. False when there is none, or it is not whole or not of the form above (then w->bad). */
bool ber_next(struct wire *w, struct ber *ret);
/* The next element, which must have that tag; its body. Sets w->bad otherwise, and the result is empty and bad. */
struct wire ber_expect(struct wire *w, uint8_t tag);
/* The value of an INTEGER or ENUMERATED of at most 8 bytes, signed; *ret 0 and false otherwise. */
bool ber_integer(const struct ber *element, int64_t *ret);
/*
 * How long the first element in these bytes is, header included: 0 = the header is not whole yet, SIZE_MAX = no
 * element. For streams: to know when a message is whole.
 */
size_t ber_whole(const uint8_t *data, size_t len);

/* Writing: the bytes of an element of up to 65,535 bytes. */
void ber_add(struct str *to, uint8_t tag, const void *data, size_t len);
static inline void ber_add_str(struct str *to, uint8_t tag, const struct str *body)
{
        ber_add(to, tag, str_text(body), body->len);
}
void ber_add_integer(struct str *to, uint8_t tag, int64_t value);
