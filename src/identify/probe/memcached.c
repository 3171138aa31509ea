/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * memcached: "version" in its text protocol, then in the binary one (servers with SASL, Couchbase); UDP with
 * its frame.
 */
#include <ctype.h>

#include "identify/line.h"
#include "identify/probe.h"
#include "identify/registry.h"

extern const struct probe probe_memcached;

enum step { OPENING, TEXT, BINARY_OPENING, BINARY };
enum { MAGIC_REQUEST = 0x80, MAGIC_RESPONSE = 0x81, BINARY_VERSION = 0x0b, BINARY_MECHANISMS = 0x20 };

static uint32_t id_of(const struct talk *t)
{
        return (uint32_t)t->nonce;
}

static enum recognition memcached_recognise(const struct heard *h)
{
        struct line line;
        size_t at = 0;

        if (!h->asked || h->transport == TRANSPORT_UDP)
                return RECOGNISE_NO;
        if (!line_next(h->data, h->len, &at, &line))
                return RECOGNISE_NO;
        if (line_starts(&line, "CLIENT_ERROR ") || line_starts(&line, "SERVER_ERROR "))
                return RECOGNISE_LIKELY;
        return line.len == 5 && line_starts(&line, "ERROR") && at > 6 && h->data[5] == '\r' ? RECOGNISE_MAYBE
                                                                                            : RECOGNISE_NO;
}

/* "VERSION 1.6.18", "VERSION yrmcds version 1.1" */
static void take_version(struct talk *t, const struct line *text)
{
        struct line version = *text;

        talk_product(t, "memcached", 9);
        while (version.len && !isdigit((unsigned char)*version.text))
                version = (struct line){version.text + 1, version.len - 1};
        version = line_word(&version, 0);
        talk_version(t, version.text, version.len);
        if (text->len && isdigit((unsigned char)*text->text) && streq(t->id->product, "memcached"))
                talk_cpe(t, "memcached", "memcached");
}

static enum talk_next served(struct talk *t, const struct line *line)
{
        struct line version = line_after(line, 8);

        talk_confirm(t, "memcached");
        talk_flag(t, IDENTITY_NO_AUTH);
        if (line_find_i(&version, "mcrouter"))
                talk_product(t, "mcrouter", 8);
        take_version(t, &version);
        return TALK_DONE;
}

static enum talk_next text_answer(struct talk *t)
{
        struct line line;
        size_t at = 0;

        /* where only the binary protocol is spoken, this is no request, or not a whole one */
        if (!t->in_len && (t->ended || t->waited) && probe_has_port(&probe_memcached, TRANSPORT_TCP, t->port)) {
                t->step = BINARY_OPENING;
                return TALK_AGAIN;
        }
        if (!line_next(t->in, t->in_len, &at, &line))
                return t->in_len < 512 ? TALK_MORE : TALK_DONE;
        if (line_starts(&line, "VERSION ") && line.len > 8)
                return served(t, &line);
        if (line_starts(&line, "CLIENT_ERROR unauthenticated") ||
            line_starts(&line, "ERROR unauthenticated")) {
                talk_confirm(t, "memcached");
                talk_product(t, "memcached", 9);
                if (!t->tls)
                        talk_flag(t, IDENTITY_PLAIN_LOGIN);
        } else if (line_starts(&line, "SERVER_ERROR ")) {
                talk_likely(t, "memcached");
        }
        return TALK_DONE;
}

static void send_binary(struct talk *t, uint8_t opcode)
{
        talk_send_u8(t, MAGIC_REQUEST);
        talk_send_u8(t, opcode);
        talk_send_hex(t, "0000 00 00 0000 00000000");
        talk_send_be32(t, id_of(t));
        talk_send_hex(t, "00000000 00000000");
}

