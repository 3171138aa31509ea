/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TLS by OpenSSL between two memory BIOs. What is set here makes it agree to as much as it can: security level
 * 0, old servers without RFC 5746, short DH keys. What a peer could make dear is cut: chains, long DH keys,
 * renegotiation, what waits unread.
 */
#include <openssl/err.h>
#include <openssl/provider.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "base/text.h"
#include "identify/certificate.h"
#include "identify/server_name.h"
#include "identify/tls.h"

#define CHAIN_MAX   (100 * 1024L)
#define WAITING_MAX (1024 * 1024u) /* bytes from the peer that nobody has read yet */
/*
 * With a group of the server's own making 40 ms of our time; 8192 bits take 280. OpenSSL checks the public value
 * before we are asked, but only in well-known groups, where little else is to be done: ffdhe8192 costs 125 ms.
 */
#define DH_BITS_MAX 4096
#define READ_STEP   4096u

struct tls_session {
        SSL *ssl;
        BIO *in, *out; /* owned by ssl */
        X509 *leaf;    /* the server's own certificate, or NULL */
        char *name;
        enum tls_state state;
        bool wants_client_certificate;
        int alert;           /* the fatal one that the peer sent, or -1 */
        unsigned long error; /* OpenSSL's, of what ended it */
        const char *fault;   /* what ended it, where OpenSSL had nothing to say */
};

static SSL_CTX *context; /* of all sessions; made once by tls_start, and then only read */

static struct tls_session *session_of(const SSL *ssl)
{
        return SSL_get_app_data(ssl);
}

/* In place of building a chain: nobody is trusted, so nothing is to be verified. */
static int take_chain(X509_STORE_CTX *store, void *arg)
{
        const SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
        struct tls_session *s = session_of(ssl);
        X509 *leaf = X509_STORE_CTX_get0_cert(store);

        if (leaf && !s->leaf && X509_up_ref(leaf))
                s->leaf = leaf;
        return 1;
}

static int note_request(SSL *ssl, X509 **ret_certificate, EVP_PKEY **ret_key)
{
        session_of(ssl)->wants_client_certificate = true;
        return 0; /* we have none */
}

static void note_alert(const SSL *ssl, int where, int value)
{
        if (where == SSL_CB_READ_ALERT && value >> 8 == SSL3_AL_FATAL)
                session_of(ssl)->alert = value & 0xff;
}

static int judge_strength(const SSL *ssl, const SSL_CTX *ctx, int op, int bits, int nid, void *other,
                          void *arg)
{
        return op != SSL_SECOP_TMP_DH || !other || EVP_PKEY_get_bits(other) <= DH_BITS_MAX;
}

static bool set_up(SSL_CTX *ctx)
{
        SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
                                         SSL_OP_LEGACY_SERVER_CONNECT);
        SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE);
        SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
        SSL_CTX_set_max_cert_list(ctx, CHAIN_MAX);
        SSL_CTX_set_security_level(ctx, 0);
        SSL_CTX_set_security_callback(ctx, judge_strength);
        SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, NULL);
        SSL_CTX_set_cert_verify_callback(ctx, take_chain, NULL);
        SSL_CTX_set_client_cert_cb(ctx, note_request);
        SSL_CTX_set_info_callback(ctx, note_alert);
        /* what does not authenticate or encrypt comes last, so that it is taken only when there is nothing else */
        return SSL_CTX_set_min_proto_version(ctx, TLS1_VERSION) &&
               SSL_CTX_set_cipher_list(ctx, "ALL:COMPLEMENTOFALL:+aNULL:+eNULL:@SECLEVEL=0");
}

int tls_start(struct err *err)
{
        unsigned char random[16];

        if (context)
                return 0;
        if (!OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_LOAD_SSL_STRINGS |
                                      OPENSSL_INIT_LOAD_CRYPTO_STRINGS,
                              NULL) ||
            !OSSL_PROVIDER_load(NULL, "default"))
                return err_set(err, -ENOSYS, "starting OpenSSL: it has no algorithms");
        (void)OSSL_PROVIDER_load(
                NULL, "legacy"); /* RC4, where the library was built to speak it; may be missing */
        context = SSL_CTX_new(TLS_client_method());
        if (!context || !set_up(context) || RAND_bytes(random, sizeof(random)) != 1 ||
            RAND_priv_bytes(random, sizeof(random)) != 1) {
                SSL_CTX_free(take_ptr(context));
                return err_set(err, -EIO, "starting OpenSSL: %s",
                               ERR_reason_error_string(ERR_peek_last_error()));
        }
        ERR_clear_error();
        return 0;
}

