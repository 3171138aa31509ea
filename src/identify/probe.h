/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The contract of a probe: how one protocol is recognised and spoken to, up to the point where one would have to
 * prove who one is. A probe is one file in identify/probe/ with a `const struct probe`, and one line in registry.inc.
 *
 * Probes are pure: no I/O, no clock, no globals. The runner (runner.h) makes connections, sends what a probe wants
 * sent and shows it what came; everything that came is hostile, and read through base/wire.h or identify/line.h.
 *
 * What a probe must never do: offer a password, community string or user name, log in, write, create, subscribe to
 * data of others, start a job, print. What is said is a correct and harmless opening of the protocol, and where it
 * has one, its polite end.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "base/wire.h"
#include "model/address.h"
#include "model/identity.h"

/* What a probe does to who is asked. A device class may forbid all but SAFETY_LISTEN. */
enum probe_safety {
        SAFETY_LISTEN,  /* not a byte is sent */
        SAFETY_QUERY,   /* asks what anybody may ask, changes nothing, no state stays */
        SAFETY_SESSION, /* begins a session that the server forgets when the connection ends, or in seconds */
        SAFETY_INDUSTRIAL, /* a read-only request for identity; only where the device class allows it */
};

/* --- recognising -------------------------------------------------------------------------------------- */

struct probe;

/* The first bytes that came on a connection or in a datagram. */
struct heard {
        const uint8_t *data;
        size_t len; /* > 0 */
        bool ended; /* stream: the peer has closed, no more will come; datagrams: always */
        const struct probe
                *asked; /* whose request this answers; NULL = a greeting, nothing was sent before it */
        enum transport transport;
        uint16_t port;
};

enum recognition {
        RECOGNISE_NO,
        RECOGNISE_MAYBE,  /* fits so far and others would, too, or more bytes are needed ("220 hello") */
        RECOGNISE_LIKELY, /* fits, though little of it is the protocol's own */
        RECOGNISE_SURE,   /* nobody else says this */
};

/* --- talking ------------------------------------------------------------------------------------------ */

enum talk_next {
        TALK_MORE, /* wait for more bytes; those that came are kept and shown again with what follows them */
        TALK_SEND, /* send `out` (the runner empties it); bytes that came so far are done with */
        TALK_TLS,  /* stream: TLS handshake now; then called again, with t->tls set and no bytes */
        TALK_AGAIN, /* a new connection, then called again with no bytes; at most 3 times */
        TALK_DONE, /* end. What is known was set by talk_confirm() or talk_likely(); neither = not this protocol */
};

/*
 * One conversation. step is 0 at the first call. in/in_len hold what came since the last TALK_SEND (for datagrams:
 * the last datagram alone, at most 64 KiB). Where a greeting led to this probe, the first call has it in `in`.
 * Else the first call has no bytes, and the probe says what to send (a protocol whose server speaks first returns
 * TALK_MORE). With `ended` or `waited` set, TALK_MORE ends the conversation with what is known so far.
 */
struct talk {
        /* from the runner */
        enum transport transport;
        uint16_t port;
        bool tls; /* inside TLS: from the first byte, or since TALK_TLS */
        const char
                *name; /* the host's name, for Host:, SNI, XMPP ...; the address as text when it has none */
        const char *address; /* as text: "10.0.0.1", "fd00::1" */
        uint64_t nonce;      /* random: for ids and cookies that an answer must repeat */
        const uint8_t *in;
        size_t in_len;
        bool ended;  /* stream: the peer has closed its side */
        bool reset;  /* with ended: it did so by a reset */
        bool waited; /* nothing came within patience_ms of the last send or byte */
        /* the probe's own */
        unsigned step;
        uint64_t memory[32];  /* zeroed at the first call, kept over TALK_TLS and TALK_AGAIN */
        uint32_t patience_ms; /* 0 = the runner's; set before TALK_SEND or TALK_MORE */
        struct str out;
        size_t keep; /* with TALK_SEND: the last `keep` bytes of `in` are not done with; reset by the runner */
        /* what is learnt */
        struct identity *id;
        struct pool *pool;
};

