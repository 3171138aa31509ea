/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TLS as the runner needs it: a whole handshake by OpenSSL over memory, to speak inside it and to see the certificate,
 * and ClientHellos of our own for the versions that OpenSSL no longer speaks. No I/O, no clock.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "model/identity.h"

/*
 * Make the library ready: everything it would open or allocate once. Before confinement (scan/confine.h): afterwards no
 * file can be opened. 0 or negative errno.
 */
int tls_start(struct err *err);

/* --- a session -------------------------------------------------------------------------------- */

enum tls_state {
        TLS_HANDSHAKE, /* more bytes are needed; what is to be sent is in tls_session_out */
        TLS_OPEN,
        TLS_CLOSED, /* by the peer, in order */
        TLS_FAILED, /* not TLS, or refused: the facts say why */
};

struct tls_session;

/*
 * A client session that takes any certificate (what is wrong with it goes into the facts, nothing is
 * trusted), TLS 1.0 to
 * 1.3 and weak ciphers too, where the library still has them (security level 0). `name` is for SNI, NULL for none; with
 * `alpn`, "h2" and "http/1.1" are offered. Its memory is bounded: certificates above 100 KiB end it.
 */
struct tls_session *tls_session_new(const char *name, bool alpn);
struct tls_session *tls_session_free(struct tls_session *s); /* accepts NULL, returns NULL */
/* Bytes from the peer (none at first); goes on as far as they lead. */
enum tls_state tls_session_feed(struct tls_session *s, const void *data, size_t len);
/* Appends what must be sent to the peer now; empty when nothing. */
void tls_session_out(struct tls_session *s, struct str *to);
/* Appends what the peer said inside, at most `most` bytes. */
enum tls_state tls_session_read(struct tls_session *s, struct str *to, size_t most);
/* Text to be said inside; afterwards take tls_session_out. Only when TLS_OPEN. */
enum tls_state tls_session_write(struct tls_session *s, const void *data, size_t len);
/*
 * What is known after the handshake, or after it failed at any point. Text lives in the pool. `name` as
 * given, or NULL; a certificate that does not name it has name_mismatch (wildcards by RFC 6125, 6.4.3).
 * versions has the one agreed on.
 */
void tls_session_facts(const struct tls_session *s, struct tls_facts *ret, struct pool *pool);

/* --- ClientHellos of our own ------------------------------------------------------------------- */

/*
 * Append a ClientHello that offers `highest` and nothing newer, with all cipher suites that servers of that
 * time took (for TLS_SSL2: RFC 6101, appendix E). TLS_1_3 offers 1.3 alone. Random bytes are made of the
 * nonce. `name` for SNI, or NULL.
 */
void tls_hello_add(struct str *to, enum tls_version highest, const char *name, uint64_t nonce);

enum tls_answer {
        TLS_ANSWER_MORE, /* more bytes are needed */
        TLS_ANSWER_NOT_TLS,
        TLS_ANSWER_REFUSED,  /* an alert: *ret_alert */
        TLS_ANSWER_ACCEPTED, /* a ServerHello: *ret_version is what the server chose */
};
/* Parses the first bytes of the answer to any ClientHello. */
enum tls_answer tls_answer_read(const uint8_t *data, size_t len, enum tls_version *ret_version,
                                uint16_t *ret_cipher, uint8_t *ret_alert);
/* RC4, 3DES, DES, export, NULL, anonymous, by the number of the suite (IANA registry). */
bool tls_cipher_weak(uint16_t suite);
