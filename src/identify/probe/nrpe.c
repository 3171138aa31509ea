/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The Nagios Remote Plugin Executor: _NRPE_CHECK, which runs nothing and tells the version. Usually inside TLS. */
#include "identify/line.h"
#include "identify/probe.h"
#include "identify/product.h"

#define PACKET_BYTES 1036u /* version 2: a fixed buffer of 1,024, and 2 of padding */

/* CRC-32 of IEEE 802.3, as the packet wants it */
static uint32_t crc32_of(const uint8_t *data, size_t len)
{
        uint32_t crc = 0xffffffff;

        for (size_t i = 0; i < len; i++) {
                crc ^= data[i];
                for (unsigned bit = 0; bit < 8; bit++)
                        crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
        }
        return ~crc;
}

static enum talk_next ask(struct talk *t)
{
        uint8_t packet[PACKET_BYTES] = {0, 2, 0, 1}; /* version 2, query */
        uint32_t crc;

        memcpy(packet + 10, "_NRPE_CHECK", 11);
        crc = crc32_of(packet, sizeof(packet));
        for (unsigned i = 0; i < 4; i++)
                packet[4 + i] = (uint8_t)(crc >> (24 - 8 * i));
        talk_send_bytes(t, packet, sizeof(packet));
        t->step = 1;
        return TALK_SEND;
}

static enum talk_next nrpe_talk(struct talk *t)
{
        struct wire w = talk_in(t);
        struct line text, version;
        uint16_t number, type;
        const uint8_t *end;

        if (!t->step)
                return ask(t);
        number = wire_be16(&w);
        type = wire_be16(&w);
        if (t->in_len >= 4 && (number < 1 || number > 4 || type != 2))
                return TALK_DONE;
        if (t->in_len < PACKET_BYTES - 2 && !t->ended && !t->waited)
                return TALK_MORE;
        wire_skip(&w, 6);
        if (w.bad || wire_left(&w) < 8)
                return TALK_DONE;
        end = memchr(w.at, 0, wire_left(&w));
        text = (struct line){(const char *)w.at, end ? (size_t)(end - w.at) : wire_left(&w)};
        talk_evidence(t, t->in, 10 + text.len);
        if (!line_starts(&text, "NRPE"))
                talk_likely(t, "nrpe");
        else
                talk_confirm(t, "nrpe");
        talk_flag(t, IDENTITY_NO_AUTH);
        talk_product(t, "NRPE", 4);
        version = line_after(&text, 4);
        version = product_version(&version);
        if (line_starts(&text, "NRPE"))
                talk_version(t, version.text, version.len);
        talk_cpe(t, "nagios", "remote_plug_in_executor");
        talk_detail_u64(t, "protocol-version", number);
        return TALK_DONE;
}

const struct probe probe_nrpe = {
        .name = "nrpe",
        .protocol = "nrpe",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "5666",
        .safety = SAFETY_SESSION,
        .log = "a connection; from addresses that are not allowed: \"not in allowed hosts\"",
        .reference = "NRPE protocol version 2 (nrpe, include/common.h)",
        .talk = nrpe_talk,
};