/*
 * It is this protocol (base name, a constant). What is known already stays when the rest of the talk fails.
 * Sets encryption to that of the connection (none or tls) unless the probe has set it.
 */
void talk_confirm(struct talk *t, const char *protocol);
void talk_likely(struct talk *t, const char *protocol);
/* Text from the peer, cut at IDENTITY_TEXT_MAX and made printable. Empty and NULL are ignored; what was set stays. */
void talk_product(struct talk *t, const char *text, size_t len);
void talk_version(struct talk *t, const char *text, size_t len);
void talk_hostname(struct talk *t, const char *text, size_t len);
/* key: a constant of ours. The first value of a key stays. */
void talk_detail(struct talk *t, const char *key, const char *text, size_t len);
void talk_detail_u64(struct talk *t, const char *key, uint64_t value);
void talk_flag(struct talk *t, enum identity_flag flag);
/*
 * "cpe:2.3:a:VENDOR:PRODUCT:VERSION:*:*:*:*:*:*:*" with the version that was told ('*' without), escaped as CPE 2.3
 * (NISTIR 7695, 6.2) wants. Only where product and vendor are certain. Call after talk_version().
 */
void talk_cpe(struct talk *t, const char *vendor, const char *product);
/*
 * What told it: the bytes are kept as evidence (the runner takes the first bytes that came otherwise). Values of
 * cookies, tokens, challenges and session ids are masked by name; secrets without a name must not be given here.
 */
void talk_evidence(struct talk *t, const void *data, size_t len);
void talk_encryption(struct talk *t, enum encryption encryption);

/* What came since the last send, as a cursor. */
static inline struct wire talk_in(const struct talk *t)
{
        return wire_over(t->in, t->in_len);
}

/* Bytes to be sent. */
void talk_send_bytes(struct talk *t, const void *data, size_t len);
void talk_send_u8(struct talk *t, uint8_t v);
void talk_send_be16(struct talk *t, uint16_t v);
void talk_send_be32(struct talk *t, uint32_t v);
void talk_send_le16(struct talk *t, uint16_t v);
void talk_send_le32(struct talk *t, uint32_t v);
/* "16 03 01": hexadecimal digits, blanks between them are skipped; a constant of ours. */
void talk_send_hex(struct talk *t, const char *hex);

/* --- the probe ---------------------------------------------------------------------------------------- */

/* Where a probe is tried though the port is not one of its own, and nothing was recognised. */
enum probe_sweep {
        SWEEP_NEVER,  /* only on its ports, or when it was recognised */
        SWEEP_FIRST,  /* common: HTTP, TLS; asked of every port that stays silent */
        SWEEP_SECOND, /* servers often found on odd ports */
        SWEEP_LAST,
};

struct probe {
        const char *name;                  /* of the probe, unique: that of its file, with '-' */
        const char *protocol;              /* base name it tells, unless it tells several */
        unsigned transports;               /* bits 1 << TRANSPORT_TCP, 1 << TRANSPORT_UDP */
        const char *tcp_ports, *udp_ports; /* its own, as "22,2222,8000-8010"; NULL = none */
        enum probe_safety safety;
        enum probe_sweep sweep_tcp, sweep_udp;
        bool speaks_first; /* its server sends the first byte: on its ports nothing is sent before a greeting came */
        const char *log;       /* what it leaves in the target's log, for people */
        const char *reference; /* the specification: "RFC 4253, 4.2" */
        const char *mute;      /* where it can never be asked: why, for people; talk is NULL then */
        /*
         * Pure; NULL where answers have nothing of their own. Called for greetings, and for answers to
         * others' requests.
         */
        enum recognition (*recognise)(const struct heard *heard);
        /* One step of the conversation; NULL with mute. */
        enum talk_next (*talk)(struct talk *t);
};
