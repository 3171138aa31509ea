/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * AMQP: the header of 0-9-1, answered by Connection.Start, which names the broker; or by the header of what
 * it speaks instead. 1.0 is then asked for its SASL mechanisms, and what it calls itself when it is opened
 * without any.
 */
#include <stdio.h>

#include "identify/line.h"
#include "identify/probe.h"

#define FRAME_MAX   65536u
#define ENTRIES_MAX 128u

enum step { OPENING, START, SASL_OPENING, SASL, OPEN_OPENING, OPENED };

enum { SASL_SERVER_MECHANISMS = 0x40, PERFORMATIVE_OPEN = 0x10 };

static bool is_header(const uint8_t *data, size_t len)
{
        return len >= 8 && data_starts(data, len, "AMQP") && data[4] <= 3 && data[5] <= 9 && data[6] <= 10 &&
               data[7] <= 10;
}

static enum recognition amqp_recognise(const struct heard *h)
{
        return h->asked && is_header(h->data, h->len) ? RECOGNISE_SURE : RECOGNISE_NO;
}

/* --- 0-9-1 -------------------------------------------------------------------------------------------- */

static bool is(const struct line *name, const char *word)
{
        return name->len == strlen(word) && line_starts(name, word);
}

/* "rabbit@host" */
static void take_cluster(struct talk *t, const struct line *value)
{
        const char *at = memchr(value->text, '@', value->len);

        talk_detail(t, "cluster", value->text, value->len);
        if (at)
                talk_hostname(t, at + 1, value->len - (size_t)(at + 1 - value->text));
}

static void take_property(struct talk *t, const struct line *name, const struct line *value)
{
        if (is(name, "product"))
                talk_product(t, value->text, value->len);
        else if (is(name, "version"))
                talk_version(t, value->text, value->len);
        else if (is(name, "platform"))
                talk_detail(t, "platform", value->text, value->len);
        else if (is(name, "cluster_name"))
                take_cluster(t, value);
}

/* Field table (AMQP 0-9-1, 4.2.5.5): the length of a value by its type; false where it is not known */
static bool skip_value(struct wire *w, uint8_t type)
{
        static const struct {
                char type;
                uint8_t len;
        } lengths[] = {
                {'t', 1}, {'b', 1}, {'B', 1}, {'s', 2}, {'u', 2}, {'U', 2}, {'I', 4}, {'i', 4},
                {'f', 4}, {'l', 8}, {'L', 8}, {'d', 8}, {'T', 8}, {'D', 5}, {'V', 0},
        };

        if (memchr("SxFA", type, 4)) {
                wire_skip(w, wire_be32(w));
                return !w->bad;
        }
        for (size_t i = 0; i < array_len(lengths); i++)
                if (type == (uint8_t)lengths[i].type) {
                        wire_skip(w, lengths[i].len);
                        return !w->bad;
                }
        return false;
}

static void take_table(struct talk *t, struct wire table)
{
        for (unsigned i = 0; i < ENTRIES_MAX && wire_left(&table); i++) {
                struct wire key = wire_sub(&table, wire_u8(&table)), text;
                uint8_t type = wire_u8(&table);
                struct line name = {(const char *)key.at, wire_left(&key)}, value;

                if (type != 'S') {
                        if (!skip_value(&table, type))
                                return;
                        continue;
                }
                text = wire_sub(&table, wire_be32(&table));
                if (table.bad)
                        return;
                value = (struct line){(const char *)text.at, wire_left(&text)};
                take_property(t, &name, &value);
        }
}

static void take_mechanisms(struct talk *t, const struct line *words)
{
        struct line word;

        talk_detail(t, "mechanisms", words->text, words->len);
        for (unsigned i = 0; (word = line_word(words, i)).len; i++)
                if (!t->tls && (is(&word, "PLAIN") || is(&word, "AMQPLAIN")))
                        talk_flag(t, IDENTITY_PLAIN_LOGIN);
}

/* A method frame of channel 0: Connection.Start is class 10, method 10 */
static enum talk_next start(struct talk *t)
{
        struct wire w = talk_in(t), body, list;
        struct line mechanisms;
        char version[16];
        uint32_t len;
        unsigned major, minor;

