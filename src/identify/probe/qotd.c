/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Quote of the day (RFC 865): a short text, then the end. Any text may be one, so it is never more than likely. */
#include "identify/banner.h"

#define QUOTE_MAX 1024u /* RFC 865 says 512; fortunes are longer */

static enum recognition qotd_recognise(const struct heard *h)
{
        return h->port == 17 && !h->asked && h->len <= QUOTE_MAX && banner_is_text(h->data, h->len)
                       ? RECOGNISE_MAYBE
                       : RECOGNISE_NO;
}

static enum talk_next qotd_talk(struct talk *t)
{
        bool udp = t->transport == TRANSPORT_UDP;

        if (!t->in_len && udp && !t->step++) {
                talk_send_bytes(t, "\r\n", 2);
                return TALK_SEND;
        }
        if (!t->in_len || (!udp && !t->ended))
                return TALK_MORE;
        if (t->port == 17 && t->in_len > 2 && t->in_len <= QUOTE_MAX && banner_is_text(t->in, t->in_len)) {
                talk_evidence(t, t->in, t->in_len);
                talk_likely(t, "qotd");
        }
        return TALK_DONE;
}

const struct probe probe_qotd = {
        .name = "qotd",
        .protocol = "qotd",
        .transports = 1 << TRANSPORT_TCP | 1 << TRANSPORT_UDP,
        .tcp_ports = "17",
        .udp_ports = "17",
        .safety = SAFETY_QUERY,
        .speaks_first = true,
        .log = "a connection (inetd with logging)",
        .reference = "RFC 865",
        .recognise = qotd_recognise,
        .talk = qotd_talk,
};
