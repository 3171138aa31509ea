/* SPDX-License-Identifier: GPL-2.0-or-later */
/* FreeSWITCH event socket: asks for a password at once. */
#include "identify/line.h"
#include "identify/probe.h"

#define GREETING "Content-Type: auth/request\n\n"

static enum recognition freeswitch_recognise(const struct heard *h)
{
        if (data_starts(h->data, h->len, "Content-Type: text/rude-rejection\n")) /* not in its access list */
                return RECOGNISE_SURE;
        return data_starts(h->data, h->len, GREETING) ? RECOGNISE_SURE : RECOGNISE_NO;
}

static enum talk_next freeswitch_talk(struct talk *t)
{
        bool rejected = data_starts(t->in, t->in_len, "Content-Type: text/rude-rejection\n");

        if (!rejected && !data_starts(t->in, t->in_len, GREETING))
                return t->in_len > 128 ? TALK_DONE : TALK_MORE;
        talk_evidence(t, t->in, t->in_len);
        talk_confirm(t, "freeswitch-event");
        talk_product(t, "FreeSWITCH", 10);
        if (!rejected && !t->tls)
                talk_flag(t, IDENTITY_PLAIN_LOGIN);
        return TALK_DONE;
}

const struct probe probe_freeswitch = {
        .name = "freeswitch",
        .protocol = "freeswitch-event",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "8021",
        .safety = SAFETY_LISTEN,
        .speaks_first = true,
        .log = "a connection without a login",
        .reference = "mod_event_socket documentation",
        .recognise = freeswitch_recognise,
        .talk = freeswitch_talk,
};
