/* SPDX-License-Identifier: GPL-2.0-or-later */
/* KRB-ERROR (RFC 4120, 5.9.1): how a KDC and a password server answer what they can't grant. */
#pragma once

#include "identify/probe.h"

struct krb_error {
        int64_t code;
        struct wire stime, realm, text; /* "20260102030405Z"; the rest empty when not told */
};

/* False when these bytes are no whole KRB-ERROR. Pure. */
bool krb_error_read(const uint8_t *data, size_t len, struct krb_error *ret);
/*
 * Its text, server's time and product into details; the realm unless it is `not_realm` (what was asked
 * for).
 */
void krb_error_take(struct talk *t, const struct krb_error *error, const char *not_realm);
