/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ClientHellos that are never gone on with, for versions that the library may not speak any more, and what
 * servers answer. TLS: RFC 5246 (1.2), RFC 8446 (1.3), RFC 6101 (SSL 3.0). SSL 2: Hickman, "The SSL Protocol", 1995.
 */
#include "base/wire.h"
#include "identify/server_name.h"
#include "identify/tls.h"

enum {
        RECORD_ALERT = 21,
        RECORD_HANDSHAKE = 22,
        RECORD_MAX = 16384 + 2048, /* RFC 5246, 6.2.3 */
        MESSAGE_HELLO_REQUEST = 0,
        MESSAGE_CLIENT_HELLO = 1,
        MESSAGE_SERVER_HELLO = 2,
        ALERT_WARNING = 1,
        ALERT_FATAL = 2,
        ALERT_HANDSHAKE_FAILURE = 40,
        ALERT_UNRECOGNIZED_NAME = 112,
        EXTENSION_SERVER_NAME = 0,
        EXTENSION_GROUPS = 10,
        EXTENSION_POINT_FORMATS = 11,
        EXTENSION_SIGNATURES = 13,
        EXTENSION_PADDING = 21,
        EXTENSION_MASTER_SECRET = 23,
        EXTENSION_VERSIONS = 43,
        EXTENSION_PSK_MODES = 45,
        EXTENSION_KEY_SHARE = 51,
        GROUP_X25519 = 29,
        DRAFTS = 0x7f, /* first byte of the versions that drafts of TLS 1.3 had */
        SSL2_CLIENT_HELLO = 1,
        SSL2_ERROR = 0,
        SSL2_SERVER_HELLO = 4,
        SSL2_VERSION = 2,
};

/* --- weak suites ---------------------------------------------------------------------------------------- */

/* By the IANA registry "TLS Cipher Suites": NULL, anonymous, export, RC2, RC4, DES, 3DES (RFC 8429), IDEA (RFC 5469) */
static const struct {
        uint16_t first, last;
} weak_suites[] = {
        {0x0000, 0x002e}, /* the oldest; 0x002c-0x002e: PSK with NULL */
        {0x0034, 0x0034}, {0x003a, 0x003a}, {0x003b, 0x003b}, {0x0046, 0x0046},
        {0x0060, 0x0066}, /* export with 1024 bits; draft-ietf-tls-56-bit-ciphersuites */
        {0x006c, 0x006d}, {0x0089, 0x0089}, {0x008a, 0x008b}, {0x008e, 0x008f},
        {0x0092, 0x0093}, {0x009b, 0x009b}, {0x00a6, 0x00a7}, {0x00b0, 0x00b1},
        {0x00b4, 0x00b5}, {0x00b8, 0x00b9}, {0x00bf, 0x00bf}, {0x00c5, 0x00c5},
        {0xc001, 0xc003}, {0xc006, 0xc008}, {0xc00b, 0xc00d}, {0xc010, 0xc012},
        {0xc015, 0xc019}, /* ECDH, RFC 8422 */
        {0xc01a, 0xc01c}, /* SRP with 3DES */
        {0xc033, 0xc034}, {0xc039, 0xc03b}, {0xc046, 0xc047}, {0xc05a, 0xc05b},
        {0xc084, 0xc085}, {0xc0b4, 0xc0b5}, /* integrity alone, RFC 9150 */
        {0xfefe, 0xfeff}, {0xffe0, 0xffe1}, /* Netscape's DES and 3DES */
};

bool tls_cipher_weak(uint16_t suite)
{
        for (size_t i = 0; i < array_len(weak_suites); i++)
                if (suite >= weak_suites[i].first && suite <= weak_suites[i].last)
                        return true;
        return false;
}

/* --- what we say ---------------------------------------------------------------------------------------- */

static const uint16_t suites_1_3[] = {0x1301, 0x1302, 0x1303, 0x1304, 0x1305};

