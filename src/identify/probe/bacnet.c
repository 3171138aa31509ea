/* SPDX-License-Identifier: GPL-2.0-or-later */
/* BACnet/IP: properties of the device object, by the instance that means whichever it is. */
#include "identify/probe.h"

enum { COMPLEX_ACK = 3, ERROR = 5, REJECT = 6, ABORT = 7, READ_PROPERTY = 12 };
enum { VENDOR = 121, MODEL = 70, FIRMWARE = 44, SOFTWARE = 12, NAME = 77, DESCRIPTION = 28, LOCATION = 58 };

static const uint8_t properties[] = {VENDOR, MODEL, FIRMWARE, SOFTWARE, NAME, DESCRIPTION, LOCATION};

static uint8_t id_of(const struct talk *t)
{
        return (uint8_t)(t->nonce + t->step);
}

static enum talk_next ask(struct talk *t)
{
        if (t->step >= array_len(properties))
                return TALK_DONE;
        t->step++;
        talk_send_hex(t, "81 0a 0011  01 04  00 05");
        talk_send_u8(t, id_of(t));
        talk_send_hex(t, "0c  0c 023fffff 19");
        talk_send_u8(t, properties[t->step - 1]);
        return TALK_SEND;
}

/* A character string in its opening tag 3 (ASHRAE 135, 20.2.9). */
static void take(struct talk *t, struct wire w)
{
        static const char *const keys[] = {[VENDOR] = "vendor",
                                           [FIRMWARE] = "firmware",
                                           [NAME] = "name",
                                           [DESCRIPTION] = "description",
                                           [LOCATION] = "location"};
        uint8_t property = properties[t->step - 1], len;
        struct wire value;
        const char *text;

        wire_skip(&w, 5); /* the object that answered */
        if (wire_u8(&w) != 0x19 || wire_u8(&w) != property || wire_u8(&w) != 0x3e)
                return;
        len = wire_u8(&w);
        if (len >> 4 != 7)
                return;
        len &= 7;
        if (len == 5)
                len = wire_u8(&w);
        if (!len || wire_u8(&w) != 0) /* longer than 253 bytes, or not UTF-8 */
                return;
        value = wire_sub(&w, len - 1u);
        text = (const char *)value.at;
        if (property == MODEL)
                talk_product(t, text, wire_left(&value));
        else if (property == SOFTWARE)
                talk_version(t, text, wire_left(&value));
        else if (property < array_len(keys) && keys[property])
                talk_detail(t, keys[property], text, wire_left(&value));
}

static enum talk_next bacnet_talk(struct talk *t)
{
        struct wire w = talk_in(t);
        uint8_t function, control, kind;

        if (!t->step)
                return ask(t);
        if (wire_u8(&w) != 0x81)
                return TALK_DONE;
        function = wire_u8(&w);
        if (wire_be16(&w) != t->in_len || (function != 0x0a && function != 0x0b && function != 0x00))
                return TALK_DONE;
        if (function == 0) { /* a result, which is an error here */
                talk_likely(t, "bacnet");
                return TALK_DONE;
        }
        if (wire_u8(&w) != 1)
                return TALK_DONE;
        control = wire_u8(&w);
        if (control & 0x80) /* a message between networks */
                return TALK_DONE;
        if (control & 0x20) { /* destination */
                wire_skip(&w, 2);
                wire_skip(&w, wire_u8(&w));
        }
        if (control & 0x08) { /* source */
                wire_skip(&w, 2);
                wire_skip(&w, wire_u8(&w));
        }
        if (control & 0x20)
                wire_skip(&w, 1); /* hops */
        kind = wire_u8(&w) >> 4;
        if (wire_u8(&w) != id_of(t) || w.bad)
                return TALK_DONE;
        if (kind != COMPLEX_ACK && kind != ERROR && kind != REJECT && kind != ABORT)
                return TALK_DONE;
        talk_confirm(t, "bacnet");
        if (kind == REJECT || kind == ABORT)
                return TALK_DONE;
        if (kind == COMPLEX_ACK && wire_u8(&w) == READ_PROPERTY) {
                talk_flag(t, IDENTITY_NO_AUTH);
                take(t, w);
        }
        return ask(t);
}

const struct probe probe_bacnet = {
        .name = "bacnet",
        .protocol = "bacnet",
        .transports = 1 << TRANSPORT_UDP,
        .udp_ports = "47808-47823",
        .safety = SAFETY_INDUSTRIAL,
        .log = "nothing",
        .reference = "ASHRAE 135, 15.5, 20.1 and J.2",
        .talk = bacnet_talk,
};
