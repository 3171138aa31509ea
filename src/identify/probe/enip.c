/* SPDX-License-Identifier: GPL-2.0-or-later */
/* EtherNet/IP: ListIdentity, for which no session is needed. */
#include "identify/probe.h"

enum { LIST_IDENTITY = 0x63, IDENTITY_ITEM = 0x0c };

static enum talk_next ask(struct talk *t)
{
        talk_send_le16(t, LIST_IDENTITY);
        talk_send_hex(t, "0000 00000000 00000000");
        talk_send_be32(t, (uint32_t)(t->nonce >> 32)); /* the sender's own, repeated */
        talk_send_be32(t, (uint32_t)t->nonce);
        talk_send_hex(t, "00000000");
        t->step = 1;
        return TALK_SEND;
}

static void take_identity(struct talk *t, struct wire w)
{
        static const struct {
                uint16_t id;
                const char *name;
        } vendors[] = {{1, "Rockwell Automation/Allen-Bradley"},
                       {26, "Festo"},
                       {40, "WAGO"},
                       {47, "Omron"},
                       {90, "HMS Networks"},
                       {108, "Beckhoff"},
                       {161, "Mitsubishi Electric"},
                       {243, "Schneider Electric"},
                       {283, "Hilscher"},
                       {674, "Advantech"},
                       {991, "Moxa"},
                       {1251, "Siemens"},
                       {82, "Mitsubishi Electric Automation"}};
        _cleanup_str_ struct str text = {0};
        uint16_t vendor;
        uint8_t major, minor;
        struct wire name;

        wire_skip(&w, 2 + 16); /* version of the encapsulation, socket address */
        vendor = wire_le16(&w);
        if (w.bad)
                return;
        talk_detail_u64(t, "vendor-id", vendor);
        for (size_t i = 0; i < array_len(vendors); i++)
                if (vendors[i].id == vendor)
                        talk_detail(t, "vendor", vendors[i].name, strlen(vendors[i].name));
        talk_detail_u64(t, "device-type", wire_le16(&w));
        talk_detail_u64(t, "product-code", wire_le16(&w));
        major = wire_u8(&w);
        minor = wire_u8(&w);
        wire_skip(&w, 2);
        str_addf(&text, "%08x", wire_le32(&w));
        name = wire_sub(&w, wire_u8(&w));
        if (w.bad)
                return;
        talk_detail(t, "serial", text.text, text.len);
        talk_product(t, (const char *)name.at, wire_left(&name));
        str_reset(&text);
        str_addf(&text, "%u.%03u", major, minor); /* as the maker writes revisions: "20.011" */
        talk_version(t, text.text, text.len);
}

static enum talk_next enip_talk(struct talk *t)
{
        struct wire w = talk_in(t);
        uint16_t command, len;
        uint32_t status;

        if (!t->step)
                return ask(t);
        command = wire_le16(&w);
        len = wire_le16(&w);
        wire_skip(&w, 4);
        status = wire_le32(&w);
        if (t->transport == TRANSPORT_TCP && t->in_len < 24 && (t->in_len < 2 || command == LIST_IDENTITY))
                return TALK_MORE;
        if (command != LIST_IDENTITY || wire_be32(&w) != (uint32_t)(t->nonce >> 32) ||
            wire_be32(&w) != (uint32_t)t->nonce)
                return TALK_DONE;
        wire_skip(&w, 4);
        if (wire_left(&w) < len)
                return t->transport == TRANSPORT_TCP ? TALK_MORE : TALK_DONE;
        if (w.bad || (!len && !status)) /* our own bytes */
                return TALK_DONE;
        talk_confirm(t, "enip");
        for (unsigned items = wire_le16(&w); items && !w.bad; items--) {
                uint16_t type = wire_le16(&w);
                struct wire item = wire_sub(&w, wire_le16(&w));

                if (!item.bad && type == IDENTITY_ITEM) {
                        take_identity(t, item);
                        break;
                }
        }
        return TALK_DONE;
}

const struct probe probe_enip = {
        .name = "enip",
        .protocol = "enip",
        .transports = 1 << TRANSPORT_TCP | 1 << TRANSPORT_UDP,
        .tcp_ports = "44818",
        .udp_ports = "44818",
        .safety = SAFETY_INDUSTRIAL,
        .log = "nothing",
        .reference = "CIP volume 2, 2-4.2",
        .talk = enip_talk,
};