/* AEAD and SHA-2, for TLS 1.2 (RFC 5246, A.5) */
static const uint16_t suites_1_2[] = {
        0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc023, 0xc027, 0xc024, 0xc028, /* ECDHE */
        0x009e, 0x009f, 0xccaa, 0x0067, 0x006b, 0x00a2, 0x00a3, 0x0040, 0x006a,         /* DHE */
        0xc02d, 0xc031, 0xc02e, 0xc032, 0xc025, 0xc029, 0xc026, 0xc02a,                 /* ECDH */
        0x009c, 0x009d, 0x003c, 0x003d, 0xc09c, 0xc09d, 0xc0a0, 0xc0a1,                 /* RSA */
        0xc0ac, 0xc0ad, 0xc0ae, 0xc0af, 0xc09e, 0xc09f,                                 /* CCM */
        0xc05c, 0xc05d, 0xc060, 0xc061, 0xc052, 0xc053, 0xc050, 0xc051, 0xc072, 0xc073,
        0xc076, 0xc077, /* ARIA, Camellia */
        0x00ba, 0x00be, 0x00c0, 0x00c4, 0x00a6, 0x00a7, 0x006c, 0x006d, 0x00bf, 0x00c5,
        0x003b, /* anonymous, NULL */
};

/* TLS 1.0 and 1.1 (RFC 4346, A.5; RFC 4492, 6), also of 1.2 */
static const uint16_t suites_1_0[] = {
        0xc009, 0xc013, 0xc00a, 0xc014, 0xc004, 0xc00e, 0xc005, 0xc00f, 0xc007, 0xc011,
        0xc008, 0xc012, 0xc002, 0xc00c, 0xc003, 0xc00d, 0xc018, 0xc019, 0xc016, 0xc017,
        0xc006, 0xc010, 0xc015, 0xc001, 0xc00b, 0x0041, 0x0084, 0x0045, 0x0088, 0x0044,
        0x0087, 0x0096, 0x009a, 0x0099, 0x0046, 0x0089, 0x009b, /* Camellia, SEED */
};

/* RFC 6101, A.6, and AES (RFC 3268), which servers took in SSL 3.0, too; export last */
static const uint16_t suites_ssl3[] = {
        0x0033, 0x0039, 0x0032, 0x0038, 0x002f, 0x0035, 0x0031, 0x0037, 0x0030, 0x0036, 0x0016,
        0x0013, 0x000a, 0x0010, 0x000d, 0x0005, 0x0004, 0x0007, 0x0015, 0x0012, 0x0009, 0x000f,
        0x000c, 0x0034, 0x003a, 0x0018, 0x001b, 0x001a, 0x0002, 0x0001, 0x0014, 0x0011, 0x0008,
        0x0006, 0x0003, 0x000e, 0x000b, 0x0017, 0x0019, 0x0062, 0x0064,
};

static const uint16_t renegotiation_info[] = {0x00ff}; /* RFC 5746, 3.3: works where extensions do not */

/* x25519, P-256, P-384, P-521, x448, secp256k1, brainpool, the old ones of RFC 4492, ffdhe2048 and 3072 */
static const uint16_t groups[] = {29, 23, 24, 25, 30, 22, 26, 27, 28, 21,  20,
                                  19, 18, 17, 16, 14, 13, 11, 10, 9,  256, 257};

/* ECDSA, EdDSA, RSA-PSS, RSA, DSA, also with SHA-1 and MD5 (RFC 5246, 7.4.1.4.1; RFC 8446, 4.2.3) */
static const uint16_t signatures[] = {0x0403, 0x0503, 0x0603, 0x0807, 0x0808, 0x0804, 0x0805, 0x0806,
                                      0x0809, 0x080a, 0x080b, 0x0401, 0x0501, 0x0601, 0x0303, 0x0301,
                                      0x0402, 0x0502, 0x0602, 0x0302, 0x0203, 0x0201, 0x0202, 0x0101};

