/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ZMTP, the protocol of ZeroMQ sockets: the greeting, which both sides begin with. */
#include "identify/probe.h"

#define GREETING_BYTES 64u

static bool is_signature(const uint8_t *data, size_t len)
{
        return len >= 10 && data[0] == 0xff && (data[9] & 1) && data[9] == 0x7f;
}

static enum recognition zmtp_recognise(const struct heard *h)
{
        static const uint8_t usual[] = {0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f};

        if (!is_signature(h->data, h->len))
                return RECOGNISE_NO;
        return memcmp(h->data, usual, 8) == 0 ? RECOGNISE_SURE : RECOGNISE_LIKELY;
}

/* ZMTP 3.1, 2.1: version at 10, mechanism at 12 (20 bytes), as-server at 32 */
static enum talk_next zmtp_talk(struct talk *t)
{
        struct wire w = talk_in(t);
        char mechanism[21] = {0};
        uint8_t major, minor;
        _cleanup_str_ struct str version = {0};

        if (t->in_len < 10)
                return TALK_MORE;
        if (!is_signature(t->in, t->in_len))
                return TALK_DONE;
        if (!t->step) {
                static const uint8_t rest[32];

                talk_confirm(t, "zmtp");
                talk_send_hex(t, "ff 00 00 00 00 00 00 00 01 7f 03 00");
                talk_send_bytes(t, "NULL\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 20);
                talk_send_bytes(t, rest, 32); /* as-server 0, filler */
                t->keep = t->in_len;
                t->step = 1;
                return TALK_SEND;
        }
        if (t->in_len >= 11 && t->in[10] < 3 && (t->in_len >= 12 || t->waited || t->ended)) {
                talk_flag(t, IDENTITY_NO_AUTH); /* before 3.0 there was none */
                str_addf(&version, "%u.0", t->in[10] + 1u);
                talk_detail(t, "protocol-version", version.text, version.len);
                return TALK_DONE;
        }
        if (t->in_len < GREETING_BYTES)
                return TALK_MORE;
        wire_skip(&w, 10);
        major = wire_u8(&w);
        minor = wire_u8(&w);
        wire_bytes(&w, mechanism, 20);
        str_addf(&version, "%u.%u", major, minor);
        talk_detail(t, "protocol-version", version.text, version.len);
        talk_detail(t, "mechanism", mechanism, strlen(mechanism));
        if (streq(mechanism, "NULL"))
                talk_flag(t, IDENTITY_NO_AUTH);
        if (streq(mechanism, "PLAIN") && !t->tls)
                talk_flag(t, IDENTITY_PLAIN_LOGIN);
        if (streq(mechanism, "CURVE") && !t->tls)
                talk_encryption(t, ENCRYPTION_NATIVE);
        return TALK_DONE;
}

const struct probe probe_zmtp = {
        .name = "zmtp",
        .protocol = "zmtp",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "4505,4506,5555-5559,28332,28333",
        .safety = SAFETY_SESSION,
        .speaks_first = true,
        .log = "nothing",
        .reference = "ZeroMQ RFC 23 (ZMTP 3.0), RFC 37 (ZMTP 3.1)",
        .recognise = zmtp_recognise,
        .talk = zmtp_talk,
};
