/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The outside view: an endpoint is (address, transport, port) as seen from a vantage over the network, with
 * its state and why that is known; host coverage says what was asked of one host, answered, and could not
 * be decided.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/address.h"
#include "model/port_set.h"

enum endpoint_state {
        ENDPOINT_UNDECIDED, /* not asked to the end */
        ENDPOINT_OPEN,
        ENDPOINT_CLOSED,
        ENDPOINT_FILTERED,      /* silence, or an ICMP refusal for that port */
        ENDPOINT_OPEN_FILTERED, /* UDP that stays silent */
        ENDPOINT_UNREACHABLE,   /* the host or its network */
        ENDPOINT_STATE_MAX,
};

/* What made the state known: the word in "reason" of the record. */
enum endpoint_reason {
        REASON_NONE,
        REASON_SYN_ACK,   /* half-open */
        REASON_CONNECTED, /* full handshake by the kernel */
        REASON_REPLY,     /* a datagram came back */
        REASON_RST,
        REASON_REFUSED,          /* connect: ECONNREFUSED */
        REASON_PORT_UNREACHABLE, /* ICMP 3/3, ICMPv6 1/4 */
        REASON_PROHIBITED,       /* ICMP 3/9, 3/10, 3/13, ICMPv6 1/1, 1/5, 1/6 */
        REASON_HOST_UNREACHABLE, /* ICMP 3/0, 3/1, ICMPv6 1/0, 1/3, or EHOSTUNREACH */
        REASON_NO_NEIGHBOUR,     /* on link, and nobody answers ARP or neighbour solicitation */
        REASON_NO_ROUTE,
        REASON_NO_REPLY,  /* silence after all tries */
        REASON_INSIDE,    /* the inside view of the same machine says so */
        REASON_MIDDLEBOX, /* something answers for every port of this host */
        REASON_NOT_ASKED, /* stopped, forbidden by device class, out of time */
        REASON_LOCAL,     /* could not be sent: interface gone, no descriptors ... */
        REASON_MAX,
};

const char *endpoint_state_name(enum endpoint_state state);    /* "open|filtered" */
const char *endpoint_reason_name(enum endpoint_reason reason); /* "syn-ack" */

struct endpoint {
        struct address address;
        uint32_t zone_index; /* IPv6 scope id of a link-local address, else 0 */
        enum transport transport;
        uint16_t port;
        enum endpoint_state state;
        enum endpoint_reason reason;
        uint8_t tries;   /* probes sent to it */
        uint8_t ttl;     /* of the reply, 0 = not known */
        uint32_t rtt_us; /* 0 = not known */
        bool confirmed;  /* a full handshake was made, too */
};

enum host_status {
        HOST_UP,        /* answered something */
        HOST_SILENT,    /* named singly: scanned though nothing ever came back */
        HOST_ABSENT, /* of a range: discovery had no answer; its ports were not asked */
        HOST_NOT_ASKED, /* the scan was stopped before its turn, or nothing may be asked of its device class */
};

const char *host_status_name(enum host_status status); /* "up", "silent", "not-found", "not-asked" */

/*
 * Why ports of a host are undecided, or decided with less certainty than asked for. All bits that hold are
 * set.
 */
enum coverage_reason {
        COVERAGE_STOPPED = 1 << 0,     /* SIGINT, or --until */
        COVERAGE_WINDOW = 1 << 1,      /* outside the scan window of the estate */
        COVERAGE_LOSS = 1 << 2,        /* loss stayed so high that ports may be missed */
        COVERAGE_LOCAL_DROPS = 1 << 3, /* this machine lost replies (socket statistics) */
        COVERAGE_INTERFACE = 1 << 4,   /* interface, address or route went away */
        COVERAGE_MIDDLEBOX = 1 << 5,
        COVERAGE_DESCRIPTORS = 1 << 6, /* out of file descriptors or source ports */
        COVERAGE_CLASS =
                1 << 7, /* the device class forbids some of what was asked: told, complete all the same */
        COVERAGE_ICMP_LIMIT = 1 << 8, /* UDP: the host limits ICMP; told, complete all the same */
        COVERAGE_RST_LIMIT = 1 << 9,  /* TCP: the host limits RST; waited for; told, complete all the same */
        COVERAGE_NO_ROUTE = 1 << 10,
};

/* Those that make a coverage record "complete": false when there are undecided ports. */
#define COVERAGE_FATAL                                                                                    \
        (COVERAGE_STOPPED | COVERAGE_WINDOW | COVERAGE_LOSS | COVERAGE_LOCAL_DROPS | COVERAGE_INTERFACE | \
         COVERAGE_MIDDLEBOX | COVERAGE_DESCRIPTORS)

const char *coverage_reason_text(enum coverage_reason one); /* a sentence for people */

struct host_coverage {
        struct address address;
        uint32_t zone_index;
        const char *name; /* as the user named it or as the estate calls it; NULL = by address */
        enum host_status status;
        bool has_mac;
        uint8_t mac[6];
        uint32_t rtt_us;
        uint32_t asked[2]; /* ports: [TRANSPORT_TCP], [TRANSPORT_UDP] */
        uint32_t by_state[2][ENDPOINT_STATE_MAX];
        uint64_t sent, answered, retried; /* probes; answered: ports with an answer of their own */
        double loss;           /* estimated share of probes or answers lost, 0 when none is proven */
        unsigned why;          /* enum coverage_reason bits */
        const char *middlebox; /* how it was recognised, or NULL */
        bool complete;
        struct port_set undecided[2];
};
