/* SPDX-License-Identifier: GPL-2.0-or-later */
/* NAT-PMP, and PCP, which answers on the same port that it is another version: what is the address outside. */
#include "identify/probe.h"

static enum talk_next natpmp_talk(struct talk *t)
{
        struct wire w = talk_in(t);
        uint8_t version = wire_u8(&w), opcode = wire_u8(&w);
        uint16_t result;

        if (!t->step) {
                talk_send_hex(t, "00 00"); /* version 0, external address */
                t->step = 1;
                return TALK_SEND;
        }
        if (version == 2 && opcode & 0x80) { /* RFC 6887, 9: it cannot speak what was asked */
                if (t->in_len >= 24 && t->in_len % 4 == 0 && t->in[2] == 0 && t->in[3] == 1)
                        talk_confirm(t, "pcp");
                else if (t->in_len >= 8)
                        talk_likely(t, "pcp");
                return TALK_DONE;
        }
        result = wire_be16(&w);
        wire_skip(&w, 4); /* seconds since its start */
        if (w.bad || version != 0 || opcode != 0x80 || result > 5 || (t->in_len != 12 && t->in_len != 8))
                return TALK_DONE;
        talk_confirm(t, "nat-pmp");
        if (t->in_len == 12) {
                _cleanup_str_ struct str text = {0};

                for (unsigned i = 0; i < 4; i++)
                        str_addf(&text, "%s%u", i ? "." : "", wire_u8(&w));
                talk_detail(t, "external-address", text.text, text.len);
        }
        talk_detail_u64(t, "result", result);
        return TALK_DONE;
}

const struct probe probe_natpmp = {
        .name = "natpmp",
        .protocol = "nat-pmp",
        .transports = 1 << TRANSPORT_UDP,
        .udp_ports = "5351",
        .safety = SAFETY_QUERY,
        .sweep_udp = SWEEP_LAST,
        .log = "nothing",
        .reference = "RFC 6886, 3.2; RFC 6887, 9",
        .talk = natpmp_talk,
};