        if (t->in_len < 8)
                return t->in_len && t->in[0] != 1 && t->in[0] != 'A' ? TALK_DONE : TALK_MORE;
        if (is_header(t->in, t->in_len)) {
                if (memcmp(t->in, "AMQP\0\0\x09\x01", 8) == 0) {
                        if (t->ended && t->in_len == 8)
                                talk_likely(t, "amqp"); /* or an echo */
                        return TALK_DONE;
                }
                talk_confirm(t, "amqp");
                snprintf(version, sizeof(version), "%u.%u.%u", t->in[5], t->in[6], t->in[7]);
                talk_detail(t, "protocol-version", version, strlen(version));
                t->step = SASL_OPENING;
                return t->in[5] == 1 ? TALK_AGAIN : TALK_DONE;
        }
        if (wire_u8(&w) != 1 || wire_be16(&w) != 0)
                return TALK_DONE;
        len = wire_be32(&w);
        if (len < 12 || len > FRAME_MAX)
                return TALK_DONE;
        if (wire_left(&w) < len + 1)
                return TALK_MORE;
        body = wire_sub(&w, len);
        if (wire_u8(&w) != 0xce || wire_be32(&body) != (10u << 16 | 10))
                return TALK_DONE;
        major = wire_u8(&body);
        minor = wire_u8(&body);
        talk_confirm(t, "amqp");
        snprintf(version, sizeof(version), "%u-%u%s", major, minor, major == 0 && minor == 9 ? "-1" : "");
        talk_detail(t, "protocol-version", version, strlen(version));
        list = wire_sub(&body, wire_be32(&body));
        take_table(t, list);
        list = wire_sub(&body, wire_be32(&body));
        mechanisms = (struct line){(const char *)list.at, wire_left(&list)};
        if (mechanisms.len)
                take_mechanisms(t, &mechanisms);
        if (t->id->product && streq(t->id->product, "RabbitMQ"))
                talk_cpe(t, "vmware", "rabbitmq");
        return TALK_DONE;
}

/* --- 1.0 ---------------------------------------------------------------------------------------------- */

struct value {
        uint8_t code;
        struct wire body; /* of text and binary, and of lists, maps and arrays from their first element on */
        uint32_t count;
};

/*
 * One value of the type system (AMQP 1.0, part 1, 1.6): constructors are of fixed width, or 1 or 4 bytes of
 * length.
 */
static bool next_value(struct wire *w, struct value *ret)
{
        static const uint8_t fixed[] = {0, 1, 2, 4, 8, 16};
        unsigned kind;

        *ret = (struct value){.code = wire_u8(w)};
        kind = ret->code >> 4;
        if (w->bad || kind < 4)
                return false; /* described values: the caller's */
        if (kind < 10)
                ret->body = wire_sub(w, fixed[kind - 4]);
        else
                ret->body = wire_sub(w, kind & 1 ? wire_be32(w) : wire_u8(w));
        if (kind >= 12)
                ret->count = kind & 1 ? wire_be32(&ret->body) : wire_u8(&ret->body);
        return !w->bad && !ret->body.bad;
}

/* The body of a frame: 00 53 CODE and a list. True when it is that performative. */
static bool performative(struct wire *w, uint8_t code, struct value *ret)
{
        struct value descriptor;

        if (wire_u8(w) != 0 || !next_value(w, &descriptor) ||
            (descriptor.code != 0x53 && descriptor.code != 0x80))
                return false;
        if (!wire_left(&descriptor.body) || descriptor.body.end[-1] != code)
                return false;
        return next_value(w, ret) && (ret->code == 0xc0 || ret->code == 0xd0 || ret->code == 0x45);
}

/*
 * A frame of that type after the header: 1, 0 = not whole yet, -1 = none. Size, offset of the body in words,
 * type, channel
 */
static int read_frame(const struct talk *t, uint8_t type, struct wire *ret)
{
        struct wire w = talk_in(t);
        uint32_t size;
        uint8_t offset;

        wire_skip(&w, 8);
        if (wire_left(&w) < 8)
                return 0;
        size = wire_be32(&w);
        offset = wire_u8(&w);
        if (size < 8 || size > FRAME_MAX || offset < 2 || offset * 4u > size || wire_u8(&w) != type)
                return -1;
        wire_skip(&w, 2);
        if (wire_left(&w) < size - 8)
                return 0;
        *ret = wire_sub(&w, size - 8);
        wire_skip(ret, offset * 4u - 8);
        return 1;
}

static struct line text_of(const struct value *value)
{
        bool text = value->code == 0xa1 || value->code == 0xb1 || value->code == 0xa3 || value->code == 0xb3;

        return (struct line){(const char *)value->body.at, text ? wire_left(&value->body) : 0};
}

