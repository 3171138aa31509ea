/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Modbus over TCP: the identification of the device. A refusal says as well that it is Modbus. */
#include "identify/probe.h"

enum { READ_IDENTIFICATION = 0x2b, DEVICE = 0x0e, EXCEPTION = 0x80 };

/* 255 is the device itself, the others are behind it or ignore the number (Modbus on TCP/IP 1.0b, 4.4.2). */
static const uint8_t units[] = {255, 1, 0};

static uint16_t id_of(const struct talk *t)
{
        return (uint16_t)((t->nonce >> 4) + t->step);
}

static enum talk_next ask(struct talk *t)
{
        uint8_t unit = units[t->step];

        t->step++;
        talk_send_be16(t, id_of(t));
        talk_send_be16(t, 0);
        talk_send_be16(t, 5);
        talk_send_u8(t, unit);
        talk_send_hex(t, "2b 0e 01 00"); /* vendor, product, revision */
        t->patience_ms = 1500;
        return TALK_SEND;
}

static void take_objects(struct talk *t, struct wire w)
{
        static const char *const keys[] = {"vendor",       "product-code", NULL,         "vendor-url",
                                           "product-name", "model",        "application"};
        unsigned n;

        wire_skip(&w, 4); /* kind of code, conformity, more, next */
        n = wire_u8(&w);
        while (n-- && !w.bad) {
                uint8_t id = wire_u8(&w);
                struct wire value = wire_sub(&w, wire_u8(&w));
                const char *text = (const char *)value.at;

                if (value.bad)
                        return;
                if (id == 2)
                        talk_version(t, text, wire_left(&value));
                else if (id < array_len(keys))
                        talk_detail(t, keys[id], text, wire_left(&value));
                if (id == 1 || id == 4)
                        talk_product(t, text, wire_left(&value));
        }
}

static enum talk_next modbus_talk(struct talk *t)
{
        struct wire w = talk_in(t);
        uint16_t id, protocol, len;
        uint8_t function;

        if (!t->step || (!t->in_len && t->waited && t->step < array_len(units)))
                return ask(t);
        id = wire_be16(&w);
        protocol = wire_be16(&w);
        len = wire_be16(&w);
        if (w.bad)
                return TALK_MORE;
        if (id != id_of(t) || protocol || len < 3 || len > 254)
                return TALK_DONE;
        if (wire_left(&w) < len)
                return TALK_MORE;
        w = wire_sub(&w, len);
        wire_skip(&w, 1);
        function = wire_u8(&w);
        if (function == (READ_IDENTIFICATION | EXCEPTION) && wire_left(&w) == 1) {
                talk_confirm(t, "modbus");
                talk_detail_u64(t, "exception", wire_u8(&w));
                talk_flag(t, IDENTITY_NO_AUTH); /* the protocol has none */
        } else if (function == READ_IDENTIFICATION && wire_u8(&w) == DEVICE && wire_left(&w) >= 5) {
                talk_confirm(t, "modbus");
                talk_flag(t, IDENTITY_NO_AUTH);
                take_objects(t, w);
        }
        return TALK_DONE;
}

const struct probe probe_modbus = {
        .name = "modbus",
        .protocol = "modbus",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "502,802,1502,5020",
        .safety = SAFETY_INDUSTRIAL,
        .log = "nothing",
        .reference = "Modbus Application Protocol 1.1b3, 6.21",
        .talk = modbus_talk,
};