static enum talk_next ask_binary(struct talk *t)
{
        t->patience_ms = 0;
        send_binary(t, BINARY_VERSION);
        send_binary(t, BINARY_MECHANISMS);
        t->step = BINARY;
        return TALK_SEND;
}

struct binary {
        uint8_t opcode;
        uint16_t status;
        struct line body;
};

/* 1, 0 = not whole yet, -1 = no answer to us. Of the body the extras and the key are empty in these. */
static int next_binary(const struct talk *t, struct wire *w, struct binary *ret)
{
        struct wire body;
        uint32_t len, id;

        if (wire_left(w) && *w->at != MAGIC_RESPONSE)
                return -1;
        if (wire_left(w) < 24)
                return 0;
        wire_skip(w, 1);
        ret->opcode = wire_u8(w);
        wire_skip(w, 4);
        ret->status = wire_be16(w);
        len = wire_be32(w);
        id = wire_be32(w);
        wire_skip(w, 8);
        if (id != id_of(t) || len > 1024)
                return -1;
        if (wire_left(w) < len)
                return 0;
        body = wire_sub(w, len);
        ret->body = (struct line){(const char *)body.at, wire_left(&body)};
        return 1;
}

static enum talk_next binary_answer(struct talk *t)
{
        struct wire w = talk_in(t);
        struct binary answer;
        int found = next_binary(t, &w, &answer);

        if (found <= 0)
                return found ? TALK_DONE : TALK_MORE;
        if (answer.opcode != BINARY_VERSION)
                return TALK_DONE;
        talk_confirm(t, "memcached");
        if (answer.body.len && *answer.body.text >= '2' && *answer.body.text <= '9')
                talk_product(t, "Couchbase Server", 16); /* memcached itself is at 1 */
        take_version(t, &answer.body);
        found = next_binary(t, &w, &answer);
        if (found <= 0)
                return found ? TALK_DONE : TALK_MORE;
        if (answer.opcode != BINARY_MECHANISMS || answer.status)
                return TALK_DONE;
        talk_detail(t, "mechanisms", answer.body.text, answer.body.len);
        if (!t->tls && line_find_i(&answer.body, "PLAIN"))
                talk_flag(t, IDENTITY_PLAIN_LOGIN);
        return TALK_DONE;
}

/* Frame: request, number, how many, reserved */
static enum talk_next datagram(struct talk *t)
{
        struct wire w = talk_in(t);
        struct line line;
        size_t at = 8;

        if (!t->step++) {
                talk_send_be16(t, (uint16_t)id_of(t));
                talk_send_hex(t, "0000 0001 0000");
                talk_send_bytes(t, "version\r\n", 9);
                return TALK_SEND;
        }
        if (wire_be16(&w) != (uint16_t)id_of(t) || !line_next(t->in, t->in_len, &at, &line))
                return TALK_DONE;
        return line_starts(&line, "VERSION ") ? served(t, &line) : TALK_DONE;
}

static enum talk_next memcached_talk(struct talk *t)
{
        if (t->transport == TRANSPORT_UDP)
                return datagram(t);
        switch (t->step) {
        case OPENING:
                talk_send_bytes(t, "version\r\n", 9);
                t->patience_ms = 1000;
                t->step = TEXT;
                return TALK_SEND;
        case TEXT:
                return text_answer(t);
        case BINARY_OPENING:
                return ask_binary(t);
        }
        return binary_answer(t);
}

const struct probe probe_memcached = {
        .name = "memcached",
        .protocol = "memcached",
        .transports = 1 << TRANSPORT_TCP | 1 << TRANSPORT_UDP,
        .tcp_ports = "11211-11215,11210,11207",
        .udp_ports = "11211",
        .safety = SAFETY_QUERY,
        .sweep_tcp = SWEEP_SECOND,
        .log = "nothing",
        .reference = "memcached, doc/protocol.txt (text and UDP) and the binary protocol's opcode 0x0b",
        .recognise = memcached_recognise,
        .talk = memcached_talk,
};