/* CIPHER-KINDs: RC4, RC2, IDEA, DES, 3DES, export */
static const char ssl2_ciphers[] =
        "\x07\x00\xc0\x05\x00\x80\x03\x00\x80\x01\x00\x80\x06\x00\x40\x04\x00\x80\x02\x00\x80";

static void add_u8(struct str *s, unsigned v)
{
        str_add_char(s, (char)(uint8_t)v);
}

static void add_be16(struct str *s, unsigned v)
{
        add_u8(s, v >> 8);
        add_u8(s, v);
}

static void add_all(struct str *s, const uint16_t *numbers, size_t n)
{
        for (size_t i = 0; i < n; i++)
                add_be16(s, numbers[i]);
}

/* Begin what has a length of two bytes before it, and end it. */
static size_t begin(struct str *s)
{
        add_be16(s, 0);
        return s->len;
}

static void end(struct str *s, size_t from)
{
        size_t len = s->len - from;

        s->text[from - 2] = (char)(uint8_t)(len >> 8);
        s->text[from - 1] = (char)(uint8_t)len;
}

/* Bytes that differ from hello to hello; nothing of them is secret. splitmix64 (Steele, Lea, Flood 2014) */
static void add_random(struct str *s, size_t n, uint64_t *state)
{
        uint64_t z = 0;

        for (size_t i = 0; i < n; i++) {
                if (i % 8 == 0) {
                        z = *state += 0x9e3779b97f4a7c15;
                        z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
                        z = (z ^ z >> 27) * 0x94d049bb133111eb;
                        z ^= z >> 31;
                }
                add_u8(s, (unsigned)(z >> i % 8 * 8) & 0xff);
        }
}

static void add_ssl2(struct str *s, uint64_t nonce)
{
        const size_t ciphers = sizeof(ssl2_ciphers) - 1, challenge = 16;

        add_be16(s, (unsigned)(0x8000 | (9 + ciphers + challenge)));
        add_u8(s, SSL2_CLIENT_HELLO);
        add_be16(s, SSL2_VERSION);
        add_be16(s, (unsigned)ciphers);
        add_be16(s, 0); /* no session to resume */
        add_be16(s, (unsigned)challenge);
        str_add_n(s, ssl2_ciphers, ciphers);
        add_random(s, challenge, &nonce);
}

/* TLS 1.0 has 0x0301; 1.3 calls itself 1.2 outside of its extension. */
static unsigned version_number(enum tls_version version)
{
        return 0x0300u + (version < TLS_1_2 ? version : TLS_1_2) - TLS_SSL3;
}

static void add_suites(struct str *s, enum tls_version highest)
{
        size_t from = begin(s);

        if (highest == TLS_1_3) {
                add_all(s, suites_1_3, array_len(suites_1_3));
        } else {
                if (highest == TLS_1_2)
                        add_all(s, suites_1_2, array_len(suites_1_2));
                if (highest >= TLS_1_0)
                        add_all(s, suites_1_0, array_len(suites_1_0));
                add_all(s, suites_ssl3, array_len(suites_ssl3));
                add_all(s, renegotiation_info, array_len(renegotiation_info));
        }
        end(s, from);
}

/* RFC 6066, 3 */
static void add_server_name(struct str *s, const char *name)
{
        size_t len = server_name_len(name), extension, list, host;

        if (!len)
                return;
        add_be16(s, EXTENSION_SERVER_NAME);
        extension = begin(s);
        list = begin(s);
        add_u8(s, 0); /* host_name */
        host = begin(s);
        str_add_n(s, name, len);
        end(s, host);
        end(s, list);
        end(s, extension);
}

static void add_list(struct str *s, unsigned extension, const uint16_t *numbers, size_t n)
{
        size_t from, list;

        add_be16(s, extension);
        from = begin(s);
        list = begin(s);
        add_all(s, numbers, n);
        end(s, list);
        end(s, from);
}

