/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Citrix ICA: the server says 7f 7f "ICA" 00 until it is answered. */
#include "identify/probe.h"

static const uint8_t greeting[] = {0x7f, 0x7f, 'I', 'C', 'A', 0};

static enum recognition ica_recognise(const struct heard *h)
{
        return h->len >= sizeof(greeting) && memcmp(h->data, greeting, sizeof(greeting)) == 0
                       ? RECOGNISE_SURE
                       : RECOGNISE_NO;
}

static enum talk_next ica_talk(struct talk *t)
{
        if (t->in_len < sizeof(greeting))
                return TALK_MORE;
        if (memcmp(t->in, greeting, sizeof(greeting)) != 0)
                return TALK_DONE;
        talk_confirm(t, "ica");
        talk_evidence(t, t->in, t->in_len);
        talk_product(t, "Citrix ICA", 10);
        return TALK_DONE;
}

const struct probe probe_ica = {
        .name = "ica",
        .protocol = "ica",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "1494",
        .safety = SAFETY_LISTEN,
        .speaks_first = true,
        .log = "nothing",
        .reference = "Citrix: Independent Computing Architecture, the greeting of its servers",
        .recognise = ica_recognise,
        .talk = ica_talk,
};
