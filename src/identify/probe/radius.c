/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * RADIUS: a request for access without user or password. A server that knows us as a client rejects it; without the
 * shared secret its answer cannot be checked, and strangers get none.
 */
#include "identify/probe.h"

enum { ACCESS_REQUEST = 1, ACCESS_ACCEPT = 2, ACCESS_REJECT = 3, ACCESS_CHALLENGE = 11 };

static enum talk_next ask(struct talk *t)
{
        static const char name[] = "quaymaster";

        talk_send_u8(t, ACCESS_REQUEST);
        talk_send_u8(t, (uint8_t)t->nonce);
        talk_send_be16(t, 20 + 2 + sizeof(name) - 1 + 6);
        for (unsigned i = 0; i < 4; i++) /* the authenticator: any number that is not foreseen */
                talk_send_be32(t, (uint32_t)(t->nonce >> 8 * i));
        talk_send_u8(t, 32); /* NAS-Identifier */
        talk_send_u8(t, 2 + sizeof(name) - 1);
        talk_send_bytes(t, name, sizeof(name) - 1);
        talk_send_hex(t, "06 06 00000008"); /* Service-Type: Authenticate-Only */
        t->patience_ms = 2500; /* rejections are held back for a second or two against guessing */
        t->step = 1;
        return TALK_SEND;
}

static bool attributes(struct talk *t, struct wire w)
{
        while (wire_left(&w)) {
                uint8_t type = wire_u8(&w), len = wire_u8(&w);
                struct wire value = wire_sub(&w, len < 2 ? SIZE_MAX : len - 2u);

                if (w.bad)
                        return false;
                if (type == 18) /* Reply-Message */
                        talk_detail(t, "message", (const char *)value.at, wire_left(&value));
        }
        return true;
}

static enum talk_next radius_talk(struct talk *t)
{
        struct wire w = talk_in(t);
        uint8_t code, id;
        uint16_t len;

        if (!t->step)
                return ask(t);
        code = wire_u8(&w);
        id = wire_u8(&w);
        len = wire_be16(&w);
        wire_skip(&w, 16);
        if (w.bad || id != (uint8_t)t->nonce || len != t->in_len ||
            (code != ACCESS_ACCEPT && code != ACCESS_REJECT && code != ACCESS_CHALLENGE) ||
            !attributes(t, w))
                return TALK_DONE;
        talk_likely(t, "radius");
        talk_detail(t, "answer",
                    code == ACCESS_REJECT   ? "reject"
                    : code == ACCESS_ACCEPT ? "accept"
                                            : "challenge",
                    code == ACCESS_CHALLENGE ? 9 : 6);
        if (code == ACCESS_ACCEPT)
                talk_flag(t, IDENTITY_NO_AUTH);
        return TALK_DONE;
}

const struct probe probe_radius = {
        .name = "radius",
        .protocol = "radius",
        .transports = 1 << TRANSPORT_UDP,
        .udp_ports = "1812,1645",
        .safety = SAFETY_QUERY,
        .log = "an access request without user from a client that is not known, or its rejection",
        .reference = "RFC 2865, 3 and 4",
        .talk = radius_talk,
};