static void add_bytes(struct str *s, unsigned extension, const char *bytes, size_t len)
{
        add_be16(s, extension);
        add_be16(s, (unsigned)len);
        str_add_n(s, bytes, len);
}

/* Any 32 bytes are a public key of X25519 (RFC 7748, 5). */
static void add_key_share(struct str *s, uint64_t *state)
{
        size_t from, list, key;

        add_be16(s, EXTENSION_KEY_SHARE);
        from = begin(s);
        list = begin(s);
        add_be16(s, GROUP_X25519);
        key = begin(s);
        add_random(s, 32, state);
        end(s, key);
        end(s, list);
        end(s, from);
}

static void add_extensions(struct str *s, enum tls_version highest, const char *name, uint64_t *state)
{
        size_t from = begin(s);

        add_server_name(s, name);
        add_list(s, EXTENSION_GROUPS, groups, array_len(groups));
        if (highest >= TLS_1_2)
                add_list(s, EXTENSION_SIGNATURES, signatures, array_len(signatures));
        if (highest == TLS_1_3) {
                add_bytes(s, EXTENSION_VERSIONS, "\x02\x03\x04", 3);
                add_bytes(s, EXTENSION_PSK_MODES, "\x01\x01", 2);
                add_key_share(s, state);
        } else {
                add_bytes(s, EXTENSION_POINT_FORMATS, "\x03\x00\x01\x02", 4);
                add_bytes(s, EXTENSION_MASTER_SECRET, "", 0);
        }
        end(s, from);
}

/* Some load balancers hang on a handshake message of 256 to 511 bytes (RFC 7685, 1): lengths are then filled up. */
static void pad(struct str *s, size_t message, size_t extensions)
{
        size_t len = s->len - message;

        if (len < 256 || len >= 512)
                return;
        add_be16(s, EXTENSION_PADDING);
        len += 4;
        add_be16(s, len < 512 ? (unsigned)(512 - len) : 0);
        for (; len < 512; len++)
                add_u8(s, 0);
        end(s, extensions);
}

void tls_hello_add(struct str *to, enum tls_version highest, const char *name, uint64_t nonce)
{
        size_t record, message, extensions;

        if (highest == TLS_SSL2) {
                add_ssl2(to, nonce);
                return;
        }
        add_u8(to, RECORD_HANDSHAKE);
        add_be16(to, highest == TLS_SSL3 ? 0x0300 : 0x0301); /* RFC 5246, E.1 */
        record = begin(to);
        add_u8(to, MESSAGE_CLIENT_HELLO);
        add_u8(to, 0);
        message = begin(to);
        add_be16(to, version_number(highest));
        add_random(to, 32, &nonce);
        add_u8(to, highest == TLS_1_3 ? 32 : 0); /* session id: RFC 8446, D.4 */
        if (highest == TLS_1_3)
                add_random(to, 32, &nonce);
        add_suites(to, highest);
        add_be16(to, 0x0100); /* no compression */
        if (highest >= TLS_1_0) {
                extensions = to->len + 2;
                add_extensions(to, highest, name, &nonce);
                pad(to, message - 4, extensions);
        }
        end(to, message);
        end(to, record);
}

/* --- what comes back ---------------------------------------------------------------------------------- */

/* Handshake messages, which may be cut into records anywhere. */
struct handshake {
        struct wire all, record;
        bool more, bad; /* sticky: the bytes end here; this is not TLS */
        size_t bound;   /* bytes that the message still has */
};

struct record {
        unsigned type;
        size_t len;
};

/* The header of a record, as far as it is there. */
static enum tls_answer read_header(struct wire *w, struct record *ret)
{
        size_t there = wire_left(w);
        unsigned version;

