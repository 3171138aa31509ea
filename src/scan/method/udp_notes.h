/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What was sent lately, as far as memory goes: for round-trip times, for answers that repeat no cookie, and
 * for those that come from another port than was asked. Tables of fixed size whose rows are overwritten: a
 * row that is gone costs a measurement, or an answer that another try asks for again; never a wrong verdict.
 */
#pragma once

#include "scan/method.h"

struct udp_note {
        struct address to;
        uint16_t port, own_port;
        bool canary;
        uint64_t when_ns;
};

struct udp_notes {
        struct udp_note *at;
        size_t mask; /* number of rows less one; a power of two */
};

/* Room for what leaves in a second at that rate, within bounds. */
void udp_notes_init(struct udp_notes *notes, uint32_t rate);
void udp_notes_release(struct udp_notes *notes);
void udp_notes_put(struct udp_notes *notes, const struct probe *probe, uint16_t own_port, uint64_t now_ns);
/* NULL when it is not known. */
const struct udp_note *udp_notes_find(const struct udp_notes *notes, const struct address *to, uint16_t port,
                                      uint16_t own_port);

#define ROAMING_NOTES   256u
#define ROAMING_WAIT_NS 1000000000ull /* as long an answer from another port belongs to what was asked */

/* Per socket and host: which port was asked last. */
struct roaming_note {
        struct address to;
        uint16_t port;
        uint8_t attempt;
        bool canary;
        bool several; /* ports of that host were asked within the wait: an answer could be of any */
        uint64_t when_ns;
};

/* Whether nothing of that host is waited for on the socket but the same port. */
bool roaming_free(const struct roaming_note *notes, const struct probe *probe, uint64_t now_ns);
void roaming_put(struct roaming_note *notes, const struct probe *probe, uint64_t now_ns);
const struct roaming_note *roaming_find(const struct roaming_note *notes, const struct address *from);
