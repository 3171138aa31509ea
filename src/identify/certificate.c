/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "identify/certificate.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <time.h>

#include "base/text.h"
#include "model/address.h"

#define DN_MAX        512u /* bytes of a distinguished name */
#define NAME_MAX_TEXT 256u /* of one name; a domain name has at most 253 */
#define NAMES_KEPT    64u
#define RSA_BITS_MIN  2048u /* NIST SP 800-131A: 112 bits of security */
#define EC_BITS_MIN   224u

static void bio_release(BIO **bio)
{
        (void)BIO_free(*bio);
}

static void general_names_release(GENERAL_NAMES **names)
{
        GENERAL_NAMES_free(*names);
}

/* Bytes of any kind as text for people: at most `most` bytes, cut between characters. */
static const char *printable(struct pool *pool, const void *data, size_t len, size_t most)
{
        _cleanup_str_ struct str copy = {0}, safe = {0};
        size_t end = 0, n;
        uint32_t code;

        str_add_n(&copy, data, len < most ? len : most);
        for (size_t at = 0; at < copy.len; at += strlen(copy.text + at) + 1) {
                if (at)
                        str_add(&safe, "\\x00");
                text_add_printable(&safe, copy.text + at);
        }
        while (end < safe.len && (n = text_decode(safe.text + end, safe.len - end, &code)) &&
               end + n <= most)
                end += n;
        return pool_intern_n(pool, str_text(&safe), end);
}

static const char *dn_text(const X509_NAME *dn, struct pool *pool)
{
        _cleanup_(bio_release) BIO *bio = BIO_new(BIO_s_mem());
        char *text = NULL;
        long len;

        /* as RFC 4514 has it, with characters beyond ASCII as they are */
        if (!bio || X509_NAME_print_ex(bio, dn, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB) < 0)
                return "";
        len = BIO_get_mem_data(bio, &text);
        return printable(pool, text, len > 0 ? (size_t)len : 0, DN_MAX);
}

/* The last one is the most specific. */
static const char *common_name(const X509_NAME *dn, struct pool *pool)
{
        const char *name = NULL;
        unsigned char *text = NULL;
        int last = -1, len;

        for (int at = -1; (at = X509_NAME_get_index_by_NID(dn, NID_commonName, at)) >= 0;)
                last = at;
        if (last < 0)
                return NULL;
        len = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(dn, last)));
        if (len > 0)
                name = printable(pool, text, (size_t)len, NAME_MAX_TEXT);
        OPENSSL_free(text);
        return name;
}

static const char *address_text(const ASN1_OCTET_STRING *bytes, struct pool *pool)
{
        char buf[ADDRESS_TEXT_SIZE];
        int len = ASN1_STRING_length(bytes);
        const unsigned char *data = ASN1_STRING_get0_data(bytes);
        struct address address;

        if (len != 4 && len != 16)
                return NULL;
        address = len == 4 ? address_v4(data) : address_v6(data);
        return pool_intern(pool, address_format(&address, buf));
}

static void take_names(X509 *x, struct certificate *c, struct pool *pool)
{
        _cleanup_(general_names_release) GENERAL_NAMES *all =
                X509_get_ext_d2i(x, NID_subject_alt_name, NULL, NULL); /* NULL: none, malformed, or twice */

        c->names = pool_alloc(pool, NAMES_KEPT * sizeof(*c->names));
        for (int i = 0; i < sk_GENERAL_NAME_num(all); i++) {
                const GENERAL_NAME *one = sk_GENERAL_NAME_value(all, i);

                if (one->type != GEN_DNS && one->type != GEN_IPADD)
                        continue;
                c->n_names_all++;
                if (c->n_names == NAMES_KEPT)
                        continue;
                c->names[c->n_names] =
                        one->type == GEN_DNS
                                ? printable(pool, ASN1_STRING_get0_data(one->d.dNSName),
                                            (size_t)ASN1_STRING_length(one->d.dNSName), NAME_MAX_TEXT)
                                : address_text(one->d.iPAddress, pool);
                c->n_names += !!c->names[c->n_names];
        }
}

static int64_t seconds(const ASN1_TIME *time)
{
        struct tm tm = {0};

        return ASN1_TIME_to_tm(time, &tm) == 1 ? (int64_t)timegm(&tm) : 0;
}

/* "P-256" where NIST has named it, else "secp256k1", "brainpoolP256r1" */
static const char *curve_name(const EVP_PKEY *key, struct pool *pool)
{
        char name[64] = "";
        const char *nist;

        if (EVP_PKEY_get_group_name(key, name, sizeof(name), NULL) != 1)
                return "explicit parameters";
        nist = EC_curve_nid2nist(OBJ_sn2nid(name));
        return pool_intern(pool, nist ? nist : name);
}

