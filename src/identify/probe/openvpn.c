/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * OpenVPN: the reset that begins its control channel, over UDP and TCP. A server that wants packets signed
 * (tls-auth, tls-crypt) drops it and stays unknown.
 */
#include "identify/probe.h"

enum { HARD_RESET_CLIENT_2 = 7, HARD_RESET_SERVER_2 = 8 };

static enum talk_next ask(struct talk *t)
{
        if (t->transport == TRANSPORT_TCP)
                talk_send_be16(t, 14);
        talk_send_u8(t, HARD_RESET_CLIENT_2 << 3);
        talk_send_be32(t, (uint32_t)(t->nonce >> 32));
        talk_send_be32(t, (uint32_t)t->nonce);
        talk_send_u8(t, 0); /* nothing is acknowledged */
        talk_send_be32(t, 0);
        t->step = 1;
        return TALK_SEND;
}

static enum talk_next openvpn_talk(struct talk *t)
{
        struct wire w = talk_in(t);
        uint8_t acknowledged;

        if (!t->step)
                return ask(t);
        if (t->transport == TRANSPORT_TCP) {
                uint16_t len = wire_be16(&w);

                if (w.bad)
                        return TALK_MORE;
                if (len < 14 || len > 1024 || (wire_left(&w) && w.at[0] != HARD_RESET_SERVER_2 << 3))
                        return TALK_DONE;
                if (wire_left(&w) < len)
                        return TALK_MORE;
                w = wire_sub(&w, len);
        }
        if (wire_u8(&w) != HARD_RESET_SERVER_2 << 3)
                return TALK_DONE;
        wire_skip(&w, 8); /* the session id of the server */
        acknowledged = wire_u8(&w);
        if (acknowledged != 1) /* ours is what it has to acknowledge */
                return TALK_DONE;
        wire_skip(&w, 4);
        if (wire_be32(&w) != (uint32_t)(t->nonce >> 32) || wire_be32(&w) != (uint32_t)t->nonce || w.bad)
                return TALK_DONE;
        talk_encryption(t, ENCRYPTION_NATIVE);
        talk_confirm(t, "openvpn");
        talk_product(t, "OpenVPN", 7);
        talk_detail(t, "control-channel", "open to strangers", 17);
        return TALK_DONE;
}

const struct probe probe_openvpn = {
        .name = "openvpn",
        .protocol = "openvpn",
        .transports = 1 << TRANSPORT_TCP | 1 << TRANSPORT_UDP,
        .tcp_ports = "1194,1195",
        .udp_ports = "1194-1197,443",
        .safety = SAFETY_SESSION,
        .sweep_tcp = SWEEP_LAST,
        .sweep_udp = SWEEP_LAST,
        .log = "\"TLS: Initial packet from ...\", and after a minute \"TLS handshake failed\"",
        .reference = "OpenVPN Wire Protocol (draft), 2",
        .talk = openvpn_talk,
};
