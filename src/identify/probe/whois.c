/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whois (RFC 3912): a line is asked, a text for people is the answer; what registries write into it is known. */
#include "identify/banner.h"

static bool is_whois(const struct line *all)
{
        static const char *const words[] = {"no entries found",
                                            "No match for",
                                            "No match",
                                            "Whois",
                                            "NOT FOUND",
                                            "No object found",
                                            "not found in database",
                                            "Query terms are ambiguous",
                                            "No Data Found",
                                            "Domain not found",
                                            "database query service"};

        for (size_t i = 0; i < array_len(words); i++)
                if (line_find_i(all, words[i]))
                        return true;
        return false;
}

static enum recognition whois_recognise(const struct heard *h)
{
        struct line all = banner_all(h->data, h->len);

        if (!h->asked || !banner_is_text(h->data, h->len) || *h->data == '<' || line_starts(&all, "HTTP/"))
                return RECOGNISE_NO;
        if ((*h->data == '%' && is_whois(&all)) || (h->port == 43 && is_whois(&all)))
                return RECOGNISE_LIKELY;
        return RECOGNISE_NO;
}

static enum talk_next whois_talk(struct talk *t)
{
        struct line all = banner_all(t->in, t->in_len);
        bool comment = t->in_len && (*t->in == '%' || *t->in == '#');

        if (!t->step++) {
                talk_send_bytes(t, "quaymaster.invalid\r\n", 20);
                return TALK_SEND;
        }
        if (!t->ended && !t->waited)
                return t->in_len > 16384 ? TALK_DONE : TALK_MORE;
        if (t->in_len < 3 || !banner_is_text(t->in, t->in_len) ||
            line_starts(&all, "quaymaster.invalid\r\n"))
                return TALK_DONE;
        if (is_whois(&all) && (comment || t->port == 43)) {
                talk_evidence(t, t->in, t->in_len);
                talk_confirm(t, "whois");
        } else if (t->port == 43 && t->ended) {
                talk_evidence(t, t->in, t->in_len);
                talk_likely(t, "whois");
        }
        return TALK_DONE;
}

const struct probe probe_whois = {
        .name = "whois",
        .protocol = "whois",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "43,4343",
        .safety = SAFETY_QUERY,
        .log = "a question for quaymaster.invalid",
        .reference = "RFC 3912",
        .recognise = whois_recognise,
        .talk = whois_talk,
};
