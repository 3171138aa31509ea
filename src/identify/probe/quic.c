/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * QUIC: a long packet of a version that nobody has. The server answers with the versions it has, and repeats our
 * connection ids; no connection begins. What is inside (HTTP/3 and others) is told only after a handshake.
 */
#include "identify/probe.h"

#define INITIAL_BYTES 1200u       /* smaller ones need no answer (RFC 9000, 14.1) */
#define NO_VERSION    0x1a2a3a4au /* reserved to be refused (RFC 9000, 15) */

static void put_ids(const struct talk *t, uint8_t ids[16])
{
        for (unsigned i = 0; i < 8; i++) {
                ids[i] = (uint8_t)(t->nonce >> (8 * i));
                ids[8 + i] = (uint8_t)~ids[i];
        }
}

static enum talk_next ask(struct talk *t)
{
        static const uint8_t zeros[INITIAL_BYTES];
        uint8_t ids[16];

        put_ids(t, ids);
        talk_send_u8(t, 0xc0);
        talk_send_be32(t, NO_VERSION);
        talk_send_u8(t, 8);
        talk_send_bytes(t, ids, 8);
        talk_send_u8(t, 8);
        talk_send_bytes(t, ids + 8, 8);
        talk_send_bytes(t, zeros, INITIAL_BYTES - t->out.len);
        t->step = 1;
        return TALK_SEND;
}

static enum talk_next quic_talk(struct talk *t)
{
        struct wire w = talk_in(t);
        _cleanup_str_ struct str versions = {0};
        uint8_t ids[16], theirs[16];

        if (!t->step)
                return ask(t);
        if (!t->in_len)
                return TALK_MORE;
        put_ids(t, ids);
        if (!(wire_u8(&w) & 0x80) || wire_be32(&w) != 0 || wire_u8(&w) != 8)
                return TALK_DONE;
        wire_bytes(&w, theirs, 8);
        if (wire_u8(&w) != 8)
                return TALK_DONE;
        wire_bytes(&w, theirs + 8, 8);
        if (w.bad || memcmp(theirs, ids + 8, 8) != 0 || memcmp(theirs + 8, ids, 8) != 0)
                return TALK_DONE;
        talk_encryption(t, ENCRYPTION_TLS); /* always (RFC 9001) */
        talk_confirm(t, "quic");
        while (wire_left(&w) >= 4 && versions.len < 200) {
                uint32_t v = wire_be32(&w);

                if ((v & 0x0f0f0f0f) == 0x0a0a0a0a)
                        continue;
                if (v == 1)
                        str_add(&versions, versions.len ? " 1" : "1");
                else if (v == 0x6b3343cf)
                        str_add(&versions, versions.len ? " 2" : "2");
                else if (v >> 8 == 0xff0000)
                        str_addf(&versions, "%sdraft-%u", versions.len ? " " : "", v & 0xff);
                else
                        str_addf(&versions, "%s%08x", versions.len ? " " : "", v);
        }
        talk_detail(t, "versions", str_text(&versions), versions.len);
        return TALK_DONE;
}

const struct probe probe_quic = {
        .name = "quic",
        .protocol = "quic",
        .transports = 1 << TRANSPORT_UDP,
        .udp_ports = "80,443,784,853,4433,8443,8853",
        .safety = SAFETY_QUERY,
        .sweep_udp = SWEEP_SECOND,
        .log = "nothing: no connection begins",
        .reference = "RFC 8999, 6; RFC 9000, 6",
        .talk = quic_talk,
};
