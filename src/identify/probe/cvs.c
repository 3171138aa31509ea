/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CVS pserver: whatever is no login is refused in its own words; so no login is offered. */
#include "identify/banner.h"

static bool refuses(const struct line *all)
{
        return (line_starts(all, "cvs") && line_find_i(all, " aborted]: ")) ||
               (line_find_i(all, "bad auth protocol start") && line_find_i(all, "cvs")) ||
               line_starts(all, "cvs pserver: ") ||
               line_starts(all, "error 0 Server configuration missing --allow-root");
}

static enum recognition cvs_recognise(const struct heard *h)
{
        struct line all = banner_all(h->data, h->len);

        return h->asked && refuses(&all) ? RECOGNISE_SURE : RECOGNISE_NO;
}

static enum talk_next cvs_talk(struct talk *t)
{
        struct line line;
        size_t at = 0;

        if (!t->step++) {
                talk_send_bytes(t, "QUAYMASTER\n", 11);
                return TALK_SEND;
        }
        if (!line_next(t->in, t->in_len, &at, &line))
                return t->in_len > 512 ? TALK_DONE : TALK_MORE;
        if (!refuses(&line))
                return TALK_DONE;
        talk_evidence(t, line.text, line.len);
        talk_confirm(t, "cvs");
        talk_product(t, line_starts(&line, "cvsnt") ? "CVSNT" : "CVS", line_starts(&line, "cvsnt") ? 5 : 3);
        if (!t->tls)
                talk_flag(t, IDENTITY_PLAIN_LOGIN);
        return TALK_DONE;
}

const struct probe probe_cvs = {
        .name = "cvs",
        .protocol = "cvs",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "2401",
        .safety = SAFETY_QUERY,
        .log = "\"bad auth protocol start\"",
        .reference = "CVS client/server protocol, Connection and Authentication",
        .recognise = cvs_recognise,
        .talk = cvs_talk,
};