/* One symbol, or an array of them (one constructor, then the values) */
static void take_sasl(struct talk *t, const struct value *list)
{
        struct wire body = list->body;
        _cleanup_str_ struct str words = {0};
        struct value value;
        struct line line;

        if (!next_value(&body, &value))
                return;
        line = text_of(&value);
        if (line.len) {
                take_mechanisms(t, &line);
                return;
        }
        if (value.code != 0xe0 && value.code != 0xf0)
                return;
        uint8_t constructor = wire_u8(&value.body);
        for (uint32_t i = 0; i < value.count && i < ENTRIES_MAX && wire_left(&value.body); i++) {
                struct wire text = wire_sub(&value.body, constructor == 0xb3 ? wire_be32(&value.body)
                                                                             : wire_u8(&value.body));

                if (text.bad)
                        break;
                if (words.len)
                        str_add_char(&words, ' ');
                str_add_n(&words, (const char *)text.at, wire_left(&text));
        }
        line = (struct line){str_text(&words), words.len};
        if (line.len)
                take_mechanisms(t, &line);
}

static enum talk_next sasl(struct talk *t)
{
        struct wire body;
        struct value list;
        int found;

        if (t->in_len >= 8 && !is_header(t->in, t->in_len))
                return TALK_DONE;
        found = read_frame(t, 1, &body);
        if (found == 0 && !t->ended && !t->waited)
                return TALK_MORE;
        if (found > 0 && performative(&body, SASL_SERVER_MECHANISMS, &list))
                take_sasl(t, &list);
        t->step = OPEN_OPENING;
        return TALK_AGAIN;
}

/* Header, then open {container-id "quaymaster", hostname null}; the server's open has its properties */
static enum talk_next ask_open(struct talk *t)
{
        talk_send_hex(t, "41 4d 51 50 00 01 00 00");
        talk_send_hex(t, "00 00 00 1a 02 00 00 00  00 53 10 c0 0d 01  a1 0a");
        talk_send_bytes(t, "quaymaster", 10);
        t->step = OPENED;
        return TALK_SEND;
}

static void take_open(struct talk *t, const struct value *open)
{
        struct wire fields = open->body;
        struct value value, key;
        struct line name, text;

        for (unsigned i = 0; i < 10 && next_value(&fields, &value); i++) {
                text = text_of(&value);
                if (i == 0)
                        talk_detail(t, "container", text.text, text.len);
                if (value.code != 0xc1 && value.code != 0xd1)
                        continue;
                for (unsigned j = 0; j < ENTRIES_MAX && next_value(&value.body, &key); j++) {
                        struct value item;

                        if (!next_value(&value.body, &item))
                                break;
                        name = text_of(&key);
                        text = text_of(&item);
                        if (name.len && text.len)
                                take_property(t, &name, &text);
                }
        }
        /* qpidd says "qpid-cpp", Artemis "apache-activemq-artemis" */
        if (t->id->product && streq(t->id->product, "apache-activemq-artemis"))
                talk_cpe(t, "apache", "activemq_artemis");
}

static enum talk_next opened(struct talk *t)
{
        struct wire body;
        struct value list;
        int found;

        if (t->in_len >= 8 && memcmp(t->in, "AMQP\0\1\0\0", 8) != 0)
                return TALK_DONE; /* it wants SASL */
        found = read_frame(t, 0, &body);
        if (found == 0)
                return TALK_MORE;
        if (found > 0 && performative(&body, PERFORMATIVE_OPEN, &list)) {
                talk_flag(t, IDENTITY_NO_AUTH);
                take_open(t, &list);
        }
        return TALK_DONE;
}

static enum talk_next amqp_talk(struct talk *t)
{
        switch (t->step) {
        case OPENING:
                talk_send_hex(t, "41 4d 51 50 00 00 09 01");
                t->step = START;
                return TALK_SEND;
        case START:
                return start(t);
        case SASL_OPENING:
                talk_send_hex(t, "41 4d 51 50 03 01 00 00");
                t->step = SASL;
                return TALK_SEND;
        case SASL:
                return sasl(t);
        case OPEN_OPENING:
                return ask_open(t);
        }
        return opened(t);
}

const struct probe probe_amqp = {
        .name = "amqp",
        .protocol = "amqp",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "5671-5673,5675",
        .safety = SAFETY_SESSION,
        .sweep_tcp = SWEEP_SECOND,
        .log = "\"accepting AMQP connection\" and an error that the handshake did not end",
        .reference = "AMQP 0-9-1, 2.2.4 and 4.2.2; AMQP 1.0, part 2, 2.2 and part 5, 5.3.2",
        .recognise = amqp_recognise,
        .talk = amqp_talk,
};
