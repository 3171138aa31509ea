/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * MQTT: CONNECT without a user, 3.1.1 and then 5 where that is refused. Where strangers are let in, the
 * broker's own version is subscribed to; nothing of others.
 */
#include <ctype.h>

#include "identify/line.h"
#include "identify/probe.h"

enum { PACKET_CONNACK = 0x20, PACKET_PUBLISH = 0x30, PACKET_SUBACK = 0x90 };
enum step { OPENING, ACCEPTED, VERSION, CLOSING };

#define PACKET_MAX 4096u

struct packet {
        uint8_t type;
        struct wire body;
};

/* 1, 0 = not whole yet, -1 = none. Length: 7 bits a byte, at most four (MQTT 3.1.1, 2.2.3) */
static int next_packet(struct wire *w, struct packet *ret)
{
        uint32_t len = 0;
        uint8_t byte = 0x80;

        if (wire_left(w) < 2)
                return 0;
        ret->type = wire_u8(w);
        for (unsigned shift = 0; byte & 0x80; shift += 7) {
                if (shift > 21)
                        return -1;
                if (!wire_left(w))
                        return 0;
                byte = wire_u8(w);
                len |= (uint32_t)(byte & 0x7f) << shift;
        }
        if (len > PACKET_MAX)
                return -1;
        if (wire_left(w) < len)
                return 0;
        ret->body = wire_sub(w, len);
        return 1;
}

/* A name of our own: one that is in use would end the session of its owner. */
static enum talk_next ask(struct talk *t, bool five)
{
        _cleanup_str_ struct str id = {0};

        str_addf(&id, "quaymaster%08x", (unsigned)t->nonce);
        talk_send_u8(t, 0x10);
        talk_send_u8(t, (uint8_t)(10 + five + 2 + id.len));
        talk_send_hex(t, "00 04 4d 51 54 54");
        talk_send_u8(t, five ? 5 : 4);
        talk_send_hex(t, "02 00 0f"); /* clean session; 15 s */
        if (five)
                talk_send_u8(t, 0);
        talk_send_be16(t, (uint16_t)id.len);
        talk_send_bytes(t, id.text, id.len);
        t->step = ACCEPTED;
        t->memory[0] = five;
        return TALK_SEND;
}

static void take_code(struct talk *t, uint8_t code)
{
        static const struct {
                uint8_t code;
                const char *text;
        } codes[] = {
                {0, "accepted"},
                {1, "unacceptable protocol version"},
                {2, "identifier rejected"},
                {3, "server unavailable"},
                {4, "bad user name or password"},
                {5, "not authorized"},
                {0x84, "unsupported protocol version"},
                {0x85, "identifier not valid"},
                {0x86, "bad user name or password"},
                {0x87, "not authorized"},
                {0x88, "server unavailable"},
                {0x8a, "banned"},
                {0x8c, "bad authentication method"},
        };

        for (size_t i = 0; i < array_len(codes); i++)
                if (codes[i].code == code)
                        talk_detail(t, "answer", codes[i].text, strlen(codes[i].text));
        if ((code == 4 || code == 5 || code == 0x86 || code == 0x87 || code == 0x8c) && !t->tls)
                talk_flag(t, IDENTITY_PLAIN_LOGIN);
}

static enum talk_next subscribe(struct talk *t)
{
        static const char topic[] = "$SYS/broker/version";

        talk_flag(t, IDENTITY_NO_AUTH);
        talk_send_u8(t, 0x82);
        talk_send_u8(t, (uint8_t)(2 + !!t->memory[0] + 2 + sizeof(topic) - 1 + 1));
        talk_send_be16(t, 1);
        if (t->memory[0])
                talk_send_u8(t, 0);
        talk_send_be16(t, sizeof(topic) - 1);
        talk_send_bytes(t, topic, sizeof(topic) - 1);
        talk_send_u8(t, 0);
        t->patience_ms = 1500;
        t->step = VERSION;
        return TALK_SEND;
}

/* Refused for its version, or without a word */
static enum talk_next refused(struct talk *t)
{
        bool own = t->port == 1883 || t->port == 8883;

