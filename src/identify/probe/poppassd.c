/* SPDX-License-Identifier: GPL-2.0-or-later */
/* poppassd: changes mail passwords over a connection that anybody can read; names itself in its greeting. */
#include "identify/banner.h"

static enum recognition poppassd_recognise(const struct heard *h)
{
        struct line all = banner_all(h->data, h->len);

        return line_starts(&all, "200 ") && line_find_i(&all, "poppassd") ? RECOGNISE_SURE : RECOGNISE_NO;
}

static enum talk_next poppassd_talk(struct talk *t)
{
        static const struct banner products[] = {{"poppassd", "poppassd", NULL, NULL}};
        struct line line;
        size_t at = 0;

        if (!line_next(t->in, t->in_len, &at, &line))
                return t->in_len > 512 ? TALK_DONE : TALK_MORE;
        if (!line_starts(&line, "200 ") || !line_find_i(&line, "poppassd"))
                return TALK_DONE;
        talk_evidence(t, line.text, line.len);
        talk_confirm(t, "poppassd");
        banner_take(t, &line, products, 1);
        if (!t->tls)
                talk_flag(t, IDENTITY_PLAIN_LOGIN);
        return TALK_DONE;
}

const struct probe probe_poppassd = {
        .name = "poppassd",
        .protocol = "poppassd",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "106",
        .safety = SAFETY_LISTEN,
        .speaks_first = true,
        .log = "a connection without a login",
        .reference = "poppassd, greeting",
        .recognise = poppassd_recognise,
        .talk = poppassd_talk,
};
