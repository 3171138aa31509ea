/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What speaks at an endpoint: the protocol, how it is protected, the product as it names itself, and what that was
 * told by. Plain data; all it points to lives in the pool it was made with. Text came from outside and was made
 * printable (base/text.h) when it was taken.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/pool.h"
#include "model/advice.h"

enum encryption {
        ENCRYPTION_UNKNOWN, /* nothing spoke */
        ENCRYPTION_NONE,
        ENCRYPTION_TLS,      /* from the first byte */
        ENCRYPTION_STARTTLS, /* offered, or required: IDENTITY_STARTTLS_REQUIRED */
        ENCRYPTION_NATIVE,   /* the protocol brings its own: SSH and the like */
        ENCRYPTION_MAX,
};

/* How the port behaved, where nothing known spoke; the word in "behaviour". */
enum behaviour {
        BEHAVIOUR_TALKS,     /* it was understood */
        BEHAVIOUR_SILENT,    /* takes all and says nothing */
        BEHAVIOUR_CLOSES,    /* accepts, and ends the connection before or at the first byte */
        BEHAVIOUR_RESETS,    /* the same with a reset */
        BEHAVIOUR_FLOODS,    /* sends without end */
        BEHAVIOUR_TARPIT,    /* dribbles a little at a time to hold whoever asks */
        BEHAVIOUR_ANSWERS,   /* says something that no known protocol does */
        BEHAVIOUR_GONE,      /* was open, and takes no more connections now */
        BEHAVIOUR_NOT_ASKED, /* nothing may be sent there (device class, printer port, time) */
        BEHAVIOUR_MIDDLEBOX, /* all ports of the host answer alike: something between answers for it */
        BEHAVIOUR_MAX,
};

enum identity_flag {
        IDENTITY_STARTTLS_REQUIRED = 1 << 0, /* refuses to go on without */
        IDENTITY_PLAIN_LOGIN = 1 << 1,       /* takes passwords over the connection as it is, unencrypted */
        IDENTITY_NO_AUTH = 1 << 2,           /* served data or commands to a stranger */
        IDENTITY_WEAK_CRYPTO = 1 << 3,       /* offers algorithms that are broken; which: detail "weak" */
        IDENTITY_OBSOLETE =
                1 << 4,          /* a version of the protocol that nobody should speak: SSH 1, SMB 1 ... */
        IDENTITY_RELAY = 1 << 5, /* passes on for strangers: open proxy, recursive resolver */
};

enum tls_version { TLS_SSL2, TLS_SSL3, TLS_1_0, TLS_1_1, TLS_1_2, TLS_1_3, TLS_VERSION_MAX };

struct certificate {
        const char *subject, *issuer;  /* RFC 4514 text, at most 512 bytes */
        const char *common_name;       /* or NULL */
        const char **names;            /* dNSName and iPAddress of subjectAltName */
        size_t n_names;                /* kept, at most 64 */
        size_t n_names_all;            /* in the certificate */
        int64_t not_before, not_after; /* seconds since 1970 */
        const char *key_type;          /* "RSA", "EC", "Ed25519" ... */
        unsigned key_bits;
        const char *curve;     /* of EC keys, or NULL */
        const char *signature; /* "sha256WithRSAEncryption" */
        const char *sha256;    /* of the whole, hexadecimal */
        bool self_signed;
        bool name_mismatch;            /* asked by name, and the certificate has another */
        bool weak_key, weak_signature; /* RSA below 2048, EC below 224 bits; MD5, SHA-1 */
};

struct tls_facts {
        unsigned versions;        /* bits by enum tls_version that the server accepted */
        unsigned versions_asked;  /* bits that it was asked for: the others are not known */
        enum tls_version version; /* of the full handshake */
        const char *cipher;       /* of it, in the words of OpenSSL */
        const char *alpn;         /* protocol agreed on, or NULL */
        bool wants_client_certificate;
        bool weak_cipher; /* of those agreed on: RC4, 3DES, NULL, export, anonymous */
        bool has_certificate;
        struct certificate certificate;
        const char *fault; /* why the handshake did not end, or NULL */
};

struct identity_detail {
        const char *key,
                *value; /* "realm", "EXAMPLE.TEST": key is a constant of ours, lower case with '-' */
};

#define IDENTITY_DETAILS_MAX 32u
#define IDENTITY_TEXT_MAX \
        256u /* bytes of product, version and each detail, before they are made printable */
#define IDENTITY_EVIDENCE_MAX 512u /* bytes of what came that are kept */

struct identity {
        const char
                *protocol; /* base name of the innermost; "unknown" when nothing known spoke; never NULL */
        enum encryption encryption;
        enum confidence confidence;
        enum behaviour behaviour;
        unsigned flags;                                 /* enum identity_flag */
        const char *product, *version, *cpe, *hostname; /* or NULL; cpe: CPE 2.3 formatted string */
        const char *evidence;                           /* the bytes that told it, printable; or NULL */
        const char *why; /* for people, where it was not understood; or NULL */
        struct identity_detail details[IDENTITY_DETAILS_MAX];
        size_t n_details;
        const struct tls_facts *tls; /* of the outer TLS, or of STARTTLS when it was gone through; or NULL */
        const char *probe;           /* the probe that told it, or NULL */
        uint32_t connections, bytes_in, bytes_out, elapsed_ms;
};

const char *encryption_name(enum encryption encryption); /* "starttls"; unknown is "unknown" */
const char *behaviour_name(enum behaviour behaviour);    /* "closes" */
const char *tls_version_name(enum tls_version version);  /* "TLS 1.2" */
const char *identity_flag_name(enum identity_flag one);  /* "plain-login" */

/* As nothing is known yet: protocol "unknown", confidence registered. */
void identity_init(struct identity *id);
/* A copy, with all it points to, that lives in the pool; constants of ours are not copied. */
const struct identity *identity_copy(struct pool *pool, const struct identity *id);
/* The value of a detail, or NULL. */
const char *identity_detail(const struct identity *id, const char *key);
