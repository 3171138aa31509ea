/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a webhook is signed. Pure. */
#pragma once

#include <stdint.h>

#include "base/str.h"

/* Appends "sha256=" and the HMAC-SHA256 (RFC 2104), hexadecimal, of "TIME_S.BODY". */
void webhook_sign(const void *secret, size_t secret_len, int64_t time_s, const struct str *body,
                  struct str *ret);
