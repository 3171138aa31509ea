/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Music Player Daemon: "OK MPD 0.23.5", the version of the protocol; `status` is served unless a password is wanted. */
#include "identify/line.h"
#include "identify/probe.h"

static enum recognition mpd_recognise(const struct heard *h)
{
        return data_starts(h->data, h->len, "OK MPD ") ? RECOGNISE_SURE : RECOGNISE_NO;
}

static enum talk_next mpd_talk(struct talk *t)
{
        struct line line;
        size_t at = 0;

        if (!line_next(t->in, t->in_len, &at, &line))
                return t->in_len > 256 ? TALK_DONE : TALK_MORE;
        if (t->step) {
                if (line_starts(&line, "volume:") || line_starts(&line, "repeat:") ||
                    line_starts(&line, "partition:") || line_starts(&line, "OK"))
                        talk_flag(t, IDENTITY_NO_AUTH);
                return TALK_DONE;
        }
        if (!line_starts(&line, "OK MPD "))
                return TALK_DONE;
        talk_evidence(t, line.text, line.len);
        talk_confirm(t, "mpd");
        talk_product(t, "Music Player Daemon", strlen("Music Player Daemon"));
        talk_detail(t, "protocol-version", line.text + 7, line.len - 7);
        talk_send_bytes(t, "status\nclose\n", 13);
        t->step = 1;
        return TALK_SEND;
}

const struct probe probe_mpd = {
        .name = "mpd",
        .protocol = "mpd",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "6600",
        .safety = SAFETY_SESSION,
        .speaks_first = true,
        .log = "a client that asks for the status (mpd: \"client: opened\", \"closed\")",
        .reference = "Music Player Daemon protocol reference",
        .recognise = mpd_recognise,
        .talk = mpd_talk,
};
