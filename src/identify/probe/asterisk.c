/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Asterisk Manager Interface: greets with its version; its login is a password in the clear. */
#include "identify/line.h"
#include "identify/probe.h"

#define GREETING "Asterisk Call Manager/"

static enum recognition asterisk_recognise(const struct heard *h)
{
        return data_starts(h->data, h->len, GREETING) ? RECOGNISE_SURE : RECOGNISE_NO;
}

static enum talk_next asterisk_talk(struct talk *t)
{
        struct line line;
        size_t at = 0, n = strlen(GREETING);

        if (!line_next(t->in, t->in_len, &at, &line))
                return t->in_len > 256 ? TALK_DONE : TALK_MORE;
        if (!line_starts(&line, GREETING))
                return TALK_DONE;
        talk_evidence(t, line.text, line.len);
        talk_confirm(t, "asterisk");
        talk_product(t, "Asterisk", 8);
        talk_detail(t, "protocol-version", line.text + n,
                    line.len - n); /* of the interface, not of Asterisk */
        if (!t->tls)
                talk_flag(t, IDENTITY_PLAIN_LOGIN);
        return TALK_DONE;
}

const struct probe probe_asterisk = {
        .name = "asterisk",
        .protocol = "asterisk",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "5038,5039",
        .safety = SAFETY_LISTEN,
        .speaks_first = true,
        .log = "a connection without a login",
        .reference = "Asterisk Manager Interface documentation",
        .recognise = asterisk_recognise,
        .talk = asterisk_talk,
};