        if (there > 0 && w->at[0] != RECORD_ALERT && w->at[0] != RECORD_HANDSHAKE)
                return TLS_ANSWER_NOT_TLS;
        if (there > 1 && w->at[1] != 3)
                return TLS_ANSWER_NOT_TLS;
        if (there < 5)
                return TLS_ANSWER_MORE;
        ret->type = wire_u8(w);
        version = wire_be16(w);
        ret->len = wire_be16(w);
        return version > 0x0304 || !ret->len || ret->len > RECORD_MAX ? TLS_ANSWER_NOT_TLS
                                                                      : TLS_ANSWER_ACCEPTED;
}

static void next_record(struct handshake *h)
{
        struct record record = {0};
        enum tls_answer header = read_header(&h->all, &record);
        size_t there;

        h->more |= header == TLS_ANSWER_MORE;
        h->bad |= header == TLS_ANSWER_NOT_TLS ||
                  (header == TLS_ANSWER_ACCEPTED && record.type != RECORD_HANDSHAKE);
        if (h->more || h->bad)
                return;
        there = wire_left(&h->all);
        h->record = wire_sub(&h->all, record.len < there ? record.len : there);
        h->more |= !wire_left(&h->record);
}

/* A byte of the handshake; 0 when there is none. */
static unsigned byte(struct handshake *h)
{
        if (!h->more && !h->bad && !wire_left(&h->record))
                next_record(h);
        if (h->more || h->bad)
                return 0;
        if (!h->bound--) {
                h->bad = true; /* what is in the message is longer than it */
                return 0;
        }
        return wire_u8(&h->record);
}

static unsigned be16(struct handshake *h)
{
        unsigned high = byte(h);

        return high << 8 | byte(h);
}

static void skip(struct handshake *h, size_t n)
{
        while (n-- && !h->more && !h->bad)
                (void)byte(h);
}

/* The extension supported_versions of a server holds the one it chose (RFC 8446, 4.2.1). 0 = it is not there. */
static unsigned version_extension(struct handshake *h)
{
        size_t left = h->bound ? be16(h) : 0;
        unsigned chosen = 0;

        if (left > h->bound)
                h->bad = true;
        while (left && !h->more && !h->bad) {
                unsigned type, len;

                if (left < 4) {
                        h->bad = true;
                        break;
                }
                type = be16(h);
                len = be16(h);
                if (len > left - 4 || (type == EXTENSION_VERSIONS && len != 2)) {
                        h->bad |= !h->more;
                        break;
                }
                if (type == EXTENSION_VERSIONS)
                        chosen = be16(h);
                else
                        skip(h, len);
                left -= 4 + len;
        }
        return chosen;
}

static bool known_version(unsigned number, enum tls_version *ret)
{
        if (number >> 8 == DRAFTS)
                number = 0x0304;
        if (number < 0x0300 || number > 0x0304)
                return false;
        *ret = (enum tls_version)(TLS_SSL3 + (number - 0x0300));
        return true;
}

/* RFC 5246, 7.4.1.3; a HelloRetryRequest has the same form (RFC 8446, 4.1.4) */
static enum tls_answer server_hello(struct handshake *h, enum tls_version *ret_version, uint16_t *ret_cipher)
{
        unsigned version, suite, chosen, session;

        version = be16(h);
        h->bad |= !h->more && version >> 8 != 3 && version >> 8 != DRAFTS;
        skip(h, 32);
        session = byte(h);
        h->bad |= session > 32;
        skip(h, session);
        suite = be16(h);
        skip(h, 1); /* compression */
        chosen = version_extension(h);
        h->bad |= !h->more && h->bound;
        if (h->bad || (!h->more && !known_version(chosen ? chosen : version, ret_version)))
                return TLS_ANSWER_NOT_TLS;
        if (h->more)
                return TLS_ANSWER_MORE;
        *ret_cipher = (uint16_t)suite;
        return TLS_ANSWER_ACCEPTED;
}

static enum tls_answer handshake_read(struct wire w, enum tls_version *ret_version, uint16_t *ret_cipher)
{
        struct handshake h = {.all = w};

