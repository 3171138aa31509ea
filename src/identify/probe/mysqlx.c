/* SPDX-License-Identifier: GPL-2.0-or-later */
/* X Protocol of MySQL (the document store): the server's abilities may be asked before anything else. */
#include "identify/member.h"
#include "identify/probe.h"

enum { ASK_CAPABILITIES = 1, ASK_SET = 2 };
enum { SAY_OK = 0, SAY_ERROR = 1, SAY_CAPABILITIES = 2, SAY_NOTICE = 11 };

enum step { OPENING, CAPABILITIES, UPGRADE, INSIDE };

#define MESSAGE_MAX 65536u

struct message {
        uint8_t type;
        struct wire body;
};

/* The next that is not a notice: 1, 0 = not whole yet, -1 = none. */
static int next_message(struct wire *w, struct message *ret)
{
        for (;;) {
                uint32_t len;

                if (wire_left(w) < 5)
                        return 0;
                len = wire_le32(w);
                if (!len || len > MESSAGE_MAX)
                        return -1;
                if (wire_left(w) < len)
                        return 0;
                ret->type = wire_u8(w);
                ret->body = wire_sub(w, len - 1);
                if (ret->type != SAY_NOTICE)
                        return 1;
        }
}

static enum recognition mysqlx_recognise(const struct heard *h)
{
        /* Mysqlx.Notice.Frame {type = SERVER_HELLO, payload = ""}, since 8.0.28 */
        static const uint8_t hello[] = {5, 0, 0, 0, 11, 8, 5, 0x1a, 0};

        return h->len >= sizeof(hello) && memcmp(h->data, hello, sizeof(hello)) == 0 ? RECOGNISE_SURE
                                                                                     : RECOGNISE_NO;
}

/* Down to the first field of that number: an empty cursor when there is none. */
static struct wire inside(struct wire message, uint32_t number)
{
        struct field field;

        while (field_next(&message, &field))
                if (field.number == number && field.bytes)
                        return field.body;
        return (struct wire){0};
}

/*
 * Capability {name = 1, value = 2: Any {type = 1, scalar = 2, obj = 3, array = 4: Array {value = 1: Any}}};
 * a Scalar has a v_string = 9: String {value = 1}
 */
static void take_mechanisms(struct talk *t, struct wire any)
{
        _cleanup_str_ struct str words = {0};
        struct wire array = inside(any, 4);
        struct field value;

        while (field_next(&array, &value)) {
                struct wire text = inside(inside(inside(value.body, 2), 9), 1);

                if (!value.bytes || !wire_left(&text))
                        continue;
                if (words.len)
                        str_add_char(&words, ' ');
                str_add_n(&words, (const char *)text.at, wire_left(&text));
        }
        talk_detail(t, "mechanisms", str_text(&words), words.len);
}

/* Returns whether TLS is among them. */
static bool take_capabilities(struct talk *t, struct wire body)
{
        struct field capability, part;
        bool tls = false;

        while (field_next(&body, &capability)) {
                struct line name = {"", 0};

                while (capability.bytes && field_next(&capability.body, &part)) {
                        if (part.number == 1 && part.bytes)
                                name = wire_line(&part.body);
                        else if (part.number == 2 && part.bytes &&
                                 line_starts(&name, "authentication.mechanisms"))
                                take_mechanisms(t, part.body);
                }
                tls |= name.len == 3 && line_starts(&name, "tls");
        }
        return tls;
}

/*
 * Of both the first field is number 1: that of Capabilities a message with a name, that of Error a number.
 */
static bool plausible(const struct message *message)
{
        struct wire body = message->body, name;
        struct field field;

        if (!field_next(&body, &field) || field.number != 1)
                return false;
        if (message->type == SAY_ERROR)
                return !field.bytes;
        name = inside(field.body, 1);
        return message->type == SAY_CAPABILITIES && field.bytes && wire_left(&name);
}

static enum talk_next capabilities(struct talk *t)
{
        struct wire w = talk_in(t);
        struct message message;
        int found = next_message(&w, &message);

        if (found == 0)
                return TALK_MORE;
        if (found < 0 || !plausible(&message))
                return TALK_DONE;
        talk_confirm(t, "mysqlx");
        if (message.type == SAY_ERROR)
                return TALK_DONE;
        talk_product(t, "MySQL", 5);
        if (!take_capabilities(t, message.body) || t->tls)
                return TALK_DONE;
        talk_encryption(t, ENCRYPTION_STARTTLS);
        /* CapabilitiesSet {capabilities {name = "tls", value {SCALAR, V_BOOL true}}} */
        talk_send_hex(t, "14 00 00 00 02 0a 11 0a 0f 0a 03 74 6c 73 12 08 08 01 12 04 08 07 40 01");
        t->step = UPGRADE;
        return TALK_SEND;
}

static enum talk_next mysqlx_talk(struct talk *t)
{
        struct wire w = talk_in(t);
        struct message message;
        int found;

        switch (t->step) {
        case OPENING:
                talk_send_hex(t, "01 00 00 00 01");
                t->keep = t->in_len;
                t->step = CAPABILITIES;
                return TALK_SEND;
        case CAPABILITIES:
                return capabilities(t);
        case UPGRADE:
                found = next_message(&w, &message);
                if (found == 0)
                        return TALK_MORE;
                t->step = INSIDE;
                return found > 0 && message.type == SAY_OK ? TALK_TLS : TALK_DONE;
        }
        return TALK_DONE;
}

const struct probe probe_mysqlx = {
        .name = "mysqlx",
        .protocol = "mysqlx",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "33060,33061",
        .safety = SAFETY_SESSION,
        .sweep_tcp = SWEEP_LAST,
        .log = "nothing by default; a session that ended before authentication is counted",
        .reference = "MySQL Internals, X Protocol: Mysqlx.Connection.CapabilitiesGet",
        .recognise = mysqlx_recognise,
        .talk = mysqlx_talk,
};
