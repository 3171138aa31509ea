/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Amanda's client: a packet that asks for the service "noop", which is acknowledged, and answered with
 * what it can (bsd, bsdudp).
 */
#include "identify/line.h"
#include "identify/probe.h"

#define HANDLE "000-514D4153"

enum step { OPEN, ANSWERED };

/* "Amanda 2.5 ACK HANDLE 000-... SEQ 0" */
static bool head(const uint8_t *data, size_t len, struct line *line)
{
        size_t at = 0;

        return data_starts(data, len, "Amanda ") && line_next(data, len, &at, line) &&
               line_find_i(line, " HANDLE ") && !line_find_i(line, " REQ ");
}

static enum recognition amanda_recognise(const struct heard *h)
{
        struct line line;

        return head(h->data, h->len, &line) ? RECOGNISE_SURE : RECOGNISE_NO;
}

static enum talk_next amanda_talk(struct talk *t)
{
        static const char request[] = "Amanda 2.4 REQ HANDLE " HANDLE " SEQ 0\nSERVICE noop\nOPTIONS ;\n";
        struct line line, word;
        const char *error, *end;

        if (t->step == OPEN) {
                talk_send_bytes(t, request, sizeof(request) - 1);
                t->step = ANSWERED;
                return TALK_SEND;
        }
        if (!head(t->in, t->in_len, &line))
                return TALK_MORE;
        talk_confirm(t, "amanda");
        talk_product(t, "Amanda", 6);
        word = line_word(&line, 1);
        talk_detail(t, "protocol-version", word.text, word.len);
        word = line_word(&line, 2);
        if (line_starts(&word, "ACK"))
                return TALK_MORE; /* the answer comes by itself */
        talk_detail(t, "answer", word.text, word.len);
        error = memmem(t->in, t->in_len, "ERROR", 5);
        if (!error)
                return TALK_DONE;
        end = memchr(error, '\n', t->in_len - (size_t)((const uint8_t *)error - t->in));
        talk_detail(t, "error", error,
                    end ? (size_t)(end - error) : t->in_len - (size_t)((const uint8_t *)error - t->in));
        return TALK_DONE;
}

const struct probe probe_amanda = {
        .name = "amanda",
        .protocol = "amanda",
        .transports = 1 << TRANSPORT_UDP,
        .udp_ports = "10080",
        .safety = SAFETY_QUERY,
        .log = "amandad: a request of the service noop, accepted or not",
        .reference = "Amanda: docs, the bsd security driver's packets",
        .recognise = amanda_recognise,
        .talk = amanda_talk,
};
