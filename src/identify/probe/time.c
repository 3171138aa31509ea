/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Time (RFC 868): four bytes, seconds since 1900, then the end. Any four bytes might be that: on another port than its
 * own a second answer must be a little later than the first.
 */
#include "base/wire.h"
#include "identify/probe.h"

#define SECONDS_2015 3629059200u
#define SECONDS_2033 4197052800u
#define APART        30u /* seconds between two answers */

enum memory { FIRST };

static bool is_time(const uint8_t *data, size_t len, uint32_t *ret)
{
        struct wire w = wire_over(data, len);

        *ret = wire_be32(&w);
        return len == 4 && *ret >= SECONDS_2015 && *ret < SECONDS_2033;
}

static enum recognition time_recognise(const struct heard *h)
{
        uint32_t seconds;

        if (!is_time(h->data, h->len, &seconds) ||
            (h->asked && h->transport == TRANSPORT_TCP && h->port != 37))
                return RECOGNISE_NO;
        return h->port == 37 ? RECOGNISE_LIKELY : RECOGNISE_MAYBE;
}

static enum talk_next time_talk(struct talk *t)
{
        bool udp = t->transport == TRANSPORT_UDP;
        uint64_t first = t->memory[FIRST];
        uint32_t seconds;

        if (!t->in_len && udp && !t->waited) {
                talk_send_bytes(t, "\r\n", 2);
                return TALK_SEND;
        }
        if (t->in_len < 4)
                return TALK_MORE;
        if (!is_time(t->in, t->in_len, &seconds))
                return TALK_DONE;
        if (!udp && !t->ended && !t->waited)
                return TALK_MORE;
        talk_evidence(t, t->in, t->in_len);
        if (first && (seconds < first || seconds - first > APART))
                return TALK_DONE;
        if (t->port == 37 || (first && seconds > first)) {
                talk_confirm(t, "time");
                return TALK_DONE;
        }
        t->memory[FIRST] = seconds;
        if (!first)
                return TALK_AGAIN;
        talk_likely(t, "time"); /* twice the same second */
        return TALK_DONE;
}

const struct probe probe_time = {
        .name = "time",
        .protocol = "time",
        .transports = 1 << TRANSPORT_TCP | 1 << TRANSPORT_UDP,
        .tcp_ports = "37",
        .udp_ports = "37",
        .safety = SAFETY_QUERY,
        .speaks_first = true,
        .log = "a connection (xinetd: \"START: time\")",
        .reference = "RFC 868",
        .recognise = time_recognise,
        .talk = time_talk,
};
