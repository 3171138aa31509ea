/* SPDX-License-Identifier: GPL-2.0-or-later */
/* TLS against servers of OpenSSL in memory, and against what no server should say. Keys and certificates are made here. */
#include "test.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "identify/certificate.h"
#include "identify/registry.h"
#include "identify/tls.h"
#include "scan/confine.h"

#define DAY 86400
#define RANDOM "0123456789abcdef0123456789abcdef" /* of a ServerHello */

/* --- keys and certificates ------------------------------------------------------------------------------ */

enum key { RSA_2048, RSA_1024, EC_256, EC_K1, ED25519, N_KEYS };

static EVP_PKEY *keys[N_KEYS];
static struct pool *pool;

struct form {
        enum key key;
        const char *cn, *names;     /* names: as X509V3_EXT_conf has them, "DNS:a,IP:10.0.0.1" */
        const char *issuer;         /* another, whose key is RSA_2048; NULL = self-signed */
        const EVP_MD *digest;       /* NULL: SHA-256, or none for Ed25519 */
        long not_before, not_after; /* days from now */
};

static X509 *make(const struct form *form)
{
        EVP_PKEY *signer = keys[form->issuer ? RSA_2048 : form->key];
        const EVP_MD *digest = form->digest                                       ? form->digest
                               : EVP_PKEY_get_base_id(signer) == EVP_PKEY_ED25519 ? NULL
                                                                                  : EVP_sha256();
        X509 *x = X509_new();
        X509_NAME *issuer = X509_NAME_new();

        assert_true(X509_set_version(x, X509_VERSION_3));
        (void)ASN1_INTEGER_set(X509_get_serialNumber(x), 4711);
        (void)X509_gmtime_adj(X509_getm_notBefore(x), form->not_before * DAY);
        (void)X509_gmtime_adj(X509_getm_notAfter(x), (form->not_after ? form->not_after : 30) * DAY);
        assert_true(X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "O", MBSTRING_UTF8,
                                               (const unsigned char *)"B\xc3\xa4r, Inc", -1, -1, 0));
        assert_true(X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_UTF8,
                                               (const unsigned char *)form->cn, -1, -1, 0));
        assert_true(!form->issuer ||
                    X509_NAME_add_entry_by_txt(issuer, "CN", MBSTRING_UTF8,
                                               (const unsigned char *)form->issuer, -1, -1, 0));
        (void)X509_set_issuer_name(x, form->issuer ? issuer : X509_get_subject_name(x));
        (void)X509_set_pubkey(x, keys[form->key]);
        if (form->names) {
                X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, form->names);

                assert_non_null(e);
                (void)X509_add_ext(x, e, -1);
                X509_EXTENSION_free(e);
        }
        assert_true(X509_sign(x, signer, digest) > 0);
        X509_NAME_free(issuer);
        return x;
}

static void make_keys(void)
{
        keys[RSA_2048] = EVP_RSA_gen(2048);
        keys[RSA_1024] = EVP_RSA_gen(1024);
        keys[EC_256] = EVP_EC_gen("P-256");
        keys[EC_K1] = EVP_EC_gen("secp256k1");
        keys[ED25519] = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
        pool = pool_new();
}

static int setup(void **state)
{
        make_keys();
        return 0;
}

static int teardown(void **state)
{
        for (int i = 0; i < N_KEYS; i++)
                EVP_PKEY_free(keys[i]);
        pool = pool_free(pool);
        return 0;
}

/* --- a server ------------------------------------------------------------------------------------------- */

struct server {
        SSL_CTX *ctx;
        SSL *ssl;
        bool done;
};

struct offer {
        int min, max;
        const char *ciphers, *groups;
        bool wants_certificate, alpn;
        const struct form *form; /* NULL: no certificate */
};

static int choose_h2(SSL *ssl, const unsigned char **out, unsigned char *len, const unsigned char *in,
                     unsigned in_len, void *arg)
{
        return SSL_select_next_proto((unsigned char **)out, len, (const unsigned char *)"\x02h2", 3, in,
                                     in_len) == OPENSSL_NPN_NEGOTIATED
                       ? SSL_TLSEXT_ERR_OK
                       : SSL_TLSEXT_ERR_NOACK;
}

static struct server serve(const struct offer *offer)
{
        struct server s = {.ctx = SSL_CTX_new(TLS_server_method())};
        X509 *x = offer->form ? make(offer->form) : NULL;

