/* SPDX-License-Identifier: GPL-2.0-or-later */
/* TeamSpeak 3: the greeting of its ServerQuery, then version and quit, which need no login. */
#include "identify/line.h"
#include "identify/probe.h"
#include "identify/product.h"

static enum recognition teamspeak_recognise(const struct heard *h)
{
        return data_starts(h->data, h->len, "TS3\n\r") || data_starts(h->data, h->len, "TS3\r\n") ||
                               data_starts(h->data, h->len, "TS3 Client\n")
                       ? RECOGNISE_SURE
                       : RECOGNISE_NO;
}

static enum talk_next teamspeak_talk(struct talk *t)
{
        struct line all = {(const char *)t->in, t->in_len}, version;
        const char *at;

        if (!t->step) {
                if (t->in_len < 5)
                        return TALK_MORE;
                if (!data_starts(t->in, t->in_len, "TS3"))
                        return TALK_DONE;
                talk_confirm(t, "teamspeak");
                talk_evidence(t, t->in, t->in_len);
                talk_product(t, "TeamSpeak 3", 11);
                if (!t->tls)
                        talk_flag(t, IDENTITY_PLAIN_LOGIN);
                talk_send_bytes(t, "version\nquit\n", 13);
                t->step = 1;
                return TALK_SEND;
        }
        if (!t->in_len ||
            (!t->ended && !t->waited && t->in_len < 4096 && !memmem(t->in, t->in_len, "error id=", 9)))
                return TALK_MORE;
        at = line_find_i(&all, "version=");
        if (at) {
                version = (struct line){at + 8, all.len - (size_t)(at + 8 - all.text)};
                version = product_version(&version);
                talk_version(t, version.text, version.len);
                talk_flag(t, IDENTITY_NO_AUTH);
        }
        return TALK_DONE;
}

const struct probe probe_teamspeak = {
        .name = "teamspeak",
        .protocol = "teamspeak",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "10011,25639",
        .safety = SAFETY_QUERY,
        .speaks_first = true,
        .log = "a ServerQuery connection that asked for the version",
        .reference = "TeamSpeak 3 ServerQuery manual, \"version\"",
        .recognise = teamspeak_recognise,
        .talk = teamspeak_talk,
};
