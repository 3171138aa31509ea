/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Cassandra and ScyllaDB (CQL): OPTIONS, then STARTUP, which tells whether a password is wanted. Where none
 * is, the server's own version is read.
 */
#include "identify/line.h"
#include "identify/probe.h"

enum {
        OP_ERROR = 0,
        OP_STARTUP = 1,
        OP_READY = 2,
        OP_AUTHENTICATE = 3,
        OP_OPTIONS = 5,
        OP_SUPPORTED = 6,
        OP_QUERY = 7,
        OP_RESULT = 8
};
enum step { OPENING, SUPPORTED, STARTED, RELEASE };

#define FRAME_MAX   65536u
#define STRINGS_MAX 256u

static const char too_new[] = "Invalid or unsupported protocol version";

struct frame {
        uint8_t version, opcode;
        uint16_t stream;
        struct wire body;
};

/* 1, 0 = not whole yet, -1 = none (or a request) */
static int read_frame(const uint8_t *data, size_t len, struct frame *ret)
{
        struct wire w = wire_over(data, len);
        uint32_t size;

        *ret = (struct frame){.version = wire_u8(&w)};
        if (len && (ret->version < 0x81 || ret->version > 0x85))
                return -1;
        if (len < 9)
                return 0;
        wire_skip(&w, 1);          /* flags */
        if (ret->version < 0x83) { /* stream of one byte */
                ret->stream = wire_u8(&w);
        } else {
                ret->stream = wire_be16(&w);
        }
        ret->opcode = wire_u8(&w);
        size = wire_be32(&w);
        if (size > FRAME_MAX ||
            (ret->opcode != OP_ERROR && ret->opcode != OP_READY && ret->opcode != OP_AUTHENTICATE &&
             ret->opcode != OP_SUPPORTED && ret->opcode != OP_RESULT))
                return -1;
        if (wire_left(&w) < size)
                return 0;
        ret->body = wire_sub(&w, size);
        return 1;
}

static enum recognition cassandra_recognise(const struct heard *h)
{
        struct frame frame;

        return h->asked && read_frame(h->data, h->len, &frame) > 0 && frame.opcode == OP_ERROR &&
                               memmem(h->data, h->len, too_new, sizeof(too_new) - 1)
                       ? RECOGNISE_SURE
                       : RECOGNISE_NO;
}

static uint16_t stream_of(const struct talk *t)
{
        return (uint16_t)(t->nonce & 0x7f);
}

static enum talk_next ask(struct talk *t, uint8_t opcode, const struct str *body)
{
        talk_send_u8(t, (uint8_t)(t->memory[0] ? t->memory[0] : 4));
        talk_send_u8(t, 0);
        talk_send_be16(t, stream_of(t));
        talk_send_u8(t, opcode);
        talk_send_be32(t, (uint32_t)body->len);
        talk_send_bytes(t, str_text(body), body->len);
        return TALK_SEND;
}

static void add_string(struct str *s, const char *text, size_t len)
{
        str_add_n(s, (char[]){(char)(len >> 8), (char)len}, 2);
        str_add_n(s, text, len);
}

static struct line string_of(struct wire *w)
{
        struct wire text = wire_sub(w, wire_be16(w));

        return (struct line){(const char *)text.at, wire_left(&text)};
}

/* A string multimap: CQL_VERSION, COMPRESSION, PROTOCOL_VERSIONS; SCYLLA_... */
static struct line take_supported(struct talk *t, struct wire body)
{
        struct line cql = {0};
        unsigned n = wire_be16(&body), strings = 0;
        bool versions = false;

        while (n-- && !body.bad) {
                struct line name = string_of(&body), value = {0};
                unsigned values = wire_be16(&body);

                while (values-- && !body.bad && strings++ < STRINGS_MAX)
                        value = string_of(&body);
                if (line_starts(&name, "SCYLLA_"))
                        talk_product(t, "ScyllaDB", 8);
                if (name.len == 11 && line_starts(&name, "CQL_VERSION"))
                        cql = value;
                versions |= line_starts(&name, "PROTOCOL_VERSIONS");
        }
        if (cql.len) {
                talk_confirm(t, "cassandra");
                talk_detail(t, "cql-version", cql.text, cql.len);
                if (versions)
                        talk_product(t, "Apache Cassandra", 16);
        }
        return cql;
}