        SSL_CTX_set_security_level(s.ctx, 0);
        SSL_CTX_set_max_cert_list(s.ctx, 1 << 20);
        (void)SSL_CTX_set_dh_auto(s.ctx, 1);
        assert_true(SSL_CTX_set_min_proto_version(s.ctx, offer->min) &&
                    SSL_CTX_set_max_proto_version(s.ctx, offer->max));
        assert_true(SSL_CTX_set_cipher_list(s.ctx, offer->ciphers ? offer->ciphers : "ALL:@SECLEVEL=0"));
        assert_true(!offer->groups || SSL_CTX_set1_groups_list(s.ctx, offer->groups));
        if (x)
                assert_true(SSL_CTX_use_certificate(s.ctx, x) &&
                            SSL_CTX_use_PrivateKey(s.ctx, keys[offer->form->key]));
        if (offer->wants_certificate)
                SSL_CTX_set_verify(s.ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
        if (offer->alpn)
                SSL_CTX_set_alpn_select_cb(s.ctx, choose_h2, NULL);
        X509_free(x);
        s.ssl = SSL_new(s.ctx);
        SSL_set_bio(s.ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
        SSL_set_accept_state(s.ssl);
        return s;
}

static void end(struct server *s)
{
        SSL_free(s->ssl);
        SSL_CTX_free(s->ctx);
        ERR_clear_error();
}

/* What the server answers to these bytes, appended. */
static void answer(struct server *s, const struct str *said, struct str *to)
{
        char *text = NULL;
        long len;

        if (said->len)
                (void)BIO_write(SSL_get_rbio(s->ssl), said->text, (int)said->len);
        if (!s->done)
                s->done = SSL_do_handshake(s->ssl) == 1;
        len = BIO_get_mem_data(SSL_get_wbio(s->ssl), &text);
        if (len > 0)
                str_add_n(to, text, (size_t)len);
        (void)BIO_reset(SSL_get_wbio(s->ssl));
        ERR_clear_error();
}

/* Both sides until nobody has anything to say. */
static enum tls_state shake(struct tls_session *c, struct server *s)
{
        enum tls_state state = tls_session_feed(c, NULL, 0);

        for (int turn = 0; turn < 20; turn++) {
                struct str up = {0}, down = {0};
                bool quiet;

                tls_session_out(c, &up);
                answer(s, &up, &down);
                quiet = !up.len && !down.len;
                if (down.len)
                        state = tls_session_feed(c, down.text, down.len);
                str_release(&up);
                str_release(&down);
                if (quiet)
                        return state;
        }
        fail_msg("they talk without end");
        return state;
}

static enum tls_state meet(const struct offer *offer, const char *name, struct tls_facts *facts)
{
        struct server s = serve(offer);
        struct tls_session *c = tls_session_new(name, offer->alpn);
        enum tls_state state = shake(c, &s);

        tls_session_facts(c, facts, pool);
        (void)tls_session_free(c);
        end(&s);
        return state;
}

/* --- sessions ------------------------------------------------------------------------------------------- */

static const struct {
        int number;
        enum tls_version version;
} versions[] = {{TLS1_VERSION, TLS_1_0},
                {TLS1_1_VERSION, TLS_1_1},
                {TLS1_2_VERSION, TLS_1_2},
                {TLS1_3_VERSION, TLS_1_3}};

static const struct {
        enum key key;
        const char *type, *curve;
        unsigned bits;
        bool weak;
        enum tls_version since;
} kinds[] = {
        {RSA_2048, "RSA", NULL, 2048, false, TLS_1_0},
        {RSA_1024, "RSA", NULL, 1024, true, TLS_1_0},
        {EC_256, "EC", "P-256", 256, false, TLS_1_0},
        {ED25519, "Ed25519", NULL, 256, false, TLS_1_2},
};

/* 0, or the number of the line where it went wrong: it runs in a confined child, too */
#define must(condition)                  \
        do {                             \
                if (!(condition))        \
                        return __LINE__; \
        } while (0)

/* A line each way, in an open session. */
static int talk_inside(struct tls_session *c, struct server *s)
{
        struct str up = {0}, down = {0}, in = {0};
        char heard[8] = "";
        int n;

        must(tls_session_write(c, "hello", 5) == TLS_OPEN);
        tls_session_out(c, &up);
        answer(s, &up, &down);
        n = SSL_read(s->ssl, heard, sizeof(heard));
        must(n == 5 && memcmp(heard, "hello", 5) == 0);
        must(SSL_write(s->ssl, "welcome", 7) == 7);
        (void)SSL_shutdown(s->ssl);
        str_reset(&up);
        answer(s, &up, &down);
        must(tls_session_feed(c, down.text, down.len) == TLS_OPEN);
        must(tls_session_read(c, &in, 3) == TLS_OPEN && in.len == 3);
        must(tls_session_read(c, &in, 100) == TLS_CLOSED);
        must(in.len == 7 && memcmp(in.text, "welcome", 7) == 0);
        must(tls_session_write(c, "x", 1) == TLS_CLOSED);
        str_release(&up);
        str_release(&down);
        str_release(&in);
        return 0;
}

static int all_versions_and_keys(void)
{
        for (size_t k = 0; k < array_len(kinds); k++)
                for (size_t v = 0; v < array_len(versions); v++) {
                        const struct form form = {
                                .key = kinds[k].key, .cn = "host.example", .names = "DNS:host.example"};
                        const struct offer offer = {
                                .min = versions[v].number, .max = versions[v].number, .form = &form};
                        struct server s = serve(&offer);
                        struct tls_session *c = tls_session_new("host.example", false);
                        const enum tls_version version = versions[v].version;
                        struct tls_facts f;
                        int line;

                        if (version < kinds[k].since) {
                                (void)tls_session_free(c);
                                end(&s);
                                continue;
                        }
                        must(shake(c, &s) == TLS_OPEN);
                        tls_session_facts(c, &f, pool);
                        must(f.version == version && f.versions == 1u << version);
                        must(f.versions_asked == (0x3cu & ~((1u << version) - 1)));
                        must(streq(f.cipher, SSL_get_cipher(s.ssl)) && !f.weak_cipher && !f.fault &&
                             !f.alpn);
                        must(f.has_certificate && !f.wants_client_certificate);
                        must(streq(f.certificate.key_type, kinds[k].type) &&
                             f.certificate.key_bits == kinds[k].bits);
                        must(streq_ptr(f.certificate.curve, kinds[k].curve) &&
                             f.certificate.weak_key == kinds[k].weak);
                        must(f.certificate.self_signed && !f.certificate.name_mismatch &&
                             !f.certificate.weak_signature);
                        must(streq(SSL_get_servername(s.ssl, TLSEXT_NAMETYPE_host_name), "host.example"));
                        line = talk_inside(c, &s);
                        if (line)
                                return line;
                        (void)tls_session_free(c);
                        end(&s);
                }
        return 0;
}

static void test_versions_and_keys(void **state)
{
        assert_int_equal(all_versions_and_keys(), 0);
}

/* After confinement no file can be opened: tls_start must have made all ready. Nothing else of OpenSSL was called before. */
static void test_confined(void **state)
{
        const struct confinement what = {.sockets = true};
        int status = -1, line = 0, to_us[2];
        struct err err = {0};
        pid_t pid;

        assert_int_equal(tls_start(&err), 0);
        assert_int_equal(pipe(to_us), 0);
        pid = fork();
        if (pid == 0) {
                const char *missing = NULL;

                if (confine(&what, &missing, &err) < 0)
                        _exit(99);
                if (fopen("/etc/passwd", "r"))
                        _exit(98);
                make_keys();
                line = all_versions_and_keys();
                if (write(to_us[1], &line, sizeof(line)) != sizeof(line))
                        _exit(97);
                _exit(0);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 0);
        assert_int_equal(read(to_us[0], &line, sizeof(line)), sizeof(line));
        assert_int_equal(line, 0);
        (void)close(to_us[0]);
        (void)close(to_us[1]);
}

static void test_highest_is_taken(void **state)
{
        const struct form form = {.key = EC_256, .cn = "a"};
        const struct offer offer = {.min = TLS1_VERSION, .max = TLS1_3_VERSION, .alpn = true, .form = &form};
        struct tls_facts f;

        assert_int_equal(meet(&offer, NULL, &f), TLS_OPEN);
        assert_int_equal(f.version, TLS_1_3);
        assert_int_equal(f.versions_asked, 1 << TLS_1_3); /* whether it takes lower ones is not known */
        assert_string_equal(f.alpn, "h2");
        assert_false(f.certificate.name_mismatch); /* no name was asked for */
}

static void test_weak_suites(void **state)
{
        static const struct {
                const char *cipher;
                bool certificate;
        } all[] = {{"ADH-AES128-SHA", false},
                   {"AECDH-AES256-SHA", false},
                   {"NULL-SHA", true},
                   {"ADH-AES256-GCM-SHA384", false}};
        const struct form form = {.key = RSA_2048, .cn = "a"};

        for (size_t i = 0; i < array_len(all); i++) {
                _cleanup_free_ char *ciphers = xasprintf("%s:@SECLEVEL=0", all[i].cipher);
                const struct offer offer = {.min = TLS1_2_VERSION,
                                            .max = TLS1_2_VERSION,
                                            .ciphers = ciphers,
                                            .form = all[i].certificate ? &form : NULL};
                struct tls_facts f;

                assert_int_equal(meet(&offer, "a", &f), TLS_OPEN);
                assert_string_equal(f.cipher, all[i].cipher);
                assert_true(f.weak_cipher);
                assert_int_equal(f.has_certificate, all[i].certificate);
        }
}

/* A server that can do both is not talked into the weak one. */
static void test_strong_before_weak(void **state)
{
        const struct form form = {.key = RSA_2048, .cn = "a"};
        const struct offer offer = {.min = TLS1_VERSION,
                                    .max = TLS1_VERSION,
                                    .ciphers = "ADH:AECDH:NULL:AES128-SHA:@SECLEVEL=0",
                                    .form = &form};
        struct tls_facts f;

        assert_int_equal(meet(&offer, "a", &f), TLS_OPEN);
        assert_string_equal(f.cipher, "AES128-SHA");
        assert_false(f.weak_cipher);
}

static void test_client_certificate(void **state)
{
        const struct form form = {.key = EC_256, .cn = "a", .names = "DNS:other.example"};
        struct offer offer = {
                .min = TLS1_2_VERSION, .max = TLS1_2_VERSION, .wants_certificate = true, .form = &form};
        struct str in = {0}, up = {0}, down = {0};
        struct tls_facts f;
        struct tls_session *c;
        struct server s;

        assert_int_equal(meet(&offer, "a.example", &f), TLS_FAILED);
        assert_true(f.wants_client_certificate && f.has_certificate && f.certificate.name_mismatch);
        assert_int_equal(f.version, TLS_1_2);
        assert_string_equal(f.fault, "the server refused: handshake failure");

        /* in TLS 1.3 the client is through before the server refuses */
        offer.min = offer.max = TLS1_3_VERSION;
        s = serve(&offer);
        c = tls_session_new("a.example", false);
        assert_int_equal(shake(c, &s), TLS_OPEN);
        assert_int_equal(tls_session_read(c, &in, 100), TLS_FAILED);
        tls_session_facts(c, &f, pool);
        assert_true(f.wants_client_certificate && f.has_certificate);
        assert_int_equal(f.versions, 1 << TLS_1_3);
        assert_string_equal(f.fault, "the server refused: certificate required");
        (void)tls_session_free(c);
        end(&s);
        str_release(&in);
        str_release(&up);
        str_release(&down);
}

static struct str many_names(unsigned n, const char *form)
{
        struct str s = {0};

        for (unsigned i = 0; i < n; i++) {
                str_add(&s, i ? ",DNS:" : "DNS:");
                for (const char *c = form; *c; c++)
                        if (*c == '#')
                                str_addf(&s, "%u", i);
                        else
                                str_add_char(&s, *c);
        }
        return s;
}

static void test_many_names(void **state)
{
        struct str names = many_names(10000, "n#"), long_ones = many_names(10000, "host-#.long.example");
        struct form form = {.key = EC_256, .cn = "a", .names = names.text};
        const struct offer offer = {.min = TLS1_VERSION, .max = TLS1_3_VERSION, .form = &form};
        struct tls_facts f;

        assert_int_equal(meet(&offer, "n9999", &f), TLS_OPEN);
        assert_int_equal(f.certificate.n_names, 64);
        assert_int_equal(f.certificate.n_names_all, 10000);
        assert_string_equal(f.certificate.names[63], "n63");
        assert_false(f.certificate.name_mismatch);

        form.names = long_ones.text; /* some 200 KiB */
        assert_int_equal(meet(&offer, "a", &f), TLS_FAILED);
        assert_false(f.has_certificate);
        assert_string_equal(f.fault,
                            "the server sent a message that is too long (certificates above 100 KiB)");
        assert_int_equal(f.versions, 1 << TLS_1_3);
        str_release(&names);
        str_release(&long_ones);
}

/* A chain of many certificates that are small each. */
static void test_long_chain(void **state)
{
        for (int fits = 0; fits < 2; fits++) {
                const struct form form = {.key = EC_256, .cn = "a"}, other = {.key = RSA_2048, .cn = "b"};
                const struct offer offer = {.min = TLS1_VERSION, .max = TLS1_3_VERSION, .form = &form};
                struct server s = serve(&offer);
                struct tls_session *c = tls_session_new("a", false);
                X509 *x = make(&other);

                for (int i = 0; i < (fits ? 60 : 200); i++)
                        assert_true(SSL_add1_chain_cert(s.ssl, x));
                assert_int_equal(shake(c, &s), fits ? TLS_OPEN : TLS_FAILED);
                X509_free(x);
                (void)tls_session_free(c);
                end(&s);
        }
}

static void test_what_is_not_tls(void **state)
{
        static const struct {
                const char *bytes;
                size_t len;
                const char *fault;
                unsigned asked;
        } all[] = {
                {"HTTP/1.1 400 Bad Request\r\n\r\n", 28, "the answer is not TLS", 0},
                {"220 mail.example ESMTP\r\n", 24, "the answer is not TLS", 0},
                {"\x15\x03\x01\x00\x02\x02\x28", 7, "the server refused: handshake failure", 0},
                {"\x15\x03\x01\x00\x02\x02\x46", 7, "the server refused: protocol version", 0x3c},
                {"\x16\x03\x00\x00\x2a\x02\x00\x00\x26\x03\x00" RANDOM "\x00\x00\x05\x00", 47,
                 "the server chose a version below TLS 1.0", 0x3c},
                {"\x15\x03\x01\x00\x02\x02\x50", 7, "the server refused: internal error", 0},
        };
        char zeros[64] = {0};
        struct tls_facts f;

        for (size_t i = 0; i < array_len(all); i++) {
                struct tls_session *c = tls_session_new("a", true);
                enum tls_state now = tls_session_feed(c, NULL, 0);

                for (size_t at = 0; at < all[i].len; at++)
                        now = tls_session_feed(c, all[i].bytes + at, 1);
                assert_int_equal(now, TLS_FAILED);
                assert_int_equal(tls_session_feed(c, "more", 4), TLS_FAILED);
                tls_session_facts(c, &f, pool);
                assert_string_equal(f.fault, all[i].fault);
                assert_int_equal(f.versions_asked, all[i].asked);
                assert_false(f.versions || f.has_certificate || f.cipher);
                (void)tls_session_free(c);
        }
        {
                struct tls_session *c = tls_session_new(NULL, false);

                (void)tls_session_feed(c, NULL, 0);
                assert_int_equal(tls_session_feed(c, zeros, sizeof(zeros)), TLS_FAILED);
                tls_session_facts(c, &f, pool);
                assert_non_null(f.fault);
                (void)tls_session_free(c);
        }
}

/* One exponentiation would hold all others up. */
static void test_large_dh(void **state)
{
        const struct form form = {.key = RSA_2048, .cn = "a"};
        const struct offer offer = {.min = TLS1_2_VERSION,
                                    .max = TLS1_2_VERSION,
                                    .ciphers = "DHE-RSA-AES128-SHA:@SECLEVEL=0",
                                    .form = &form};
        static const struct {
                const char *group;
                bool taken;
        } all[] = {{"ffdhe2048", true}, {"ffdhe8192", false}};

        for (size_t i = 0; i < array_len(all); i++) {
                EVP_PKEY_CTX *maker = EVP_PKEY_CTX_new_from_name(NULL, "DH", NULL);
                struct server s = serve(&offer);
                struct tls_session *c = tls_session_new("a", false);
                EVP_PKEY *group = NULL;
                struct tls_facts f;

                assert_true(EVP_PKEY_keygen_init(maker) &&
                            EVP_PKEY_CTX_set_group_name(maker, all[i].group) &&
                            EVP_PKEY_generate(maker, &group));
                (void)SSL_set_dh_auto(s.ssl, 0);
                assert_true(SSL_set0_tmp_dh_pkey(s.ssl, group));
                assert_int_equal(shake(c, &s), all[i].taken ? TLS_OPEN : TLS_FAILED);
                tls_session_facts(c, &f, pool);
                assert_true(f.has_certificate && f.versions == 1 << TLS_1_2);
                assert_true(streq_ptr(
                        f.fault,
                        all[i].taken ? NULL : "the server's Diffie-Hellman key is larger than 4096 bits"));
                EVP_PKEY_CTX_free(maker);
                (void)tls_session_free(c);
                end(&s);
        }
}

/* Nothing is kept without end for somebody who does not read. */
static void test_flood(void **state)
{
        const struct form form = {.key = EC_256, .cn = "a"};
        const struct offer offer = {.min = TLS1_2_VERSION, .max = TLS1_2_VERSION, .form = &form};
        struct server s = serve(&offer);
        struct tls_session *c = tls_session_new("a", false);
        char *part = xcalloc(1, 65536);
        size_t fed = 0;

        assert_int_equal(shake(c, &s), TLS_OPEN);
        for (; fed < 4 << 20 && tls_session_feed(c, part, 65536) == TLS_OPEN;)
                fed += 65536;
        assert_int_equal(fed, 1 << 20);
        free(part);
        (void)tls_session_free(c);
        end(&s);
}

/* --- certificates --------------------------------------------------------------------------------------- */

static void test_certificate(void **state)
{
        const struct form form = {.key = EC_K1,
                                  .cn = "a\x1b[31m\xe2\x80\xae"
                                        "b",
                                  .issuer = "The CA",
                                  .digest = EVP_sha1(),
                                  .not_before = -400,
                                  .not_after = -35,
                                  .names = "DNS:*.host.example,IP:10.0.0.1,IP:2001:db8::1,email:x@y"};
        X509 *x = make(&form);
        unsigned char digest[32];
        char hex[65] = "";
        struct certificate c;
        time_t now = time(NULL);

        certificate_take(x, "10.0.0.1", &c, pool);
        assert_true(X509_digest(x, EVP_sha256(), digest, NULL));
        for (int i = 0; i < 32; i++)
                (void)snprintf(hex + 2 * i, 3, "%02x", digest[i]);
        assert_string_equal(c.sha256, hex);
        assert_string_equal(c.subject, "CN=a\\1B[31m\\u{202e}b,O=B\xc3\xa4r\\, Inc");
        assert_string_equal(c.issuer, "CN=The CA");
        assert_string_equal(c.common_name, "a\\x1b[31m\\u{202e}b");
        assert_int_equal(c.n_names, 3);
        assert_int_equal(c.n_names_all, 3);
        assert_string_equal(c.names[0], "*.host.example");
        assert_string_equal(c.names[1], "10.0.0.1");
        assert_string_equal(c.names[2], "2001:db8::1");
        assert_in_range(c.not_before, now - 400 * DAY - 60, now - 400 * DAY);
        assert_in_range(c.not_after, now - 35 * DAY - 60, now - 35 * DAY);
        assert_string_equal(c.key_type, "EC");
        assert_string_equal(c.curve, "secp256k1");
        assert_string_equal(c.signature, "sha1WithRSAEncryption");
        assert_true(c.weak_signature);
        assert_false(c.self_signed || c.name_mismatch || c.weak_key);
        X509_free(x);
}

/* Signed again, and read again: OpenSSL keeps what it once found out about a certificate. */
static X509 *signed_by(X509 *x, EVP_PKEY *key, const EVP_MD *digest)
{
        unsigned char *der = NULL;
        const unsigned char *at;
        X509 *again;
        int len;

        assert_true(X509_sign(x, key, digest) > 0);
        len = i2d_X509(x, &der);
        at = der;
        again = d2i_X509(NULL, &at, len);
        assert_non_null(again);
        OPENSSL_free(der);
        X509_free(x);
        return again;
}

/* The same name is not yet the same key. */
static void test_self_signed(void **state)
{
        const struct form own = {.key = EC_256, .cn = "a"};
        X509 *x = make(&own);
        struct certificate c;

        certificate_take(x, NULL, &c, pool);
        assert_true(c.self_signed);
        x = signed_by(x, keys[RSA_2048], EVP_md5());
        certificate_take(x, NULL, &c, pool);
        assert_true(c.self_signed); /* another algorithm than that of the key cannot be checked */
        assert_true(c.weak_signature);
        assert_string_equal(c.signature, "md5WithRSAEncryption");
        (void)X509_set_pubkey(x, keys[RSA_1024]);
        x = signed_by(x, keys[RSA_2048], EVP_sha256());
        certificate_take(x, NULL, &c, pool);
        assert_false(c.self_signed || c.weak_signature);
        X509_free(x);
}

static void test_name_mismatch(void **state)
{
        static const struct {
                const char *names, *asked;
                bool mismatch;
        } all[] = {
                {"DNS:host.example", "host.example", false},
                {"DNS:host.example", "HOST.Example.", false},
                {"DNS:host.example", "a.host.example", true},
                {"DNS:*.example.org", "a.example.org", false},
                {"DNS:*.example.org", "example.org", true},
                {"DNS:*.example.org", "a.b.example.org", true},
                {"DNS:f*.example.org", "foo.example.org", true},
                {"DNS:a.*.org", "a.example.org", true},
                {"DNS:*", "host", true},
                {"DNS:other.example", "cn.example", true}, /* with names, the common name does not count */
                {NULL, "cn.example", false},
                {NULL, "other.example", true},
                {"IP:10.0.0.1", "10.0.0.1", false},
                {"IP:10.0.0.1", "10.0.0.2", true},
                {"DNS:10.0.0.1", "10.0.0.1", true},
                {"IP:2001:db8::1", "2001:db8:0:0::1", false},
                {"IP:2001:db8::1", "2001:db8::2", true},
                {"IP:10.0.0.1", "cn.example", false},
        };

        for (size_t i = 0; i < array_len(all); i++) {
                const struct form form = {.key = EC_256, .cn = "cn.example", .names = all[i].names};
                X509 *x = make(&form);
                struct certificate c;

                certificate_take(x, all[i].asked, &c, pool);
                if (c.name_mismatch != all[i].mismatch)
                        fail_msg("%s asked as %s", all[i].names, all[i].asked);
                X509_free(x);
        }
}

/* --- hellos --------------------------------------------------------------------------------------------- */

static enum tls_answer read_answer(const struct str *s, enum tls_version *version, uint16_t *cipher,
                                   uint8_t *alert)
{
        /* what is there of it at any time never looks like something else */
        for (size_t len = 0; len < s->len; len++) {
                uint8_t *copy = xmalloc(len + !len);

                memcpy(copy, s->text, len);
                if (tls_answer_read(copy, len, version, cipher, alert) == TLS_ANSWER_NOT_TLS)
                        fail_msg("%zu of %zu bytes are no TLS", len, s->len);
                free(copy);
        }
        return tls_answer_read((const uint8_t *)s->text, s->len, version, cipher, alert);
}

/* Each byte of the first record in a record of its own. */
static void crumble(const struct str *s, struct str *to)
{
        size_t len = (size_t)(uint8_t)s->text[3] << 8 | (uint8_t)s->text[4];

        for (size_t i = 0; i < len; i++) {
                str_add_n(to, s->text, 3);
                str_add_n(to, "\0\1", 2);
                str_add_char(to, s->text[5 + i]);
        }
}

static void test_hello_versions(void **state)
{
        const struct form form = {.key = RSA_2048, .cn = "a"};

        for (size_t min = 0; min < array_len(versions); min++)
                for (size_t max = min; max < array_len(versions); max++)
                        for (size_t asked = 0; asked < array_len(versions); asked++) {
                                const struct offer offer = {.min = versions[min].number,
                                                            .max = versions[max].number,
                                                            .form = &form};
                                const size_t chosen = asked < max ? asked : max;
                                const bool taken = asked == 3 ? max == 3 : chosen >= min;
                                struct server s = serve(&offer);
                                struct str hello = {0}, got = {0}, crumbs = {0};
                                enum tls_version version = TLS_VERSION_MAX;
                                uint16_t cipher = 0;
                                uint8_t alert = 0;

                                tls_hello_add(&hello, versions[asked].version,
                                              asked & 1 ? "host.example" : NULL, 42 + asked);
                                answer(&s, &hello, &got);
                                assert_int_equal(read_answer(&got, &version, &cipher, &alert),
                                                 taken ? TLS_ANSWER_ACCEPTED : TLS_ANSWER_REFUSED);
                                if (taken) {
                                        assert_int_equal(version, versions[chosen].version);
                                        assert_int_equal(cipher,
                                                         SSL_CIPHER_get_protocol_id(
                                                                 SSL_get_pending_cipher(s.ssl)
                                                                         ? SSL_get_pending_cipher(s.ssl)
                                                                         : SSL_get_current_cipher(s.ssl)));
                                        crumble(&got, &crumbs);
                                        assert_int_equal(read_answer(&crumbs, &version, &cipher, &alert),
                                                         TLS_ANSWER_ACCEPTED);
                                        assert_int_equal(version, versions[chosen].version);
                                } else {
                                        assert_int_equal(alert, SSL_AD_PROTOCOL_VERSION);
                                }
                                assert_true(!(asked & 1) || !taken ||
                                            streq(SSL_get_servername(s.ssl, TLSEXT_NAMETYPE_host_name),
                                                  "host.example"));
                                str_release(&hello);
                                str_release(&got);
                                str_release(&crumbs);
                                end(&s);
                        }
}

static void test_hello_retry(void **state)
{
        const struct form form = {.key = RSA_2048, .cn = "a"};
        const struct offer offer = {
                .min = TLS1_3_VERSION, .max = TLS1_3_VERSION, .groups = "P-384", .form = &form};
        struct server s = serve(&offer);
        struct str hello = {0}, got = {0};
        enum tls_version version = TLS_VERSION_MAX;
        uint16_t cipher = 0;
        uint8_t alert = 0;

        tls_hello_add(&hello, TLS_1_3, "host.example", 1);
        answer(&s, &hello, &got);
        assert_int_equal(read_answer(&got, &version, &cipher, &alert), TLS_ANSWER_ACCEPTED);
        assert_int_equal(version, TLS_1_3);
        assert_int_equal((uint8_t)got.text[11],
                         0xcf); /* the random value that makes it a HelloRetryRequest */
        str_release(&hello);
        str_release(&got);
        end(&s);
}

/* Every suite of the library that could be agreed on in TLS 1.2 is asked for. */
static void test_hello_suites(void **state)
{
        struct form form = {.key = RSA_2048, .cn = "a"};
        SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
        unsigned n = 0;

        SSL_CTX_set_security_level(ctx, 0);
        assert_true(SSL_CTX_set_cipher_list(
                ctx, "ALL:COMPLEMENTOFALL:!PSK:!SRP:!aDSS:!ARIA256:!CAMELLIA256:!AESCCM8:@SECLEVEL=0"));
        for (int i = 0; i < sk_SSL_CIPHER_num(SSL_CTX_get_ciphers(ctx)); i++) {
                const SSL_CIPHER *c = sk_SSL_CIPHER_value(SSL_CTX_get_ciphers(ctx), i);
                _cleanup_free_ char *one = xasprintf("%s:@SECLEVEL=0", SSL_CIPHER_get_name(c));
                struct offer offer = {
                        .min = TLS1_2_VERSION, .max = TLS1_2_VERSION, .ciphers = one, .form = &form};
                struct str hello = {0}, got = {0};
                enum tls_version version = TLS_VERSION_MAX;
                struct server s;
                uint16_t cipher = 0;
                uint8_t alert = 0;

                if (streq(SSL_CIPHER_get_version(c), "TLSv1.3"))
                        continue;
                form.key = SSL_CIPHER_get_auth_nid(c) == NID_auth_ecdsa ? EC_256 : RSA_2048;
                s = serve(&offer);
                tls_hello_add(&hello, TLS_1_2, "host.example", 7);
                answer(&s, &hello, &got);
                if (read_answer(&got, &version, &cipher, &alert) != TLS_ANSWER_ACCEPTED ||
                    cipher != SSL_CIPHER_get_protocol_id(c))
                        fail_msg("%s is not agreed on", SSL_CIPHER_get_name(c));
                n++;
                str_release(&hello);
                str_release(&got);
                end(&s);
        }
        assert_true(n > 40);
        SSL_CTX_free(ctx);
}

static void test_hello_forms(void **state)
{
        struct str s = {0};

        tls_hello_add(&s, TLS_SSL2, "host.example", 1);
        assert_int_equal(s.len, 2 + 9 + 21 + 16);
        assert_memory_equal(s.text, "\x80\x2e\x01\x00\x02\x00\x15\x00\x00\x00\x10\x07\x00\xc0", 14);
        str_reset(&s);
        tls_hello_add(&s, TLS_SSL3, "host.example", 1);
        assert_memory_equal(s.text, "\x16\x03\x00", 3);
        assert_memory_equal(s.text + 9, "\x03\x00", 2);
        assert_null(memmem(s.text, s.len, "host.example", 12)); /* it has no extensions */
        assert_int_equal(s.len, 5 + 4 + 2 + 32 + 1 + 2 + (uint8_t)s.text[45] + 2);
        for (enum tls_version v = TLS_SSL3; v <= TLS_1_3; v++)
                for (int name = 0; name < 2; name++) {
                        size_t message;

                        str_reset(&s);
                        tls_hello_add(&s, v, name ? "a-somewhat-longer-name.of.a.host.example" : "192.0.2.1",
                                      1);
                        message = (size_t)(uint8_t)s.text[7] << 8 | (uint8_t)s.text[8];
                        assert_int_equal(message, s.len - 9);
                        assert_true(message + 4 < 256 || message + 4 >= 512);
                        assert_null(memmem(s.text, s.len, "192.0.2.1", 9)); /* an address is no name */
                }
        str_release(&s);
}

static void test_answers(void **state)
{
        static const struct {
                const char *bytes;
                size_t len;
                enum tls_answer answer;
                enum tls_version version;
                uint8_t alert;
        } all[] = {
#define BYTES(s) s, sizeof(s) - 1
                {BYTES(""), TLS_ANSWER_MORE, 0, 0},
                {BYTES("\x16\x03\x00\x00\x2a\x02\x00\x00\x26\x03\x00" RANDOM "\x00\x00\x05\x00"),
                 TLS_ANSWER_ACCEPTED, TLS_SSL3, 0},
                {BYTES("\x16\x03\x03\x00\x2a\x02\x00\x00\x26\x03\x03" RANDOM "\x00\x00\x05\x00"),
                 TLS_ANSWER_ACCEPTED, TLS_1_2, 0},
                /* 1.2 in its header, 1.3 in its extension; a draft; an unknown one */
                {BYTES("\x16\x03\x03\x00\x32\x02\x00\x00\x2e\x03\x03" RANDOM
                       "\x00\x13\x01\x00\x00\x06\x00\x2b\x00\x02\x03\x04"),
                 TLS_ANSWER_ACCEPTED, TLS_1_3, 0},
                {BYTES("\x16\x03\x03\x00\x32\x02\x00\x00\x2e\x03\x03" RANDOM
                       "\x00\x13\x01\x00\x00\x06\x00\x2b\x00\x02\x7f\x1c"),
                 TLS_ANSWER_ACCEPTED, TLS_1_3, 0},
                {BYTES("\x16\x03\x03\x00\x32\x02\x00\x00\x2e\x03\x03" RANDOM
                       "\x00\x13\x01\x00\x00\x06\x00\x2b\x00\x02\x05\x04"),
                 TLS_ANSWER_NOT_TLS, 0, 0},
                /* an extension that is longer than the list; a list that is longer than the message; bytes behind it */
                {BYTES("\x16\x03\x03\x00\x32\x02\x00\x00\x2e\x03\x03" RANDOM
                       "\x00\x13\x01\x00\x00\x06\x00\x2b\x00\x03\x03\x04"),
                 TLS_ANSWER_NOT_TLS, 0, 0},
                {BYTES("\x16\x03\x03\x00\x32\x02\x00\x00\x2e\x03\x03" RANDOM
                       "\x00\x13\x01\x00\x00\x07\x00\x2b\x00\x02\x03\x04"),
                 TLS_ANSWER_NOT_TLS, 0, 0},
                {BYTES("\x16\x03\x03\x00\x32\x02\x00\x00\x2e\x03\x03" RANDOM
                       "\x00\x13\x01\x00\x00\x00\x00\x2b\x00\x02\x03\x04"),
                 TLS_ANSWER_NOT_TLS, 0, 0},
                {BYTES("\x16\x03\x03\x00\x2a\x02\x00\x00\x26\x03\x03" RANDOM "\x21\x00\x05\x00"),
                 TLS_ANSWER_NOT_TLS, 0, 0}, /* session id of 33 */
                {BYTES("\x15\x03\x01\x00\x02\x02\x28"), TLS_ANSWER_REFUSED, 0, 40},
                {BYTES("\x15\x03\x01\x00\x02\x01\x00"), TLS_ANSWER_REFUSED, 0, 0},
                /* a name that it does not know is only a warning */
                {BYTES("\x15\x03\x01\x00\x02\x01\x70\x16\x03\x01\x00\x2a\x02\x00\x00\x26\x03\x01" RANDOM
                       "\x00\x00\x05\x00"),
                 TLS_ANSWER_ACCEPTED, TLS_1_0, 112},
                {BYTES("\x15\x03\x01\x00\x02\x01\x70"), TLS_ANSWER_MORE, 0, 112},
                {BYTES("\x15\x03\x01\x00\x02\x02\x70"), TLS_ANSWER_REFUSED, 0, 112},
                {BYTES("\x15\x03\x01\x00\x02\x03\x28"), TLS_ANSWER_NOT_TLS, 0, 0},
                {BYTES("\x15\x03\x01\x00\x03\x02\x28\x00"), TLS_ANSWER_NOT_TLS, 0, 0},
                {BYTES("\x16\x03\x01\x00\x00\x16"), TLS_ANSWER_NOT_TLS, 0, 0},
                {BYTES("\x16\x03\x01\xff\xff"), TLS_ANSWER_NOT_TLS, 0, 0},
                {BYTES("\x16\x03\x01\x00\x01\x01"), TLS_ANSWER_NOT_TLS, 0, 0}, /* a ClientHello: an echo */
                {BYTES("\x16\x03\x01\x00\x04\x00\x00\x00\x00"), TLS_ANSWER_MORE, 0, 0}, /* HelloRequest */
                {BYTES("H"), TLS_ANSWER_NOT_TLS, 0, 0},
                {BYTES("\x16H"), TLS_ANSWER_NOT_TLS, 0, 0},
                {BYTES("\x80\x1e\x04\x00\x01\x00\x02\x00\x00\x00\x03\x00\x10\x01\x00\x80"
                       "0123456789abcdef"),
                 TLS_ANSWER_ACCEPTED, TLS_SSL2, 0},
                {BYTES("\x80\x1b\x04\x00\x01\x00\x02\x00\x00\x00\x00\x00\x10"
                       "0123456789abcdef"),
                 TLS_ANSWER_REFUSED, 0, 40},
                {BYTES("\x80\x1e\x04\x00\x01\x00\x02\x00\x00\x00\x03\x00\x11"), TLS_ANSWER_NOT_TLS, 0, 0},
                {BYTES("\x80\x03\x00\x00\x01"), TLS_ANSWER_REFUSED, 0, 40},
                {BYTES("\x80\x03\x00\x00\x09"), TLS_ANSWER_NOT_TLS, 0, 0},
                {BYTES("\x80\x03\x00"), TLS_ANSWER_MORE, 0, 0},
                {BYTES("\x80\x2e\x01\x00\x02"), TLS_ANSWER_NOT_TLS, 0, 0}, /* a ClientHello */
        };

        for (size_t i = 0; i < array_len(all); i++) {
                enum tls_version version = TLS_VERSION_MAX;
                uint8_t *copy = xmalloc(all[i].len + !all[i].len);
                uint16_t cipher = 0;
                uint8_t alert = 255;
                enum tls_answer got;

                memcpy(copy, all[i].bytes, all[i].len);
                got = tls_answer_read(copy, all[i].len, &version, &cipher, &alert);
                if (got != all[i].answer || (got == TLS_ANSWER_ACCEPTED && version != all[i].version) ||
                    (got != TLS_ANSWER_NOT_TLS && alert != all[i].alert))
                        fail_msg("answer %zu: %d, version %d, alert %d", i, got, version, alert);
                free(copy);
        }
}

/* What the library knows of its own suites must agree with the table. */
static void test_cipher_table(void **state)
{
        static const int weak_ciphers[] = {NID_undef, NID_des_ede3_cbc, NID_des_cbc,
                                           NID_rc4,   NID_rc2_cbc,      NID_idea_cbc};
        SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

        SSL_CTX_set_security_level(ctx, 0);
        assert_true(SSL_CTX_set_cipher_list(ctx, "ALL:COMPLEMENTOFALL:@SECLEVEL=0"));
        for (int i = 0; i < sk_SSL_CIPHER_num(SSL_CTX_get_ciphers(ctx)); i++) {
                const SSL_CIPHER *c = sk_SSL_CIPHER_value(SSL_CTX_get_ciphers(ctx), i);
                bool weak = SSL_CIPHER_get_auth_nid(c) == NID_auth_null &&
                            strncmp(SSL_CIPHER_get_name(c), "SRP", 3) != 0;

                for (size_t k = 0; k < array_len(weak_ciphers); k++)
                        weak |= SSL_CIPHER_get_cipher_nid(c) == weak_ciphers[k];
                if (tls_cipher_weak(SSL_CIPHER_get_protocol_id(c)) != weak)
                        fail_msg("%s", SSL_CIPHER_get_name(c));
        }
        assert_true(tls_cipher_weak(0x0005) && tls_cipher_weak(0x000a) && tls_cipher_weak(0xc012) &&
                    tls_cipher_weak(0xc0b4));
        assert_false(tls_cipher_weak(0x002f) || tls_cipher_weak(0x1301) || tls_cipher_weak(0xc02f) ||
                     tls_cipher_weak(0xcca8));
        SSL_CTX_free(ctx);
}

static void test_recognise(void **state)
{
        static const struct {
                const char *bytes;
                size_t len;
                enum recognition expected;
        } all[] = {
                {BYTES("\x15\x03\x01\x00\x02\x02\x28"), RECOGNISE_SURE},
                {BYTES("\x16\x03\x01\x00\x04\x00\x00\x00\x00"), RECOGNISE_SURE},
                {BYTES("\x16\x03\x03\x00\x2a\x02\x00\x00\x26\x03\x03" RANDOM "\x00\x00\x05\x00"),
                 RECOGNISE_SURE},
                {BYTES("\x16\x03"), RECOGNISE_MAYBE},
                {BYTES("HTTP/1.1 400 Bad Request\r\n"), RECOGNISE_NO},
                {BYTES("\x16\x03\x01\x02\x00\x01"), RECOGNISE_NO}, /* our own words come back */
        };
        const struct probe *probe = probe_find("tls");
        struct talk t = {0};

        assert_non_null(probe);
        for (size_t i = 0; i < array_len(all); i++) {
                struct heard heard = {.data = (const uint8_t *)all[i].bytes,
                                      .len = all[i].len,
                                      .transport = TRANSPORT_TCP,
                                      .port = 443};

                assert_int_equal(probe->recognise(&heard), all[i].expected);
                heard.transport = TRANSPORT_UDP;
                assert_int_equal(probe->recognise(&heard), RECOGNISE_NO);
        }
        assert_int_equal(probe->talk(&t), TALK_TLS);
        t.tls = true;
        assert_int_equal(probe->talk(&t), TALK_DONE);
}

int main(void)
{
        const struct CMUnitTest
                first[] = {cmocka_unit_test(test_confined)},
                tests[] = {
                        cmocka_unit_test(test_versions_and_keys),  cmocka_unit_test(test_highest_is_taken),
                        cmocka_unit_test(test_weak_suites),        cmocka_unit_test(test_strong_before_weak),
                        cmocka_unit_test(test_client_certificate), cmocka_unit_test(test_many_names),
                        cmocka_unit_test(test_long_chain),         cmocka_unit_test(test_what_is_not_tls),
                        cmocka_unit_test(test_large_dh),           cmocka_unit_test(test_flood),
                        cmocka_unit_test(test_certificate),        cmocka_unit_test(test_self_signed),
                        cmocka_unit_test(test_name_mismatch),      cmocka_unit_test(test_hello_versions),
                        cmocka_unit_test(test_hello_retry),        cmocka_unit_test(test_hello_suites),
                        cmocka_unit_test(test_hello_forms),        cmocka_unit_test(test_answers),
                        cmocka_unit_test(test_cipher_table),       cmocka_unit_test(test_recognise),
                };

        return cmocka_run_group_tests(first, NULL, NULL) + cmocka_run_group_tests(tests, setup, teardown);
}
