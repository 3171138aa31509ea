/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An X.509 certificate as a record (model/identity.h). Nothing is verified but whether it signed itself. No I/O. */
#pragma once

#include <openssl/types.h>

#include "base/pool.h"
#include "model/identity.h"

/*
 * What the certificate says. Text lives in the pool, is printable and bounded. `name` is the name or address
 * that was asked for, NULL for none: then name_mismatch is false. A date that cannot be read is 0; a key of an
 * algorithm that is not known has that algorithm's name as key_type, and no bits.
 */
void certificate_take(X509 *x, const char *name, struct certificate *ret, struct pool *pool);
