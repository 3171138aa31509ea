/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SLP version 2: which types of services it knows. */
#include "identify/line.h"
#include "identify/probe.h"

enum { TYPE_REQUEST = 9, TYPE_REPLY = 10 };

static enum talk_next ask(struct talk *t)
{
        talk_send_hex(t, "02 09 00001d 0000 000000");
        talk_send_be16(t, (uint16_t)t->nonce);
        talk_send_be16(t, 2);
        talk_send_bytes(t, "en", 2);
        talk_send_hex(t, "0000 ffff 0007"); /* nobody has answered yet; all naming authorities; scopes */
        talk_send_bytes(t, "DEFAULT", 7);
        t->step = 1;
        return TALK_SEND;
}

static enum talk_next slp_talk(struct talk *t)
{
        struct wire w = talk_in(t), list;
        uint8_t version, function;
        uint32_t len;
        uint16_t error;
        struct line types;

        if (!t->step)
                return ask(t);
        version = wire_u8(&w);
        function = wire_u8(&w);
        len = (uint32_t)wire_u8(&w) << 16;
        len |= wire_be16(&w);
        wire_skip(&w, 5);
        if (t->transport == TRANSPORT_TCP && t->in_len < 12 && (!t->in_len || version == 2))
                return TALK_MORE;
        if (version != 2 || function != TYPE_REPLY || wire_be16(&w) != (uint16_t)t->nonce || len < 18 ||
            len > 65535)
                return TALK_DONE;
        if (t->in_len < len)
                return t->transport == TRANSPORT_TCP ? TALK_MORE : TALK_DONE;
        wire_skip(&w, wire_be16(&w)); /* language */
        error = wire_be16(&w);
        if (w.bad)
                return TALK_DONE;
        talk_confirm(t, "slp");
        if (error)
                talk_detail_u64(t, "error", error);
        list = wire_sub(&w, wire_be16(&w));
        types = (struct line){(const char *)list.at, wire_left(&list)};
        talk_detail(t, "service-types", types.text, types.len);
        if (line_find_i(&types, "service:VMwareInfrastructure"))
                talk_product(t, "VMware ESXi", 11);
        return TALK_DONE;
}

const struct probe probe_slp = {
        .name = "slp",
        .protocol = "slp",
        .transports = 1 << TRANSPORT_TCP | 1 << TRANSPORT_UDP,
        .tcp_ports = "427",
        .udp_ports = "427",
        .safety = SAFETY_QUERY,
        .sweep_udp = SWEEP_LAST,
        .log = "nothing",
        .reference = "RFC 2608, 8 and 10.1",
        .talk = slp_talk,
};
