/* SPDX-License-Identifier: GPL-2.0-or-later */
/* identify/certificate.h: DER as a server sends it. What is read is printable and bounded. */
#include <openssl/err.h>
#include <openssl/x509.h>

#include "fuzz.h"
#include "identify/certificate.h"
#include "identify/tls.h"
#include "tls_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static const char *const names[] = {NULL, "host.example", "10.0.0.1", "2001:db8::1", ""};
        struct certificate c;
        const uint8_t *at = data;
        X509 *x;

        if (tls_start(NULL) < 0)
                abort();
        x = d2i_X509(NULL, &at, (long)size);
        for (size_t i = 0; x && i < array_len(names); i++) {
                struct pool *pool = pool_new();

                certificate_take(x, names[i], &c, pool);
                check_certificate(&c);
                if (c.name_mismatch && !names[i])
                        abort();
                pool_free(pool);
        }
        X509_free(x);
        ERR_clear_error();
        return 0;
}
