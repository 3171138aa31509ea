/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finger (RFC 1288): an empty line asks who is there. The answer is for people; some heads of lists are known. */
#include "identify/banner.h"

static bool is_finger(const struct line *all)
{
        return (line_find_i(all, "Login") && line_find_i(all, "Name") &&
                (line_find_i(all, "Tty") || line_find_i(all, "Idle") || line_find_i(all, "Directory:"))) ||
               line_find_i(all, "No one logged on") || line_find_i(all, "no one is logged on") ||
               line_find_i(all, "Nobody is logged") || line_find_i(all, "In real life:");
}

static enum recognition finger_recognise(const struct heard *h)
{
        struct line all = banner_all(h->data, h->len);

        if (!h->asked || !banner_is_text(h->data, h->len))
                return RECOGNISE_NO;
        if (line_starts_i(&all, "finger: ") || (line_find_i(&all, "no such user") && all.len < 512))
                return RECOGNISE_LIKELY;
        return is_finger(&all) ? RECOGNISE_LIKELY : RECOGNISE_NO;
}

static enum talk_next finger_talk(struct talk *t)
{
        static const struct banner products[] = {
                {"CFINGERD", "cfingerd", "infodrom", "cfingerd"},
                {"efingerd", "efingerd", NULL, NULL},
                {"Line       User", "Cisco IOS", NULL, NULL},
        };
        struct line all = banner_all(t->in, t->in_len);

        if (!t->step++) {
                talk_send_bytes(t, "\r\n", 2);
                return TALK_SEND;
        }
        if (is_finger(&all) || banner_known(&all, products, 1)) {
                talk_evidence(t, t->in, t->in_len);
                talk_confirm(t, "finger");
                talk_flag(t, IDENTITY_NO_AUTH);
                banner_take(t, &all, products, array_len(products));
                return TALK_DONE;
        }
        if (!t->ended)
                return TALK_MORE;
        if (t->port == 79 && t->in_len > 2 && banner_is_text(t->in, t->in_len)) {
                talk_evidence(t, t->in, t->in_len);
                talk_likely(t, "finger");
        }
        return TALK_DONE;
}

const struct probe probe_finger = {
        .name = "finger",
        .protocol = "finger",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "79",
        .safety = SAFETY_QUERY,
        .sweep_tcp = SWEEP_LAST,
        .log = "a question for who is there (fingerd -l: \"query from\")",
        .reference = "RFC 1288, 2.5",
        .recognise = finger_recognise,
        .talk = finger_talk,
};
