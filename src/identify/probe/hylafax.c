/* SPDX-License-Identifier: GPL-2.0-or-later */
/* HylaFAX: greets as FTP does, and names itself. */
#include "identify/banner.h"

static enum recognition hylafax_recognise(const struct heard *h)
{
        struct line all = banner_all(h->data, h->len);

        return line_starts(&all, "220") && line_find_i(&all, "(HylaFAX") ? RECOGNISE_SURE
               : line_starts(&all, "130 Warning")                        ? RECOGNISE_MAYBE
                                                                         : RECOGNISE_NO;
}

static enum talk_next hylafax_talk(struct talk *t)
{
        static const struct banner products[] = {{"HylaFAX (tm)", "HylaFAX", "hylafax", "hylafax"},
                                                 {"HylaFAX", "HylaFAX", NULL, NULL}};
        struct line line, word;

        for (size_t at = 0; line_next(t->in, t->in_len, &at, &line);)
                if (line_starts(&line, "220") && line_find_i(&line, "HylaFAX")) {
                        talk_evidence(t, line.text, line.len);
                        talk_confirm(t, "hylafax");
                        banner_take(t, &line, products, array_len(products));
                        word = line_word(&line, 1);
                        banner_hostname(t, &word);
                        if (!t->tls)
                                talk_flag(t, IDENTITY_PLAIN_LOGIN);
                        return TALK_DONE;
                }
        return t->in_len > 1024 ? TALK_DONE : TALK_MORE;
}

const struct probe probe_hylafax = {
        .name = "hylafax",
        .protocol = "hylafax",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "4557,4559",
        .safety = SAFETY_LISTEN,
        .speaks_first = true,
        .log = "a connection without a login",
        .reference = "hfaxd(8)",
        .recognise = hylafax_recognise,
        .talk = hylafax_talk,
};