struct tls_session *tls_session_new(const char *name, bool alpn)
{
        static const unsigned char protocols[] = "\x02h2\x08http/1.1";
        size_t len = server_name_len(name);
        struct tls_session *s = xcalloc(1, sizeof(*s));

        *s = (struct tls_session){
                .ssl = SSL_new(context),
                .in = BIO_new(BIO_s_mem()),
                .out = BIO_new(BIO_s_mem()),
                .name = name ? xstrdup(name) : NULL,
                .alert = -1,
        };
        if (!s->ssl || !s->in || !s->out)
                abort();                         /* out of memory, as in base/mem.h */
        (void)BIO_set_mem_eof_return(s->in, -1); /* empty: more may come */
        (void)BIO_set_mem_eof_return(s->out, -1);
        SSL_set_bio(s->ssl, s->in, s->out);
        SSL_set_app_data(s->ssl, s);
        SSL_set_connect_state(s->ssl);
        if (len) {
                _cleanup_free_ char *plain = xstrndup(name, len);

                (void)SSL_set_tlsext_host_name(s->ssl, plain);
        }
        if (alpn)
                (void)SSL_set_alpn_protos(s->ssl, protocols, sizeof(protocols) - 1);
        return s;
}

struct tls_session *tls_session_free(struct tls_session *s)
{
        if (s) {
                SSL_free(s->ssl);
                X509_free(s->leaf);
                free(s->name);
                free(s);
        }
        return NULL;
}

/* What became of a call that returned other than success. */
static enum tls_state went(struct tls_session *s, int result)
{
        switch (SSL_get_error(s->ssl, result)) {
        case SSL_ERROR_WANT_READ:
        case SSL_ERROR_WANT_WRITE:
                break;
        case SSL_ERROR_ZERO_RETURN:
                s->fault = "the server ended the handshake";
                s->state = s->state == TLS_OPEN ? TLS_CLOSED : TLS_FAILED;
                break;
        default:
                s->error = ERR_peek_error();
                s->state = TLS_FAILED;
        }
        ERR_clear_error();
        return s->state;
}

enum tls_state tls_session_feed(struct tls_session *s, const void *data, size_t len)
{
        int r;

        if (s->state != TLS_HANDSHAKE && s->state != TLS_OPEN)
                return s->state;
        if (len > WAITING_MAX || BIO_pending(s->in) > (int)(WAITING_MAX - len)) {
                s->fault = "the server sent more than anybody waits for";
                s->state = TLS_FAILED;
                return s->state;
        }
        ERR_clear_error();
        if (len)
                (void)BIO_write(s->in, data, (int)len);
        if (s->state == TLS_OPEN)
                return s->state;
        r = SSL_do_handshake(s->ssl);
        if (r != 1)
                return went(s, r);
        s->state = TLS_OPEN;
        return s->state;
}

void tls_session_out(struct tls_session *s, struct str *to)
{
        char *text = NULL;
        long len = BIO_get_mem_data(s->out, &text);

        if (len > 0)
                str_add_n(to, text, (size_t)len);
        (void)BIO_reset(s->out);
}

enum tls_state tls_session_read(struct tls_session *s, struct str *to, size_t most)
{
        char part[READ_STEP];
        size_t n = 0;

        ERR_clear_error();
        while (s->state == TLS_OPEN && most) {
                if (!SSL_read_ex(s->ssl, part, most < sizeof(part) ? most : sizeof(part), &n))
                        return went(s, 0);
                str_add_n(to, part, n);
                most -= n;
        }
        return s->state;
}

enum tls_state tls_session_write(struct tls_session *s, const void *data, size_t len)
{
        const char *at = data;
        size_t n = 0;

        ERR_clear_error();
        for (; s->state == TLS_OPEN && len; at += n, len -= n)
                if (!SSL_write_ex(s->ssl, at, len, &n))
                        return went(s, 0);
        return s->state;
}

/* --- facts ------------------------------------------------------------------------------------ */

