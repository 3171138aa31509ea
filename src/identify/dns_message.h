/* SPDX-License-Identifier: GPL-2.0-or-later */
/* DNS messages (RFC 1035, 4.1) as DNS, mDNS and LLMNR have them: what their probes ask, and what they read. */
#pragma once

#include "base/str.h"
#include "base/wire.h"

enum { DNS_TYPE_A = 1, DNS_TYPE_NS = 2, DNS_TYPE_PTR = 12, DNS_TYPE_TXT = 16, DNS_TYPE_SRV = 33 };
enum { DNS_CLASS_IN = 1, DNS_CLASS_CHAOS = 3 };
enum {
        DNS_QR = 0x8000,
        DNS_OPCODE = 0x7800,
        DNS_AA = 0x0400,
        DNS_RD = 0x0100,
        DNS_RA = 0x0080,
        DNS_RCODE = 0x000f
};

struct dns_header {
        uint16_t id, flags;
        uint16_t questions, answers, authorities, additionals;
};

struct dns_record {
        uint16_t type, class;
        struct wire data;
};

/* Appends a header that announces so many questions, and a question; the name in dots, at most 63 bytes a label. */
void dns_add_header(struct str *to, uint16_t id, uint16_t flags, uint16_t questions);
void dns_add_question(struct str *to, const char *name, uint16_t type, uint16_t class);
/* Appends the name of the address's PTR record, without a dot at the end. False when it is no address. */
bool dns_add_reverse(struct str *to, const char *address);

/* Moves w past the header. False when it is not whole. */
bool dns_read_header(struct wire *w, struct dns_header *ret);
/*
 * A name in a message of len bytes at w, which is moved past it; appended to `to` (may be NULL) with dots, bytes as
 * they are. Pointers are followed backwards only. False when it is not one.
 */
bool dns_read_name(const uint8_t *message, struct wire *w, struct str *to);
bool dns_skip_question(const uint8_t *message, struct wire *w);
/* The next record, its name appended to `name` (may be NULL). */
bool dns_read_record(const uint8_t *message, struct wire *w, struct str *name, struct dns_record *ret);
