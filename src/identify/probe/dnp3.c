/* SPDX-License-Identifier: GPL-2.0-or-later */
/* DNP3: the state of the link, asked of the addresses that stations have from the factory. No data is read. */
#include "identify/probe.h"

#define SOURCE   1024u /* an address that masters do not use by custom */
#define STATIONS 11u   /* 0 to 10 */

enum { REQUEST_LINK_STATUS = 0xc9, LINK_STATUS = 11, NACK = 1, NOT_SUPPORTED = 15 };

/* IEEE 1815, 9.2.4.3: x^16+x^13+x^12+x^11+x^10+x^8+x^6+x^5+x^2+1, reflected */
static uint16_t crc(const uint8_t *data, size_t len)
{
        uint16_t value = 0;

        while (len--) {
                value ^= *data++;
                for (unsigned bit = 0; bit < 8; bit++)
                        value = (uint16_t)(value & 1 ? value >> 1 ^ 0xa6bc : value >> 1);
        }
        return (uint16_t)~value;
}

static enum talk_next ask(struct talk *t)
{
        for (uint8_t station = 0; station < STATIONS; station++) {
                const uint8_t frame[] = {0x05, 0x64,          5,          REQUEST_LINK_STATUS, station,
                                         0,    SOURCE & 0xff, SOURCE >> 8};

                talk_send_bytes(t, frame, sizeof(frame));
                talk_send_le16(t, crc(frame, sizeof(frame)));
        }
        t->step = 1;
        return TALK_SEND;
}

static enum talk_next dnp3_talk(struct talk *t)
{
        struct wire w = talk_in(t);
        uint16_t to, from;
        uint8_t control;

        if (!t->step)
                return ask(t);
        if (t->in_len < 10)
                return t->in_len && t->in[0] != 0x05 ? TALK_DONE : TALK_MORE;
        if (wire_be16(&w) != 0x0564)
                return TALK_DONE;
        wire_skip(&w, 1);
        control = wire_u8(&w);
        to = wire_le16(&w);
        from = wire_le16(&w);
        if (wire_le16(&w) != crc(t->in, 8) || control & 0x40) /* PRM: a request, as ours given back */
                return TALK_DONE;
        control &= 15;
        if (to != SOURCE || (control != LINK_STATUS && control > NACK && control < NOT_SUPPORTED - 1))
                return TALK_DONE;
        talk_confirm(t, "dnp3");
        talk_flag(t, IDENTITY_NO_AUTH);
        talk_detail_u64(t, "station", from);
        return TALK_DONE;
}

const struct probe probe_dnp3 = {
        .name = "dnp3",
        .protocol = "dnp3",
        .transports = 1 << TRANSPORT_TCP | 1 << TRANSPORT_UDP,
        .tcp_ports = "20000,19999",
        .udp_ports = "20000",
        .safety = SAFETY_INDUSTRIAL,
        .log = "link requests from an address that is no master's",
        .reference = "IEEE 1815, 9.2",
        .talk = dnp3_talk,
};
