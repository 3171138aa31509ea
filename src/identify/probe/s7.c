/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * S7 communication of Siemens controllers: a connection (RFC 1006, ISO 8073), the agreement on sizes, and the lists
 * that name the module and its firmware.
 */
#include "identify/probe.h"

enum step { START, CONNECT, SETUP, MODULE, COMPONENT };

enum {
        COTP_CONFIRM = 0xd0,
        COTP_DISCONNECT = 0x80,
        COTP_DATA = 0xf0,
        S7_ID = 0x32,
        ACK_DATA = 3,
        USER_DATA = 7
};

/* Rack 0; slot 2: S7-300 and 400, slot 1: S7-1200 and 1500, slot 0: the like of LOGO! and S7-200. */
static const uint8_t slots[] = {2, 1, 0};

static enum talk_next connect_to(struct talk *t)
{
        talk_send_hex(t, "03 00 0016  11 e0 0000 0001 00  c0 01 0a  c1 02 0100  c2 02 01");
        talk_send_u8(t, slots[t->memory[0]]);
        t->step = CONNECT;
        return TALK_SEND;
}

/* Another slot on a new connection. */
static enum talk_next try_next(struct talk *t)
{
        if (++t->memory[0] >= array_len(slots))
                return TALK_DONE;
        t->step = START;
        return TALK_AGAIN;
}

static enum talk_next ask_list(struct talk *t, enum step step, uint16_t list)
{
        talk_send_hex(
                t, "03 00 0021  02 f0 80  32 07 0000 0000 0008 0008  00 01 12 04 11 44 01 00  ff 09 0004");
        talk_send_be16(t, list);
        talk_send_be16(t, 0);
        t->step = step;
        return TALK_SEND;
}

/* Text in a field that is filled up with zeros or blanks. */
static size_t text_len(const struct wire *field)
{
        return wire_left(field) ? strnlen((const char *)field->at, wire_left(field)) : 0;
}

/* The records of a system status list, behind its header. */
static void take_list(struct talk *t, struct wire w, bool component)
{
        static const char *const keys[] = {
                [1] = "system-name", [2] = "module-name", [3] = "plant",       [4] = "copyright",
                [5] = "serial",      [7] = "module-type", [8] = "memory-card", [11] = "location"};
        uint16_t size, count;

        wire_skip(&w, 17); /* header 10, parameters that repeat ours 7 ... */
        wire_skip(&w, 5);  /* ... and error 5 */
        wire_skip(&w, 4);  /* return code, transport size, length */
        wire_skip(&w, 4);  /* list, index */
        size = wire_be16(&w);
        count = wire_be16(&w);
        while (count-- && size >= 10 && !w.bad && wire_left(&w) >= size) {
                struct wire record = wire_sub(&w, size);
                uint16_t index = wire_be16(&record);
                _cleanup_str_ struct str version = {0};

                if (component && index < array_len(keys) && keys[index])
                        talk_detail(t, keys[index], (const char *)record.at, text_len(&record));
                if (component)
                        continue;
                if (index == 1)
                        talk_product(t, (const char *)record.at, text_len(&record));
                wire_skip(&record, 22); /* order number, kind */
                if (index == 7 && wire_u8(&record) == 'V') {
                        str_addf(&version, "%u", wire_u8(&record));
                        str_addf(&version, ".%u", wire_u8(&record));
                        str_addf(&version, ".%u", wire_u8(&record));
                        if (!record.bad)
                                talk_version(t, version.text, version.len);
                }
        }
}

static enum talk_next connected(struct talk *t, struct wire w)
{
        uint8_t kind;

        wire_skip(&w, 1);
        kind = wire_u8(&w) & 0xf0;
        if (kind == COTP_DISCONNECT)
                return try_next(t);
        if (kind != COTP_CONFIRM || wire_be16(&w) != 1) /* our reference */
                return TALK_DONE;
        talk_likely(t, "iso-tsap");
        talk_send_hex(t, "03 00 0019  02 f0 80  32 01 0000 0000 0008 0000  f0 00 0001 0001 01e0");
        t->step = SETUP;
        return TALK_SEND;
}

static enum talk_next s7_answer(struct talk *t, struct wire w)
{
        uint8_t kind;

        wire_skip(&w, 1);
        if (wire_u8(&w) != COTP_DATA)
                return TALK_DONE;
        wire_skip(&w, 1);
        if (wire_u8(&w) != S7_ID)
                return TALK_DONE;
        kind = wire_u8(&w);
        if (t->step == SETUP) {
                if (kind != ACK_DATA && kind != 2)
                        return TALK_DONE;
                talk_confirm(t, "s7");
                talk_flag(t, IDENTITY_NO_AUTH);
                return ask_list(t, MODULE, 0x0011);
        }
        if (kind != USER_DATA)
                return TALK_DONE;
        w.at -= 2;
        take_list(t, w, t->step == COMPONENT);
        return t->step == MODULE ? ask_list(t, COMPONENT, 0x001c) : TALK_DONE;
}

static enum talk_next s7_talk(struct talk *t)
{
        struct wire w = talk_in(t);
        uint16_t len;

        if (t->step == START)
                return connect_to(t);
        if (!t->in_len && t->ended && t->step == CONNECT)
                return try_next(t);
        wire_skip(&w, 2);
        len = wire_be16(&w);
        if (w.bad)
                return t->in_len && t->in[0] != 3 ? TALK_DONE : TALK_MORE;
        if (t->in[0] != 3 || t->in[1] != 0 || len < 7 || len > 2048)
                return TALK_DONE;
        if (t->in_len < len)
                return TALK_MORE;
        w = wire_sub(&w, len - 4u);
        return t->step == CONNECT ? connected(t, w) : s7_answer(t, w);
}

const struct probe probe_s7 = {
        .name = "s7",
        .protocol = "s7",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "102",
        .safety = SAFETY_INDUSTRIAL,
        .log = "nothing; one of its few connections is used for a moment",
        .reference = "RFC 1006; RFC 905, 13; Siemens: system status lists 0011 and 001C",
        .talk = s7_talk,
};