static bool version_of(const SSL *ssl, enum tls_version *ret)
{
        static const struct {
                int number;
                enum tls_version version;
        } known[] = {{TLS1_VERSION, TLS_1_0},
                     {TLS1_1_VERSION, TLS_1_1},
                     {TLS1_2_VERSION, TLS_1_2},
                     {TLS1_3_VERSION, TLS_1_3}};

        for (size_t i = 0; i < array_len(known); i++)
                if (SSL_version(ssl) == known[i].number) {
                        *ret = known[i].version;
                        return true;
                }
        return false;
}

/* All bits from one version to TLS 1.3. */
static unsigned from_version(enum tls_version lowest)
{
        return (2u << TLS_1_3) - (1u << lowest);
}

static void take_agreed(const SSL *ssl, struct tls_facts *facts)
{
        const SSL_CIPHER *cipher = SSL_get_current_cipher(ssl);

        if (!cipher)
                cipher = SSL_get_pending_cipher(ssl); /* the ServerHello has come */
        if (!cipher || !version_of(ssl, &facts->version))
                return;
        facts->versions = 1u << facts->version;
        facts->versions_asked =
                from_version(facts->version); /* it took the highest that it knows of those offered */
        facts->cipher = SSL_CIPHER_get_name(cipher);
        facts->weak_cipher = tls_cipher_weak(SSL_CIPHER_get_protocol_id(cipher));
}

static const char *alpn_of(const SSL *ssl, struct pool *pool)
{
        _cleanup_str_ struct str safe = {0};
        const unsigned char *name = NULL;
        char copy[256] = "";
        unsigned len = 0;

        SSL_get0_alpn_selected(ssl, &name, &len);
        if (!len || len >= sizeof(copy))
                return NULL;
        memcpy(copy, name, len);
        text_add_printable(&safe, copy);
        return pool_intern(pool, str_text(&safe));
}

/* RFC 8446, 6.2, and RFC 7507, 3 for what this library has no words for. */
static const char *alert_words(int alert)
{
        static const struct {
                int alert;
                const char *words;
        } newer[] = {{86, "inappropriate fallback"},
                     {109, "missing extension"},
                     {116, "certificate required"},
                     {120, "no application protocol"}};

        for (size_t i = 0; i < array_len(newer); i++)
                if (alert == newer[i].alert)
                        return newer[i].words;
        return SSL_alert_desc_string_long(alert);
}

static bool of_ssl(unsigned long error, int reason)
{
        return ERR_GET_LIB(error) == ERR_LIB_SSL && ERR_GET_REASON(error) == reason;
}

/* NULL unless it failed */
static const char *fault_of(const struct tls_session *s, struct pool *pool)
{
        static const struct {
                int reason;
                const char *words;
        } known[] = {
                {SSL_R_WRONG_VERSION_NUMBER, "the answer is not TLS"},
                {SSL_R_HTTP_REQUEST, "the answer is not TLS"},
                {SSL_R_HTTPS_PROXY_REQUEST, "the answer is not TLS"},
                {SSL_R_EXCESSIVE_MESSAGE_SIZE,
                 "the server sent a message that is too long (certificates above 100 KiB)"},
                {SSL_R_DH_KEY_TOO_SMALL,
                 "the server's Diffie-Hellman key is larger than 4096 bits"}, /* judge_strength */
                {SSL_R_UNSUPPORTED_PROTOCOL, "the server chose a version below TLS 1.0"},
        };
        const char *reason = ERR_reason_error_string(s->error);

        if (s->state != TLS_FAILED)
                return NULL;
        if (s->alert >= 0)
                return pool_printf(pool, "the server refused: %s", alert_words(s->alert));
        for (size_t i = 0; i < array_len(known); i++)
                if (of_ssl(s->error, known[i].reason))
                        return known[i].words;
        if (s->fault)
                return s->fault;
        return pool_printf(pool, "OpenSSL: %s", reason ? reason : "error");
}

void tls_session_facts(const struct tls_session *s, struct tls_facts *ret, struct pool *pool)
{
        *ret = (struct tls_facts){
                .alpn = alpn_of(s->ssl, pool),
                .wants_client_certificate = s->wants_client_certificate,
                .has_certificate = s->leaf,
                .fault = fault_of(s, pool),
        };
        take_agreed(s->ssl, ret);
        if (!ret->versions && (s->alert == SSL_AD_PROTOCOL_VERSION || of_ssl(s->error, SSL_R_UNSUPPORTED_PROTOCOL)))
                ret->versions_asked = from_version(TLS_1_0);
        if (s->leaf)
                certificate_take(s->leaf, s->name, &ret->certificate, pool);
}