static void take_key(X509 *x, struct certificate *c, struct pool *pool)
{
        static const struct {
                int id;
                const char *name;
                unsigned bits_min, bits; /* bits: where OpenSSL says how many count for something else */
        } kinds[] = {
                {EVP_PKEY_RSA, "RSA", RSA_BITS_MIN}, {EVP_PKEY_RSA_PSS, "RSA-PSS", RSA_BITS_MIN},
                {EVP_PKEY_DSA, "DSA", RSA_BITS_MIN}, {EVP_PKEY_EC, "EC", EC_BITS_MIN},
                {EVP_PKEY_SM2, "SM2", EC_BITS_MIN},  {EVP_PKEY_ED25519, "Ed25519", 0, 256},
                {EVP_PKEY_ED448, "Ed448", 0, 456},
        };
        EVP_PKEY *key = X509_get0_pubkey(x); /* NULL when it cannot be read */
        ASN1_OBJECT *algorithm = NULL;
        char text[80] = "";

        if (X509_PUBKEY_get0_param(&algorithm, NULL, NULL, NULL, X509_get_X509_PUBKEY(x)) == 1)
                (void)OBJ_obj2txt(text, sizeof(text), algorithm, 0);
        c->key_type = printable(pool, text, strlen(text), sizeof(text));
        if (!key)
                return;
        c->key_bits = (unsigned)(EVP_PKEY_get_bits(key) > 0 ? EVP_PKEY_get_bits(key) : 0);
        for (size_t i = 0; i < array_len(kinds); i++)
                if (EVP_PKEY_get_base_id(key) == kinds[i].id) {
                        c->key_type = kinds[i].name;
                        c->key_bits = kinds[i].bits ? kinds[i].bits : c->key_bits;
                        c->weak_key = c->key_bits < kinds[i].bits_min;
                        break;
                }
        if (streq(c->key_type, "EC"))
                c->curve = curve_name(key, pool);
}

static void take_signature(X509 *x, struct certificate *c, struct pool *pool)
{
        static const int weak[] = {NID_md2, NID_md4, NID_md5, NID_sha, NID_sha1};
        const X509_ALGOR *algorithm = NULL;
        const ASN1_OBJECT *object = NULL;
        char text[80] = "";
        int digest = NID_undef;

        X509_get0_signature(NULL, &algorithm, x);
        X509_ALGOR_get0(&object, NULL, NULL, algorithm);
        (void)OBJ_obj2txt(text, sizeof(text), object, 0);
        c->signature = printable(pool, text, strlen(text), sizeof(text));
        (void)X509_get_signature_info(x, &digest, NULL, NULL, NULL);
        if (digest == NID_undef)
                (void)OBJ_find_sigid_algs(OBJ_obj2nid(object), &digest, NULL);
        for (size_t i = 0; i < array_len(weak); i++)
                c->weak_signature |= digest == weak[i];
}

/* A signature of an algorithm that cannot be checked is believed: nothing hangs on it but a word in the report. */
static bool self_signed(X509 *x)
{
        return X509_NAME_cmp(X509_get_subject_name(x), X509_get_issuer_name(x)) == 0 &&
               X509_verify(x, X509_get0_pubkey(x)) != 0;
}

static bool names_it(X509 *x, const char *name)
{
        struct address address;
        size_t len = strlen(name);

        if (address_parse(name, &address) == 0)
                return X509_check_ip(x, address.bytes, address.family == 4 ? 4 : 16, 0) == 1;
        if (len && name[len - 1] == '.')
                len--;
        /* "f*.example.org" is allowed by RFC 6125 and refused by browsers and RFC 9525, 6.3 */
        return X509_check_host(x, name, len, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS, NULL) == 1;
}

static const char *fingerprint(X509 *x, struct pool *pool)
{
        unsigned char digest[EVP_MAX_MD_SIZE];
        char text[2 * EVP_MAX_MD_SIZE + 1] = "";
        unsigned n = 0;

        (void)X509_digest(x, EVP_sha256(), digest, &n);
        for (unsigned i = 0; i < n; i++) {
                text[2 * i] = "0123456789abcdef"[digest[i] >> 4];
                text[2 * i + 1] = "0123456789abcdef"[digest[i] & 15];
        }
        return pool_intern_n(pool, text, 2 * n);
}

void certificate_take(X509 *x, const char *name, struct certificate *ret, struct pool *pool)
{
        *ret = (struct certificate){
                .subject = dn_text(X509_get_subject_name(x), pool),
                .issuer = dn_text(X509_get_issuer_name(x), pool),
                .common_name = common_name(X509_get_subject_name(x), pool),
                .not_before = seconds(X509_get0_notBefore(x)),
                .not_after = seconds(X509_get0_notAfter(x)),
                .sha256 = fingerprint(x, pool),
                .self_signed = self_signed(x),
                .name_mismatch = name && !names_it(x, name),
        };
        take_names(x, ret, pool);
        take_key(x, ret, pool);
        take_signature(x, ret, pool);
}
