/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"
#include "identify/tls_module.h"

/* The one symbol that is seen from outside. */
extern const struct tls_module quaymaster_tls;
__attribute__((visibility("default"))) const struct tls_module quaymaster_tls = {
        .version = QM_VERSION,
        .start = tls_start,
        .session_new = tls_session_new,
        .session_free = tls_session_free,
        .session_feed = tls_session_feed,
        .session_out = tls_session_out,
        .session_read = tls_session_read,
        .session_write = tls_session_write,
        .session_facts = tls_session_facts,
        .sha256_file = digest_sha256_file,
};