        for (;;) {
                unsigned type;
                size_t len;

                h.bound = 4;
                type = byte(&h);
                len = (size_t)byte(&h) << 16;
                len |= be16(&h);
                if (h.bad || (type != MESSAGE_HELLO_REQUEST && type != MESSAGE_SERVER_HELLO))
                        return TLS_ANSWER_NOT_TLS;
                if (h.more)
                        return TLS_ANSWER_MORE;
                h.bound = len;
                if (type == MESSAGE_SERVER_HELLO)
                        return server_hello(&h, ret_version, ret_cipher);
                if (len)
                        return TLS_ANSWER_NOT_TLS;
        }
}

/* SSL 2: a record with a header of two bytes, whose content begins with the message's type. */
static bool starts_as_ssl2(const uint8_t *data, size_t len)
{
        return len && data[0] & 0x80 && (len < 3 || data[2] == SSL2_SERVER_HELLO || data[2] == SSL2_ERROR);
}

static enum tls_answer ssl2_read(struct wire w, enum tls_version *ret_version, uint16_t *ret_cipher,
                                 uint8_t *ret_alert)
{
        unsigned len, type, hit, kind, version, certificate, ciphers, id;

        if (wire_left(&w) < 3)
                return TLS_ANSWER_MORE;
        len = wire_be16(&w) & 0x7fff;
        type = wire_u8(&w);
        if (type == SSL2_ERROR ? len != 3 : len < 11)
                return TLS_ANSWER_NOT_TLS;
        if (wire_left(&w) < (type == SSL2_ERROR ? 2u : 10u))
                return TLS_ANSWER_MORE;
        *ret_alert = ALERT_HANDSHAKE_FAILURE;
        if (type == SSL2_ERROR) {
                unsigned code = wire_be16(&w);

                return code && code <= 6 ? TLS_ANSWER_REFUSED : TLS_ANSWER_NOT_TLS;
        }
        hit = wire_u8(&w);
        kind = wire_u8(&w);
        version = wire_be16(&w);
        certificate = wire_be16(&w);
        ciphers = wire_be16(&w);
        id = wire_be16(&w);
        if (hit > 1 || kind > 1 || version != SSL2_VERSION || ciphers % 3 ||
            11 + certificate + ciphers + id != len)
                return TLS_ANSWER_NOT_TLS;
        if (!ciphers && !hit) /* none in common: no session can come of it */
                return TLS_ANSWER_REFUSED;
        *ret_alert = 0;
        *ret_version = TLS_SSL2;
        *ret_cipher = 0; /* its CIPHER-KINDs are not of the registry; all are weak, as 0 is */
        return TLS_ANSWER_ACCEPTED;
}

enum tls_answer tls_answer_read(const uint8_t *data, size_t len, enum tls_version *ret_version,
                                uint16_t *ret_cipher, uint8_t *ret_alert)
{
        struct wire w = wire_over(data, len);

        *ret_alert = 0;
        if (starts_as_ssl2(data, len))
                return ssl2_read(w, ret_version, ret_cipher, ret_alert);
        for (;;) {
                const struct wire start = w;
                struct record record = {0};
                enum tls_answer header = read_header(&w, &record);
                unsigned level, what;

                if (header != TLS_ANSWER_ACCEPTED)
                        return header;
                if (record.type == RECORD_HANDSHAKE)
                        return handshake_read(start, ret_version, ret_cipher);
                if (record.len != 2)
                        return TLS_ANSWER_NOT_TLS;
                if (wire_left(&w) < 2)
                        return TLS_ANSWER_MORE;
                level = wire_u8(&w);
                what = wire_u8(&w);
                if (level != ALERT_WARNING && level != ALERT_FATAL)
                        return TLS_ANSWER_NOT_TLS;
                *ret_alert = (uint8_t)what;
                /* a warning that the name is not known comes before a ServerHello (RFC 6066, 3) */
                if (level == ALERT_FATAL || what != ALERT_UNRECOGNIZED_NAME)
                        return TLS_ANSWER_REFUSED;
        }
}
