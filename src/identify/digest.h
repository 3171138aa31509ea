/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Digests of files, by OpenSSL; in quaymaster-tls.so as all that needs it (tls_module.h). */
#pragma once

#include <stdint.h>

#include "base/err.h"

#define DIGEST_SHA256_TEXT_SIZE 65u

/*
 * SHA-256 (FIPS 180-4) of what is left to read of fd, hexadecimal. 0, -EFBIG for more than `most` bytes, or negative
 * errno of reading or of loading the module (then err says why, else it stays as it is).
 */
int digest_sha256_file(int fd, uint64_t most, char ret[DIGEST_SHA256_TEXT_SIZE], struct err *err);
