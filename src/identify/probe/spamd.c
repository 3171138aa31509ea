/* SPDX-License-Identifier: GPL-2.0-or-later */
/* spamd of SpamAssassin: PING of its protocol; any other request is refused in its own words. */
#include "identify/line.h"
#include "identify/probe.h"

static enum recognition spamd_recognise(const struct heard *h)
{
        return data_starts(h->data, h->len, "SPAMD/") ? RECOGNISE_SURE : RECOGNISE_NO;
}

static enum talk_next spamd_talk(struct talk *t)
{
        static const char ping[] = "PING SPAMC/1.2\r\n\r\n";
        struct line line, version;
        size_t at = 0;

        if (!t->step++) {
                talk_send_bytes(t, ping, sizeof(ping) - 1);
                return TALK_SEND;
        }
        if (!line_next(t->in, t->in_len, &at, &line))
                return t->in_len > 256 ? TALK_DONE : TALK_MORE;
        if (!line_starts(&line, "SPAMD/"))
                return TALK_DONE;
        talk_evidence(t, line.text, line.len);
        talk_confirm(t, "spamd");
        version = line_word(&line, 0);
        talk_detail(t, "protocol-version", version.text + 6, version.len - 6);
        if (line_find_i(&line, "PONG")) {
                talk_product(t, "SpamAssassin spamd", strlen("SpamAssassin spamd"));
                talk_flag(t, IDENTITY_NO_AUTH);
        }
        return TALK_DONE;
}

const struct probe probe_spamd = {
        .name = "spamd",
        .protocol = "spamd",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "783",
        .safety = SAFETY_QUERY,
        .log = "a PING (spamd: \"connection from\")",
        .reference = "spamd protocol of SpamAssassin, spamd/PROTOCOL",
        .recognise = spamd_recognise,
        .talk = spamd_talk,
};
