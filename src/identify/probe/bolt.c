/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bolt (Neo4j, Memgraph): the handshake of versions, then HELLO without anybody's name. From 5.1 on the
 * server names itself in return and a login is a message of its own; before that it refuses.
 */
#include <stdio.h>

#include "identify/line.h"
#include "identify/probe.h"

enum step { OPENING, VERSION, HELLO };

#define MESSAGE_MAX 8192u

static enum talk_next ask(struct talk *t)
{
        /* 5.8 to 5.0, 4.4 to 4.2, 4.1, 3: each is range, minor, major */
        talk_send_hex(t, "60 60 b0 17  00 08 08 05  00 02 04 04  00 00 01 04  00 00 00 03");
        t->step = VERSION;
        return TALK_SEND;
}

/* HELLO {user_agent} */
static enum talk_next hello(struct talk *t)
{
        static const char agent[] = "quaymaster/1.0";
        uint8_t n = (uint8_t)(sizeof(agent) - 1);

        talk_send_be16(t, (uint16_t)(3 + 11 + 1 + n));
        talk_send_hex(t, "b1 01 a1 8a");
        talk_send_bytes(t, "user_agent", 10);
        talk_send_u8(t, (uint8_t)(0x80 | n));
        talk_send_bytes(t, agent, n);
        talk_send_be16(t, 0);
        t->step = HELLO;
        return TALK_SEND;
}

static enum talk_next version(struct talk *t)
{
        char text[16];
        unsigned minor, major;

        if (t->in_len < 4)
                return TALK_MORE;
        minor = t->in[2];
        major = t->in[3];
        if (t->in_len > 4 || t->in[0] || t->in[1])
                return TALK_DONE;
        if (!(major == 5 && minor <= 8) && !(major == 4 && minor >= 1 && minor <= 4) &&
            !(major == 3 && !minor))
                return TALK_DONE;
        snprintf(text, sizeof(text), "%u.%u", major, minor);
        talk_likely(t, "bolt");
        talk_detail(t, "protocol-version", text, strlen(text));
        return hello(t);
}

/* The string (PackStream: tiny, or d0 and a byte of length) behind the key in a map of strings. */
static struct line value_of(struct wire message, const char *key)
{
        size_t n = strlen(key);
        const uint8_t *at = memmem(message.at, wire_left(&message), key, n);
        struct wire text;
        uint8_t kind;

        if (!at || at == message.at || at[-1] != (0x80 | n))
                return (struct line){"", 0};
        wire_skip(&message, (size_t)(at - message.at) + n);
        kind = wire_u8(&message);
        if (kind == 0xd0)
                kind = wire_u8(&message);
        else if (kind >> 4 == 8)
                kind &= 0x0f;
        else
                return (struct line){"", 0};
        text = wire_sub(&message, kind);
        return (struct line){(const char *)text.at, wire_left(&text)};
}

/* "Neo4j/5.13.0", "Neo4j/v5.11.0 compatible graph database server - Memgraph" */
static void take_server(struct talk *t, const struct line *server)
{
        const char *slash = memchr(server->text, '/', server->len);
        struct line version;

        talk_detail(t, "server", server->text, server->len);
        if (line_find_i(server, "Memgraph")) {
                talk_product(t, "Memgraph", 8);
                return;
        }
        if (!slash)
                return;
        talk_product(t, server->text, (size_t)(slash - server->text));
        version = line_after(server, (size_t)(slash - server->text) + 1);
        version = line_word(&version, 0);
        talk_version(t, version.text, version.len);
        if (line_starts(server, "Neo4j/"))
                talk_cpe(t, "neo4j", "neo4j");
}

/* A chunk: length, then a structure: SUCCESS 70, FAILURE 7f */
static enum talk_next answer(struct talk *t)
{
        struct wire w = talk_in(t), message;
        uint16_t len = wire_be16(&w);
        struct line text;

        if (t->in_len < 4)
                return TALK_MORE;
        if (len < 3 || len > MESSAGE_MAX || t->in[2] != 0xb1 || (t->in[3] != 0x70 && t->in[3] != 0x7f))
                return TALK_DONE;
        if (wire_left(&w) < len)
                return TALK_MORE;
        message = wire_sub(&w, len);
        talk_confirm(t, "bolt");
        text = value_of(message, "server");
        if (text.len)
                take_server(t, &text);
        text = value_of(message, "code");
        talk_detail(t, "error-code", text.text, text.len);
        if (line_starts(&text, "Neo."))
                talk_product(t, "Neo4j", 5);
        if (!t->tls)
                talk_flag(t, IDENTITY_PLAIN_LOGIN);
        return TALK_DONE;
}

static enum talk_next bolt_talk(struct talk *t)
{
        switch (t->step) {
        case OPENING:
                return ask(t);
        case VERSION:
                return version(t);
        }
        return answer(t);
}

const struct probe probe_bolt = {
        .name = "bolt",
        .protocol = "bolt",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "7687-7689",
        .safety = SAFETY_SESSION,
        .sweep_tcp = SWEEP_LAST,
        .log = "nothing by default; before 5.1 \"unauthenticated\" in security.log",
        .reference = "Bolt protocol: handshake, HELLO",
        .talk = bolt_talk,
};
