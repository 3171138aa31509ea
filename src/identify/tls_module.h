/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Between the program and quaymaster-tls.so, which holds what of tls.h needs OpenSSL. To link OpenSSL would
 * make every start of the program more than a millisecond longer, and most commands do not speak TLS.
 *
 * The two are built together and share structs; `version` tells when they were not. The module has its own
 * copy of base/ and model/. That does no harm: they keep no state but the seed of base/hash.c, which the
 * kernel gives (AT_RANDOM, the same in both), so a pool may be filled from both sides.
 */
#pragma once

#include "identify/digest.h"
#include "identify/tls.h"

#define TLS_MODULE        "quaymaster-tls.so"
#define TLS_MODULE_SYMBOL "quaymaster_tls"

struct tls_module {
        const char *version; /* QM_VERSION */
        __typeof__(tls_start) *start;
        __typeof__(tls_session_new) *session_new;
        __typeof__(tls_session_free) *session_free;
        __typeof__(tls_session_feed) *session_feed;
        __typeof__(tls_session_out) *session_out;
        __typeof__(tls_session_read) *session_read;
        __typeof__(tls_session_write) *session_write;
        __typeof__(tls_session_facts) *session_facts;
        __typeof__(digest_sha256_file) *sha256_file;
};
