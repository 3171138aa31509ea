/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TACACS+: a packet with an empty body, which no server can take; its error has our session and the next
 * number (RFC 8907, 4.1).
 */
#include "identify/probe.h"

#define HEADER   12u
#define BODY_MAX 65536u
#define PLAIN    1u /* TAC_PLUS_UNENCRYPTED_FLAG */

static enum talk_next tacacs_talk(struct talk *t)
{
        struct wire w = talk_in(t);
        uint32_t session = (uint32_t)t->nonce, size;
        uint8_t version, type, sequence, flags;

        if (!t->step) {
                talk_send_hex(t, "c0 01 01 00");
                talk_send_be32(t, session);
                talk_send_hex(t, "00000000");
                t->step = 1;
                return TALK_SEND;
        }
        version = wire_u8(&w);
        type = wire_u8(&w);
        sequence = wire_u8(&w);
        flags = wire_u8(&w);
        if (t->in_len && version >> 4 != 0xc)
                return TALK_DONE;
        if (t->in_len < HEADER)
                return TALK_MORE;
        if (wire_be32(&w) != session || type != 1 || sequence != 2)
                return TALK_DONE;
        size = wire_be32(&w);
        if (size > BODY_MAX)
                return TALK_DONE;
        talk_confirm(t, "tacacs");
        talk_encryption(
                t, ENCRYPTION_NONE); /* bodies are obfuscated (RFC 8907, 10.1), which is not encryption */
        if (flags & PLAIN)
                talk_flag(t, IDENTITY_PLAIN_LOGIN);
        return TALK_DONE;
}

const struct probe probe_tacacs = {
        .name = "tacacs",
        .protocol = "tacacs",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "49",
        .safety = SAFETY_SESSION,
        .log = "tac_plus: a packet of the wrong length, or of a client that is not known",
        .reference = "RFC 8907, 4.1 and 4.5",
        .talk = tacacs_talk,
};
