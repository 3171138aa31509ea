/* SPDX-License-Identifier: GPL-2.0-or-later */
/* LPD: the short state of a queue that does not exist; the answer is text for people (RFC 1179, 5.3). */
#include "identify/line.h"
#include "identify/probe.h"

#define QUEUE "quaymaster"

/* Products that say so in the first words of it. */
static const struct {
        const char *word, *product;
} known[] = {
        {"LPRng", "LPRng"},
        {"CUPS", "CUPS"},
        {"HP JetDirect", "HP JetDirect"},
        {"JetDirect", "HP JetDirect"},
        {"Brother", "Brother"},
        {"Windows LPD Server", "Microsoft Windows LPD"},
        {"RICOH", "Ricoh"},
        {"XEROX", "Xerox"},
        {"Lexmark", "Lexmark"},
};

static bool is_text(const uint8_t *data, size_t len)
{
        for (size_t i = 0; i < len; i++)
                if (data[i] < ' ' && data[i] != '\n' && data[i] != '\r' && data[i] != '\t' &&
                    data[i] != '\f')
                        return false;
        return len > 0;
}

static bool speaks_of_printing(const struct line *text)
{
        static const char *const words[] = {"printer", "queue", "no entries", "lpd",
                                            "spool",   "lpr",   "print"};

        for (size_t i = 0; i < array_len(words); i++)
                if (line_find_i(text, words[i]))
                        return true;
        return false;
}

static enum recognition lpd_recognise(const struct heard *h)
{
        struct line all = {(const char *)h->data, h->len};

        if (!h->asked || h->transport != TRANSPORT_TCP ||
            !is_text(h->data + (h->data[0] == 1), h->len - (h->data[0] == 1)))
                return RECOGNISE_NO;
        return line_find_i(&all, "lpd:") || line_find_i(&all, "no connect permissions") ||
                               line_find_i(&all, "Illegal service request")
                       ? RECOGNISE_LIKELY
                       : RECOGNISE_NO;
}

static enum talk_next lpd_talk(struct talk *t)
{
        struct line all, first;
        size_t at = 0;

        if (!t->step) {
                talk_send_hex(t, "03");
                talk_send_bytes(t, QUEUE " \n", strlen(QUEUE " \n"));
                t->step = 1;
                return TALK_SEND;
        }
        if (t->in_len && t->in[0] == 3)
                return TALK_DONE; /* our own */
        if (t->in_len < 4096 && !t->ended && !t->waited)
                return TALK_MORE;
        all = (struct line){(const char *)t->in, t->in_len};
        if (all.len && *all.text == 1) /* LPRng refuses with a byte that is no zero, and then says why */
                all = (struct line){all.text + 1, all.len - 1};
        if (!is_text((const uint8_t *)all.text, all.len))
                return TALK_DONE;
        if (speaks_of_printing(&all) || line_find_i(&all, QUEUE))
                talk_confirm(t, "lpd");
        else if (t->port == 515)
                talk_likely(t, "lpd");
        else
                return TALK_DONE;
        first = all;
        (void)line_next((const uint8_t *)all.text, all.len, &at, &first);
        talk_detail(t, "answer", first.text, first.len);
        for (size_t i = 0; i < array_len(known); i++)
                if (line_find_i(&all, known[i].word))
                        talk_product(t, known[i].product, strlen(known[i].product));
        return TALK_DONE;
}

const struct probe probe_lpd = {
        .name = "lpd",
        .protocol = "lpd",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "515",
        .safety = SAFETY_QUERY,
        .log = "a question for the queue \"" QUEUE "\", which is not there",
        .reference = "RFC 1179, 5.3",
        .recognise = lpd_recognise,
        .talk = lpd_talk,
};
