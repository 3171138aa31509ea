/* SPDX-License-Identifier: GPL-2.0-or-later */
/* HART-IP: the opening of a session, which asks for no proof; no command follows. */
#include "identify/probe.h"

static uint16_t id_of(const struct talk *t)
{
        return (uint16_t)(t->nonce >> 8);
}

static enum talk_next hart_talk(struct talk *t)
{
        struct wire w = talk_in(t);
        uint8_t status;
        uint16_t len;

        if (!t->step) {
                talk_send_hex(t, "01 00 00 00"); /* version 1, a request, to open a session */
                talk_send_be16(t, id_of(t));
                talk_send_be16(t, 8 + 5);
                talk_send_u8(t, 1);       /* primary master */
                talk_send_be32(t, 10000); /* it ends after ten silent seconds */
                t->step = 1;
                return TALK_SEND;
        }
        if (t->transport == TRANSPORT_TCP && t->in_len < 8)
                return t->in_len && t->in[0] > 2 ? TALK_DONE : TALK_MORE;
        wire_skip(&w, 1);
        if ((wire_u8(&w) & 0x7f) != 1 || wire_u8(&w) != 0) /* an answer to that */
                return TALK_DONE;
        status = wire_u8(&w);
        if (wire_be16(&w) != id_of(t))
                return TALK_DONE;
        len = wire_be16(&w);
        if (w.bad || len < 8 || len > 64 || (t->in[0] != 1 && t->in[0] != 2))
                return TALK_DONE;
        talk_confirm(t, "hart-ip");
        talk_detail_u64(t, "status", status);
        if (!status)
                talk_flag(t, IDENTITY_NO_AUTH);
        return TALK_DONE;
}

const struct probe probe_hart_ip = {
        .name = "hart-ip",
        .protocol = "hart-ip",
        .transports = 1 << TRANSPORT_TCP | 1 << TRANSPORT_UDP,
        .tcp_ports = "5094",
        .udp_ports = "5094",
        .safety = SAFETY_INDUSTRIAL,
        .log = "a session without a command",
        .reference = "HCF_SPEC-085, 10.3",
        .talk = hart_talk,
};