        if (t->memory[0] || (t->id->confidence != CONFIDENCE_CONFIRMED && !own))
                return TALK_DONE;
        t->memory[0] = 1;
        t->step = OPENING;
        return TALK_AGAIN;
}

static enum talk_next accepted(struct talk *t)
{
        struct wire w = talk_in(t);
        struct packet packet;
        bool five = t->memory[0];
        uint8_t flags, code;
        int found = t->in_len && t->in[0] != PACKET_CONNACK ? -1 : next_packet(&w, &packet);

        if (found == 0)
                return t->ended && !t->in_len ? refused(t) : TALK_MORE;
        if (found < 0)
                return TALK_DONE;
        if (five ? wire_left(&packet.body) < 2 : wire_left(&packet.body) != 2)
                return TALK_DONE;
        flags = wire_u8(&packet.body);
        code = wire_u8(&packet.body);
        if (flags > 1 || (code > 5 && code < 0x80) || (code && flags))
                return TALK_DONE;
        talk_confirm(t, "mqtt");
        if (!five && (code == 1 || code == 0x84))
                return refused(t);
        talk_detail(t, "protocol-version", five ? "5" : "3.1.1", five ? 1 : 5);
        take_code(t, code);
        return code ? TALK_DONE : subscribe(t);
}

/* "mosquitto version 2.0.11" */
static void take_version(struct talk *t, struct line text)
{
        const char *at = line_find_i(&text, "version ");
        size_t n = 0;

        talk_detail(t, "broker", text.text, text.len);
        if (at) {
                talk_product(t, text.text, (size_t)(at - text.text));
                text = line_after(&text, (size_t)(at - text.text) + 8);
        } else {
                while (n < text.len && !isdigit((unsigned char)text.text[n]))
                        n++;
                talk_product(t, text.text, n);
                text = line_after(&text, n);
        }
        text = line_word(&text, 0);
        talk_version(t, text.text, text.len);
        if (t->id->product && streq(t->id->product, "mosquitto"))
                talk_cpe(t, "eclipse", "mosquitto");
}

static enum talk_next version(struct talk *t)
{
        struct wire w = talk_in(t), topic;
        struct packet packet;
        int found;

        while ((found = next_packet(&w, &packet)) > 0) {
                if ((packet.type & 0xf0) == PACKET_SUBACK && wire_left(&packet.body) &&
                    packet.body.end[-1] & 0x80)
                        break; /* not allowed */
                if ((packet.type & 0xf0) != PACKET_PUBLISH)
                        continue;
                topic = wire_sub(&packet.body, wire_be16(&packet.body));
                if (topic.bad || !data_starts(topic.at, wire_left(&topic), "$SYS/broker/version"))
                        continue;
                if (packet.type & 6)
                        wire_skip(&packet.body, 2);
                if (t->memory[0]) /* properties; they are few */
                        wire_skip(&packet.body, wire_u8(&packet.body));
                take_version(t, (struct line){(const char *)packet.body.at, wire_left(&packet.body)});
                found = 1;
                break;
        }
        if (found == 0 && !t->waited && !t->ended)
                return TALK_MORE;
        talk_send_hex(t, "e0 00");
        t->patience_ms = 50;
        t->step = CLOSING;
        return TALK_SEND;
}

static enum talk_next mqtt_talk(struct talk *t)
{
        switch (t->step) {
        case OPENING:
                return ask(t, t->memory[0]);
        case ACCEPTED:
                return accepted(t);
        case VERSION:
                return version(t);
        }
        return TALK_DONE;
}

const struct probe probe_mqtt = {
        .name = "mqtt",
        .protocol = "mqtt",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "1883-1885,8883-8887,11883,18830",
        .safety = SAFETY_SESSION,
        .sweep_tcp = SWEEP_SECOND,
        .log = "\"New client connected ... as quaymaster...\" and its end",
        .reference = "MQTT 3.1.1 and MQTT 5.0 (OASIS), 3.1, 3.2, 3.8",
        .talk = mqtt_talk,
};
