/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * identify/tls.h: a session whose peer says the input. The first byte chooses: bit 0 ALPN, bit 1 a name, bit 2 all at once
 * instead of in parts. Our random bytes are the same in every run, so that a server's recorded words are answers to ours,
 * and lead through the whole handshake.
 */
#define OPENSSL_SUPPRESS_DEPRECATED /* RAND_METHOD is the one way to make it repeatable */
#include <openssl/rand.h>

#include "fuzz.h"
#include "identify/tls.h"
#include "tls_text.h"

#define OUT_MAX  (256 * 1024u) /* what we say to what a peer makes up */
#define READ_MAX 65536u

static uint32_t state;

static int same_bytes(unsigned char *to, int n)
{
        for (int i = 0; i < n; i++) {
                state = state * 1664525u + 1013904223u; /* Numerical Recipes, 7.1 */
                to[i] = (unsigned char)(state >> 24);
        }
        return 1;
}

static int ready(void)
{
        return 1;
}

static void start(void)
{
        static const RAND_METHOD method = {.bytes = same_bytes, .pseudorand = same_bytes, .status = ready};
        static bool started;

        if (!started && (tls_start(NULL) < 0 || !RAND_set_rand_method(&method)))
                abort();
        started = true;
}

static void check(const struct tls_session *s, enum tls_state now)
{
        struct pool *pool = pool_new();
        struct tls_facts f;

        tls_session_facts(s, &f, pool);
        if (!!f.fault != (now == TLS_FAILED) || (f.versions & ~f.versions_asked) || f.version >= TLS_VERSION_MAX)
                abort();
        if (now == TLS_OPEN && (!f.cipher || !f.versions))
                abort();
        check_text(f.alpn, 1024);
        check_text(f.fault, 256);
        if (f.has_certificate)
                check_certificate(&f.certificate);
        pool_free(pool);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        const unsigned how = size ? data[0] : 0;
        const size_t step = how & 4 ? SIZE_MAX : 1 + size / 8;
        struct tls_session *s;
        enum tls_state now;
        struct str out = {0}, in = {0};

        start();
        state = 1;
        s = tls_session_new(how & 2 ? "host.example" : NULL, how & 1);
        now = tls_session_feed(s, NULL, 0);
        if (now != TLS_HANDSHAKE)
                abort();
        for (size_t at = 1; at < size;) {
                size_t n = size - at < step ? size - at : step;

                now = tls_session_feed(s, data + at, n);
                at += n;
                if (now == TLS_OPEN)
                        now = tls_session_read(s, &in, READ_MAX - in.len);
                if (now == TLS_OPEN)
                        now = tls_session_write(s, "hello", 5);
                tls_session_out(s, &out);
        }
        if (out.len > OUT_MAX || in.len > READ_MAX)
                abort();
        check(s, now);
        (void)tls_session_free(s);
        str_release(&out);
        str_release(&in);
        return 0;
}