static enum talk_next supported(struct talk *t, const struct frame *frame)
{
        _cleanup_str_ struct str body = {0};
        struct line cql;

        if (frame->opcode == OP_ERROR) {
                if (!memmem(frame->body.at, wire_left(&frame->body), too_new, sizeof(too_new) - 1) ||
                    t->memory[0])
                        return TALK_DONE;
                talk_confirm(t, "cassandra");
                t->memory[0] = frame->version & 0x7f;
                if (t->memory[0] < 3)
                        return TALK_DONE;
                t->step = OPENING;
                return TALK_AGAIN; /* it closes after that */
        }
        if (frame->opcode != OP_SUPPORTED || frame->stream != stream_of(t))
                return TALK_DONE;
        cql = take_supported(t, frame->body);
        if (!cql.len || cql.len > 16)
                return TALK_DONE;
        str_add_n(&body, "\0\1", 2);
        add_string(&body, "CQL_VERSION", 11);
        add_string(&body, cql.text, cql.len);
        t->step = STARTED;
        return ask(t, OP_STARTUP, &body);
}

static enum talk_next started(struct talk *t, const struct frame *frame)
{
        static const char query[] = "SELECT release_version FROM system.local";
        _cleanup_str_ struct str body = {0};
        struct wire w = frame->body;
        struct line name;

        if (frame->opcode == OP_AUTHENTICATE) {
                name = string_of(&w);
                talk_detail(t, "authenticator", name.text, name.len);
                if (!t->tls)
                        talk_flag(t, IDENTITY_PLAIN_LOGIN);
        }
        if (frame->opcode != OP_READY)
                return TALK_DONE;
        talk_flag(t, IDENTITY_NO_AUTH);
        str_add_n(&body, "\0\0\0", 3);
        str_add_char(&body, (char)(sizeof(query) - 1));
        str_add(&body, query);
        str_add_n(&body, "\0\1\0", 3); /* consistency ONE, no flags */
        t->step = RELEASE;
        return ask(t, OP_QUERY, &body);
}

/* RESULT of rows: kind 2, flags, columns, [keyspace, table], name, type; how many rows; bytes */
static enum talk_next release(struct talk *t, const struct frame *frame)
{
        struct wire w = frame->body, value;
        uint32_t flags;

        if (frame->opcode != OP_RESULT || wire_be32(&w) != 2)
                return TALK_DONE;
        flags = wire_be32(&w);
        if (wire_be32(&w) != 1)
                return TALK_DONE;
        if (flags & 1) {
                (void)string_of(&w);
                (void)string_of(&w);
        }
        (void)string_of(&w);
        wire_skip(&w, 2 + 4);
        value = wire_sub(&w, wire_be32(&w));
        if (w.bad || value.bad)
                return TALK_DONE;
        talk_version(t, (const char *)value.at, wire_left(&value));
        if (t->id->product && streq(t->id->product, "Apache Cassandra"))
                talk_cpe(t, "apache", "cassandra");
        return TALK_DONE;
}

static enum talk_next cassandra_talk(struct talk *t)
{
        static const struct str empty = {0};
        struct frame frame;
        int found;

        if (t->step == OPENING) {
                t->step = SUPPORTED;
                return ask(t, OP_OPTIONS, &empty);
        }
        found = read_frame(t->in, t->in_len, &frame);
        if (found <= 0)
                return found ? TALK_DONE : TALK_MORE;
        if (t->step == SUPPORTED)
                return supported(t, &frame);
        return t->step == STARTED ? started(t, &frame) : release(t, &frame);
}

const struct probe probe_cassandra = {
        .name = "cassandra",
        .protocol = "cassandra",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "9042,9142,19042,19142",
        .safety = SAFETY_SESSION,
        .sweep_tcp = SWEEP_LAST,
        .log = "nothing by default",
        .reference = "CQL Binary Protocol v4, 4.1.1 STARTUP, 4.1.3 OPTIONS, 4.2.4 SUPPORTED",
        .recognise = cassandra_recognise,
        .talk = cassandra_talk,
};
