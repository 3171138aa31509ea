/* SPDX-License-Identifier: GPL-2.0-or-later */
/* UUCP: "Shere=HOST" by uucico after a login, or at once; uucpd asks "login: ". */
#include "identify/banner.h"

static enum recognition uucp_recognise(const struct heard *h)
{
        if (data_starts(h->data, h->len, "\020Shere"))
                return RECOGNISE_SURE;
        return h->port == 540 && !h->asked && data_starts(h->data, h->len, "login: ") ? RECOGNISE_MAYBE
                                                                                      : RECOGNISE_NO;
}

static enum talk_next uucp_talk(struct talk *t)
{
        struct line all = banner_all(t->in, t->in_len), host;
        const char *end;

        if (line_starts(&all, "\020Shere")) {
                end = memchr(all.text, '\0', all.len);
                if (!end && !t->ended && !t->waited && t->in_len < 256)
                        return TALK_MORE;
                talk_evidence(t, t->in, t->in_len);
                talk_confirm(t, "uucp");
                host = line_after(&all, strlen("\020Shere="));
                host.len = end && end > host.text ? (size_t)(end - host.text) : host.len;
                banner_hostname(t, &host);
                return TALK_DONE;
        }
        if (line_starts(&all, "login: ") && t->port == 540) {
                talk_evidence(t, t->in, t->in_len);
                talk_likely(t, "uucp");
                talk_flag(t, IDENTITY_PLAIN_LOGIN);
                return TALK_DONE;
        }
        return t->in_len > 64 ? TALK_DONE : TALK_MORE;
}

const struct probe probe_uucp = {
        .name = "uucp",
        .protocol = "uucp",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "540",
        .safety = SAFETY_LISTEN,
        .speaks_first = true,
        .log = "a connection without a login",
        .reference = "Taylor UUCP, The Initial Handshake; uucpd(8)",
        .recognise = uucp_recognise,
        .talk = uucp_talk,
};
