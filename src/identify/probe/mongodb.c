/* SPDX-License-Identifier: GPL-2.0-or-later */
/* MongoDB: isMaster and buildInfo, which are answered before authentication. No database is listed. */
#include "identify/line.h"
#include "identify/probe.h"

enum { OP_REPLY = 1, OP_QUERY = 2004, OP_MSG = 2013 };
enum {
        BSON_DOUBLE = 1,
        BSON_STRING = 2,
        BSON_DOCUMENT = 3,
        BSON_ARRAY = 4,
        BSON_BINARY = 5,
        BSON_OID = 7,
        BSON_BOOL = 8,
        BSON_DATE = 9,
        BSON_NULL = 10,
        BSON_INT32 = 16,
        BSON_TIMESTAMP = 17,
        BSON_INT64 = 18,
        BSON_DECIMAL = 19
};

#define MESSAGE_MAX  65536u
#define ELEMENTS_MAX 256u

enum step { OPENING, HELLO, BUILD };

static uint32_t request_id(const struct talk *t)
{
        return (uint32_t)(t->nonce & 0x7fffffff) | 1;
}

/* {NAME: 1} and, for OP_MSG, {$db: "admin"} */
static void add_document(struct str *s, const char *name, bool with_db)
{
        uint32_t n = (uint32_t)(4 + 1 + strlen(name) + 1 + 4 + 1) + (with_db ? 1 + 4 + 4 + 6 : 0);

        str_add_n(s, (char[]){(char)n, (char)(n >> 8), 0, 0, BSON_INT32}, 5);
        str_add_n(s, name, strlen(name) + 1);
        str_add_n(s, "\1\0\0\0", 4);
        if (with_db)
                str_add_n(s, "\2$db\0\6\0\0\0admin", 1 + 4 + 4 + 6);
        str_add_char(s, '\0');
}

static void ask(struct talk *t, const char *name, bool message)
{
        _cleanup_str_ struct str document = {0};

        add_document(&document, name, message);
        talk_send_le32(t, (uint32_t)(16 + document.len + (message ? 4 + 1 : 4 + sizeof("admin.$cmd") + 8)));
        talk_send_le32(t, request_id(t));
        talk_send_le32(t, 0);
        talk_send_le32(t, message ? OP_MSG : OP_QUERY);
        talk_send_le32(t, 0); /* flags */
        if (message) {
                talk_send_u8(t, 0); /* one document */
        } else {
                talk_send_bytes(t, "admin.$cmd", sizeof("admin.$cmd"));
                talk_send_le32(t, 0);
                talk_send_le32(t, UINT32_MAX); /* one, and close the cursor */
        }
        talk_send_bytes(t, document.text, document.len);
}

static struct line name_of(struct wire *w)
{
        const uint8_t *zero = wire_left(w) ? memchr(w->at, 0, wire_left(w)) : NULL;
        struct line name = {(const char *)w->at, zero ? (size_t)(zero - w->at) : 0};

        wire_skip(w, zero ? name.len + 1 : wire_left(w) + 1);
        return name;
}

struct element {
        uint8_t type;
        struct line name, text; /* text: of strings */
        uint64_t number;        /* of int32, bool; of a double 1 when it is 1.0 */
};

static bool next_element(struct wire *w, struct element *ret)
{
        struct wire text;

        *ret = (struct element){.type = wire_u8(w)};
        if (w->bad || !ret->type)
                return false;
        ret->name = name_of(w);
        switch (ret->type) {
        case BSON_STRING:
                text = wire_sub(w, wire_le32(w));
                ret->text =
                        (struct line){(const char *)text.at, wire_left(&text) ? wire_left(&text) - 1 : 0};
                break;
        case BSON_DOCUMENT:
        case BSON_ARRAY: {
                uint32_t n = wire_le32(w);

                wire_skip(w, n >= 4 ? n - 4 : SIZE_MAX);
                break;
        }
        case BSON_BINARY:
                wire_skip(w, (size_t)wire_le32(w) + 1);
                break;
        case BSON_BOOL:
                ret->number = wire_u8(w);
                break;
        case BSON_INT32:
                ret->number = wire_le32(w);
                break;
        case BSON_DOUBLE:
        case BSON_DATE:
        case BSON_TIMESTAMP:
        case BSON_INT64:
                wire_skip(w, 8);
                break;
        case BSON_OID:
                wire_skip(w, 12);
                break;
        case BSON_DECIMAL:
                wire_skip(w, 16);
                break;
        case BSON_NULL:
                break;
        default:
                return false;
        }
        return !w->bad;
}

static bool is(const struct line *name, const char *word)
{
        return name->len == strlen(word) && line_starts(name, word);
}

