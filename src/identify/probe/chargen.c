/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Character generator (RFC 864): lines in which each character is the successor of the one before. */
#include "identify/line.h"
#include "identify/probe.h"

#define ENOUGH 24u /* characters in a row that no text has */

static bool is_ring(const uint8_t *data, size_t len)
{
        size_t run = 1;

        for (size_t i = 1; i < len && run < ENOUGH; i++) {
                bool next = data[i] == data[i - 1] + 1 && data[i] < 0x7f && data[i - 1] >= ' ';
                bool wraps =
                        data[i - 1] >= 0x7d && data[i - 1] <= 0x7e && (data[i] == ' ' || data[i] == '!');

                if (!next && !wraps)
                        return false;
                run++;
        }
        return run >= ENOUGH;
}

static enum recognition chargen_recognise(const struct heard *h)
{
        return is_ring(h->data, h->len) ? RECOGNISE_SURE : RECOGNISE_NO;
}

static enum talk_next chargen_talk(struct talk *t)
{
        if (!t->in_len && t->transport == TRANSPORT_UDP && !t->step++) {
                talk_send_bytes(t, "\r\n", 2);
                return TALK_SEND;
        }
        if (is_ring(t->in, t->in_len)) {
                talk_evidence(t, t->in, t->in_len);
                talk_confirm(t, "chargen");
                return TALK_DONE;
        }
        return t->in_len < ENOUGH ? TALK_MORE : TALK_DONE;
}

const struct probe probe_chargen = {
        .name = "chargen",
        .protocol = "chargen",
        .transports = 1 << TRANSPORT_TCP | 1 << TRANSPORT_UDP,
        .tcp_ports = "19",
        .udp_ports = "19",
        .safety = SAFETY_QUERY,
        .speaks_first = true,
        .sweep_udp = SWEEP_LAST,
        .log = "a connection (xinetd: \"START: chargen\")",
        .reference = "RFC 864",
        .recognise = chargen_recognise,
        .talk = chargen_talk,
};
