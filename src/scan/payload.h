/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What UDP ports are sent, and how an answer is known to be one: data/probes/udp.yaml, compiled in. A UDP
 * service answers only what it understands, so each port has the payloads of the protocols that live there,
 * then general ones for what else real servers speak on odd ports, then an empty datagram. Attempt n takes
 * payload n modulo their number. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/estate.h"

#define UDP_PAYLOAD_MAX \
        1400u /* bytes; with headers below the least MTU that QUIC asks for and Ethernet has */
#define UDP_PAYLOADS_A_PORT 16u /* METHOD_TRIES_MAX: more would never be sent */

#define UDP_PAYLOADS_USUAL 6u

enum payload_safety {
        PAYLOAD_QUERY,      /* a question that changes nothing */
        PAYLOAD_SESSION,    /* begins a session that the server forgets on its own: keys, tunnels */
        PAYLOAD_INDUSTRIAL, /* asks a controller who it is: only where the device class allows it */
};

enum payload_form {
        PAYLOAD_RAW, /* the low bytes of the cookie, network order */
        PAYLOAD_HEX, /* eight lower-case hexadecimal digits */
        PAYLOAD_INT, /* four bytes of a positive ASN.1 INTEGER in its shortest form: 0x40000000-0x7fffffff */
        PAYLOAD_SEVEN, /* one byte below 0x80 */
};

struct payload_place { /* where a cookie stands */
        uint16_t at;
        uint8_t width; /* bytes */
        uint8_t form;  /* enum payload_form */
};

struct payload_byte {
        uint16_t at;
        uint8_t value, mask; /* (byte & mask) == value */
};

/* What an answer in that protocol looks like, and where it repeats the cookie. */
struct payload_pattern {
        const struct payload_byte *bytes;
        uint16_t n_bytes;
        uint16_t len;                     /* at least this long; exactly, when exact */
        bool exact, has_cookie, anywhere; /* anywhere: the cookie may stand at cookie.at or behind it */
        struct payload_place cookie;
};

struct udp_payload {
        const char *id, *protocol;
        const uint8_t *bytes; /* with zeros where cookies go */
        uint16_t len;
        const struct payload_place *places;
        uint8_t n_places;
        const struct payload_pattern *answers;
        uint8_t n_answers;
        bool other_port; /* answered from a port of the server's choice (TFTP) */
        enum payload_safety safety;
        const char *log;       /* what it leaves in the target's log, a sentence */
        const char *reference; /* the specification it was written from */
};

/* Of all ports that have payloads of their own, in order: which, by index into udp_payloads. */
struct udp_payload_port {
        uint16_t port;
        uint8_t own, n; /* those of the port come first */
        uint8_t at[UDP_PAYLOADS_A_PORT];
};

/* Ports that get an empty datagram alone: what they take is recorded, printed or acted on, or unanswerable. */
struct udp_silent_port {
        uint16_t port;
        const char *why;
};

/* Made of data/probes/udp.yaml. The first payload is the empty datagram. */
extern const struct udp_payload udp_payloads[];
extern const unsigned udp_n_payloads;
extern const struct udp_payload_port udp_payload_ports[];
extern const unsigned udp_n_payload_ports;
extern const struct udp_payload_port udp_payload_other; /* for all other ports */
extern const struct udp_silent_port udp_silent_ports[];
extern const unsigned udp_n_silent_ports;

/*
 * How many attempts it takes to have sent every payload that makes sense for this port: 1 to
 * UDP_PAYLOADS_A_PORT.
 */
unsigned udp_payload_count(uint16_t port);
/*
 * How many of them are sent by default: the port's own, and as many general ones as make UDP_PAYLOADS_USUAL
 * of it. The later general ones find few more services, and cost a packet each on every silent port.
 */
unsigned udp_payload_usual(uint16_t port);
/* What that attempt sends when the device class allows it; never NULL. */
const struct udp_payload *udp_payload_at(uint16_t port, unsigned attempt);
/* What it sends to a device of those limits: the same, or the empty datagram. limits may be NULL. */
const struct udp_payload *udp_payload_for(uint16_t port, unsigned attempt,
                                          const struct device_limits *limits);
/* Why a port is only ever sent an empty datagram; NULL when it is not so. */
const char *udp_silent_why(uint16_t port);

/* The bytes with the cookie in its places, into `to` (room for UDP_PAYLOAD_MAX). Their number. */
size_t udp_payload_build(const struct udp_payload *p, uint32_t cookie, uint8_t *to);

enum payload_answer {
        PAYLOAD_FORGED, /* looks like an answer to it, but repeats another cookie */
        PAYLOAD_RIGHT,  /* repeats the cookie */
        PAYLOAD_LIKE,   /* is an answer of that protocol, which repeats nothing */
        PAYLOAD_OTHER,  /* something else: another protocol speaks there */
};

/* Judge a datagram that came to where this payload was sent from. Any bytes; reads no byte past len. */
enum payload_answer udp_payload_check(const struct udp_payload *p, uint32_t cookie, const uint8_t *answer,
                                      size_t len);