/* The document of an answer to our request: 1, 0 = not whole yet, -1 = none. */
static int answer_document(const struct talk *t, struct wire *ret)
{
        struct wire w = talk_in(t), message;
        uint32_t len = wire_le32(&w), op;

        if (t->in_len < 16)
                return 0;
        if (len < 21 || len > MESSAGE_MAX)
                return -1;
        wire_skip(&w, 4);
        if (wire_le32(&w) != request_id(t))
                return -1;
        op = wire_le32(&w);
        if (op != OP_REPLY && op != OP_MSG)
                return -1;
        if (wire_left(&w) < len - 16)
                return 0;
        message = wire_sub(&w, len - 16);
        wire_skip(&message, op == OP_REPLY ? 20 : 5);
        len = wire_le32(&message);
        if (message.bad || len < 5 || wire_left(&message) < len - 4)
                return -1;
        *ret = wire_sub(&message, len - 4);
        return 1;
}

static enum talk_next hello(struct talk *t)
{
        struct wire document;
        struct element e;
        bool known = false;
        uint64_t wire_version = 0;
        int found = answer_document(t, &document);

        if (found <= 0)
                return found ? TALK_DONE : TALK_MORE;
        for (unsigned i = 0; i < ELEMENTS_MAX && next_element(&document, &e); i++) {
                known |= is(&e.name, "ismaster") || is(&e.name, "isWritablePrimary") || is(&e.name, "ok") ||
                         is(&e.name, "errmsg") || is(&e.name, "$err");
                if (is(&e.name, "maxWireVersion"))
                        wire_version = e.number;
                else if (is(&e.name, "setName"))
                        talk_detail(t, "replica-set", e.text.text, e.text.len);
                else if (is(&e.name, "me"))
                        talk_detail(t, "address", e.text.text, e.text.len);
                else if (is(&e.name, "msg") && is(&e.text, "isdbgrid"))
                        talk_detail(t, "role", "mongos", 6);
                else if (is(&e.name, "errmsg"))
                        talk_detail(t, "error", e.text.text, e.text.len);
        }
        if (!known)
                return TALK_DONE;
        talk_confirm(t, "mongodb");
        if (wire_version)
                talk_detail_u64(t, "max-wire-version", wire_version);
        ask(t, "buildInfo", wire_version >= 6); /* OP_MSG: since 3.6 */
        t->step = BUILD;
        return TALK_SEND;
}

static enum talk_next build(struct talk *t)
{
        struct wire document;
        struct element e;
        struct line version = {0};
        int found = answer_document(t, &document);

        if (found <= 0)
                return found ? TALK_DONE : TALK_MORE;
        for (unsigned i = 0; i < ELEMENTS_MAX && next_element(&document, &e); i++) {
                if (is(&e.name, "version"))
                        version = e.text;
                else if (is(&e.name, "ferretdbVersion") || is(&e.name, "ferretdb")) {
                        talk_product(t, "FerretDB", 8);
                        talk_version(t, e.text.text, e.text.len);
                } else if (is(&e.name, "psmdbVersion")) {
                        talk_product(t, "Percona Server for MongoDB", 26);
                        talk_version(t, e.text.text, e.text.len);
                } else if (is(&e.name, "gitVersion"))
                        talk_detail(t, "git-version", e.text.text, e.text.len);
        }
        if (version.len && !t->id->product) {
                talk_product(t, "MongoDB", 7);
                talk_version(t, version.text, version.len);
                talk_cpe(t, "mongodb", "mongodb");
        }
        return TALK_DONE;
}

/* What it says to those who come with HTTP. */
static enum recognition mongodb_recognise(const struct heard *h)
{
        static const char text[] = "trying to access MongoDB over HTTP on the native driver port";

        return data_starts(h->data, h->len, "HTTP/1.") && memmem(h->data, h->len, text, sizeof(text) - 1)
                       ? RECOGNISE_SURE
                       : RECOGNISE_NO;
}

static enum talk_next mongodb_talk(struct talk *t)
{
        switch (t->step) {
        case OPENING:
                ask(t, "isMaster", false);
                t->step = HELLO;
                return TALK_SEND;
        case HELLO:
                return hello(t);
        }
        return build(t);
}

const struct probe probe_mongodb = {
        .name = "mongodb",
        .protocol = "mongodb",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "27017-27020,28017",
        .safety = SAFETY_QUERY,
        .sweep_tcp = SWEEP_SECOND,
        .log = "\"Connection accepted\" and \"Connection ended\"",
        .reference =
                "MongoDB Wire Protocol: OP_QUERY, OP_MSG, OP_REPLY; commands isMaster, buildInfo; BSON 1.1",
        .recognise = mongodb_recognise,
        .talk = mongodb_talk,
};
