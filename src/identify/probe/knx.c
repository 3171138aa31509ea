/* SPDX-License-Identifier: GPL-2.0-or-later */
/* KNXnet/IP: the description of an interface or router to a building's bus. */
#include "identify/probe.h"

enum { DESCRIPTION_RESPONSE = 0x0204, DEVICE_INFO = 1 };

static enum talk_next ask(struct talk *t)
{
        talk_send_hex(t, "06 10 0203 000e  08");
        talk_send_u8(t, t->transport == TRANSPORT_TCP ? 2 : 1);
        talk_send_hex(t, "00000000 0000"); /* answer to where this came from */
        t->step = 1;
        return TALK_SEND;
}

static void take_device(struct talk *t, struct wire w)
{
        _cleanup_str_ struct str text = {0};
        uint16_t address;
        struct wire serial;

        wire_skip(&w, 2); /* medium, state */
        address = wire_be16(&w);
        wire_skip(&w, 2);
        serial = wire_sub(&w, 6);
        wire_skip(&w, 4 + 6); /* multicast and MAC address */
        if (w.bad)
                return;
        talk_product(t, (const char *)w.at, wire_left(&w) ? strnlen((const char *)w.at, wire_left(&w)) : 0);
        str_addf(&text, "%u.%u.%u", address >> 12, address >> 8 & 15, address & 255);
        talk_detail(t, "knx-address", text.text, text.len);
        str_reset(&text);
        while (wire_left(&serial))
                str_addf(&text, "%02x", wire_u8(&serial));
        talk_detail(t, "serial", text.text, text.len);
}

static enum talk_next knx_talk(struct talk *t)
{
        struct wire w = talk_in(t);
        uint16_t service, len;

        if (!t->step)
                return ask(t);
        if (t->transport == TRANSPORT_TCP && t->in_len < 6)
                return t->in_len && t->in[0] != 6 ? TALK_DONE : TALK_MORE;
        if (wire_be16(&w) != 0x0610)
                return TALK_DONE;
        service = wire_be16(&w);
        len = wire_be16(&w);
        if (service != DESCRIPTION_RESPONSE || len < 8)
                return TALK_DONE;
        if (t->in_len < len)
                return t->transport == TRANSPORT_TCP ? TALK_MORE : TALK_DONE;
        talk_confirm(t, "knx");
        talk_flag(t, IDENTITY_NO_AUTH);
        w = wire_sub(&w, len - 6u);
        while (wire_left(&w) >= 2) {
                uint8_t n = wire_u8(&w), kind = wire_u8(&w);
                struct wire block = wire_sub(&w, n < 2 ? SIZE_MAX : n - 2u);

                if (w.bad)
                        break;
                if (kind == DEVICE_INFO)
                        take_device(t, block);
        }
        return TALK_DONE;
}

const struct probe probe_knx = {
        .name = "knx",
        .protocol = "knx",
        .transports = 1 << TRANSPORT_TCP | 1 << TRANSPORT_UDP,
        .tcp_ports = "3671",
        .udp_ports = "3671",
        .safety = SAFETY_INDUSTRIAL,
        .log = "nothing",
        .reference = "KNX 03/08/02, 7.7",
        .talk = knx_talk,
};
