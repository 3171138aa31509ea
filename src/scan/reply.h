/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a received packet says about a TCP probe, after its cookie was checked. Pure.
 */
#pragma once

#include "scan/method.h"
#include "scan/packet.h"

/* The word in the cookie of each kind of probe. */
enum reply_word {
        REPLY_PROBE,
        REPLY_CANARY,
        REPLY_DISCOVERY_SYN,
        REPLY_DISCOVERY_ACK,
        REPLY_DISCOVERY_ECHO,
        REPLY_DISCOVERY_UDP,
        REPLY_DISCOVERY_NEIGHBOUR,
};

enum reply_trust {
        REPLY_STRAY,  /* nothing of ours */
        REPLY_FORGED, /* for our ports, with a wrong cookie */
        REPLY_TRUE,
};

struct reply_expect {
        const struct cookie_key *key;
        uint16_t base_port; /* attempt n was sent from base_port + n */
        enum reply_word first, last; /* words that may have been used */
};

/*
 * A SYN was sent with its cookie as sequence number: true answers are a SYN-ACK or RST that acknowledges it,
 * and ICMP errors that quote it. Fills in of *ret all but mac, rtt_us and when_ns, and *ret_cookie, when
 * REPLY_TRUE. A packet that is no answer at all (a SYN to our port) is REPLY_STRAY.
 */
enum reply_trust reply_to_syn(const struct reply_expect *expect, const struct packet *packet, struct heard *ret,
                              uint32_t *ret_cookie);

/*
 * What an ICMP error means for the probe it quotes: false when nothing (too big, a redirect). A port
 * unreachable is HEARD_PROHIBITED here: TCP itself answers for closed ports.
 */
bool reply_icmp_meaning(const struct packet *packet, enum heard_kind *ret_kind,
                        enum endpoint_reason *ret_reason);
