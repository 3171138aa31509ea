/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Echo (RFC 862): gives back what it gets, and nothing else. Asked with a line that nobody else knows. */
#include "identify/line.h"
#include "identify/probe.h"

enum step { ASK, HEAR, REST };

#define ASKED "quaymaster "
#define REST_MS \
        300u /* something that follows the echo is a prompt or an error: then it is no echo service */

static enum recognition echo_recognise(const struct heard *h)
{
        if (!h->asked)
                return RECOGNISE_NO;
        if (data_starts(h->data, h->len, "GET / HTTP/1.") || data_starts(h->data, h->len, "OPTIONS ") ||
            data_starts(h->data, h->len, ASKED))
                return RECOGNISE_MAYBE;
        /* a ClientHello, which no server says: handshake of TLS, of type 1 */
        return h->len > 6 && h->data[0] == 0x16 && h->data[1] == 3 && h->data[5] == 1 ? RECOGNISE_LIKELY
                                                                                      : RECOGNISE_NO;
}

static void line_of(const struct talk *t, struct str *to)
{
        str_addf(to, ASKED "%016llx\r\n", (unsigned long long)t->nonce);
}

static enum talk_next echo_talk(struct talk *t)
{
        _cleanup_str_ struct str said = {0};

        line_of(t, &said);
        if (t->step == ASK) {
                talk_send_bytes(t, said.text, said.len);
                t->step = HEAR;
                return TALK_SEND;
        }
        if (t->in_len > said.len || (t->in_len && memcmp(t->in, said.text, t->in_len) != 0))
                return TALK_DONE;
        if (t->in_len < said.len)
                return TALK_MORE;
        if (t->step == HEAR && t->transport == TRANSPORT_TCP && !t->waited && !t->ended) {
                t->step = REST;
                t->patience_ms = REST_MS;
                return TALK_MORE;
        }
        if (t->transport == TRANSPORT_TCP && !t->waited && !t->ended)
                return TALK_MORE;
        talk_evidence(t, t->in, t->in_len);
        talk_confirm(t, "echo");
        return TALK_DONE;
}

const struct probe probe_echo = {
        .name = "echo",
        .protocol = "echo",
        .transports = 1 << TRANSPORT_TCP | 1 << TRANSPORT_UDP,
        .tcp_ports = "7",
        .udp_ports = "7",
        .safety = SAFETY_QUERY,
        .sweep_udp = SWEEP_LAST,
        .log = "a connection (xinetd: \"START: echo\")",
        .reference = "RFC 862",
        .recognise = echo_recognise,
        .talk = echo_talk,
};
