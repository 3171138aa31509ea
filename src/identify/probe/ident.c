/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ident (RFC 1413): asked for a connection that does not exist, so no user is told. */
#include <ctype.h>

#include "identify/banner.h"

/* "6193, 23 : ERROR : NO-USER" with blanks anywhere (RFC 1413, 4) */
static bool is_answer(const struct line *line)
{
        static const char *const words[] = {"INVALID-PORT", "NO-USER", "HIDDEN-USER", "UNKNOWN-ERROR"};
        bool word = line_find_i(line, "USERID");
        const char *colon = memchr(line->text, ':', line->len);
        struct line rest;

        for (size_t i = 0; i < array_len(words); i++)
                word = word || line_find_i(line, words[i]);
        if (!colon || !word)
                return false;
        rest = line_after(line, (size_t)(colon - line->text) + 1);
        return line_starts_i(&rest, "ERROR") || line_starts_i(&rest, "USERID");
}

static enum recognition ident_recognise(const struct heard *h)
{
        struct line line;
        size_t at = 0;

        return h->asked && line_next(h->data, h->len, &at, &line) && is_answer(&line) ? RECOGNISE_SURE
                                                                                      : RECOGNISE_NO;
}

static enum talk_next ident_talk(struct talk *t)
{
        struct line line;
        size_t at = 0;

        if (!t->step++) {
                talk_send_bytes(t, "1, 1\r\n", 6);
                return TALK_SEND;
        }
        if (!line_next(t->in, t->in_len, &at, &line))
                return t->in_len > 1024 ? TALK_DONE : TALK_MORE;
        if (is_answer(&line) && isdigit((unsigned char)line_after(&line, 0).text[0])) {
                talk_evidence(t, line.text, line.len);
                talk_confirm(t, "ident");
        }
        return TALK_DONE;
}

const struct probe probe_ident = {
        .name = "ident",
        .protocol = "ident",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "113",
        .safety = SAFETY_QUERY,
        .sweep_tcp = SWEEP_LAST,
        .log = "a question for a connection that does not exist (oidentd: \"[1, 1] ... No user\")",
        .reference = "RFC 1413",
        .recognise = ident_recognise,
        .talk = ident_talk,
};
