/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * DTLS: a hello, which servers answer with a cookie before they keep anything. What speaks inside is not known by
 * that.
 */
#include "identify/probe.h"

enum { ALERT = 21, HANDSHAKE = 22, SERVER_HELLO = 2, HELLO_VERIFY_REQUEST = 3 };

static void add_be16(struct str *s, unsigned v)
{
        str_add_char(s, (char)(v >> 8));
        str_add_char(s, (char)v);
}

static void add_be24(struct str *s, unsigned v)
{
        str_add_char(s, (char)(v >> 16));
        add_be16(s, v);
}

static enum talk_next ask(struct talk *t)
{
        static const uint16_t ciphers[] = {0xc02b, 0xc02f, 0xc02c, 0xc030, 0xc0ac, 0xc0ae, 0xc0a8,
                                           0xccae, 0xc023, 0xc027, 0xc009, 0xc013, 0xc00a, 0xc014,
                                           0x009c, 0x002f, 0x0035, 0x00a8, 0x00ae, 0x008c};
        /* groups, point formats, signatures: as RFC 8422 and RFC 5246 have them */
        static const char extensions[] = "\x00\x0a\x00\x06\x00\x04\x00\x1d\x00\x17\x00\x0b\x00\x02\x01\x00"
                                         "\x00\x0d\x00\x0c\x00\x0a\x04\x03\x08\x04\x04\x01\x05\x01\x02\x01";
        _cleanup_str_ struct str body = {0};

        add_be16(&body, 0xfefd); /* DTLS 1.2 */
        for (unsigned i = 0; i < 4; i++)
                for (int shift = 56; shift >= 0; shift -= 8)
                        str_add_char(&body, (char)((t->nonce * (2 * i + 1)) >> shift));
        str_add_n(&body, "\0\0", 2); /* no session, no cookie */
        add_be16(&body, sizeof(ciphers));
        for (size_t i = 0; i < array_len(ciphers); i++)
                add_be16(&body, ciphers[i]);
        str_add_n(&body, "\x01\x00", 2);
        add_be16(&body, sizeof(extensions) - 1);
        str_add_n(&body, extensions, sizeof(extensions) - 1);

        talk_send_hex(t, "16 feff 0000 000000000000");
        talk_send_be16(t, (uint16_t)(body.len + 12));
        _cleanup_str_ struct str head = {0};
        str_add_char(&head, 1); /* ClientHello, in one fragment */
        add_be24(&head, (unsigned)body.len);
        add_be16(&head, 0);
        add_be24(&head, 0);
        add_be24(&head, (unsigned)body.len);
        talk_send_bytes(t, head.text, head.len);
        talk_send_bytes(t, body.text, body.len);
        t->step = 1;
        return TALK_SEND;
}

static const char *version_name(uint16_t version)
{
        return version == 0xfefd ? "1.2" : version == 0xfeff ? "1.0" : NULL;
}

static enum talk_next dtls_talk(struct talk *t)
{
        struct wire w = talk_in(t), body;
        uint8_t type, kind;
        uint16_t version;

        if (!t->step)
                return ask(t);
        type = wire_u8(&w);
        version = wire_be16(&w);
        wire_skip(&w, 8);
        body = wire_sub(&w, wire_be16(&w));
        if (w.bad || !version_name(version))
                return TALK_DONE;
        kind = wire_u8(&body);
        if (type == ALERT && wire_left(&body) == 1 && (kind == 1 || kind == 2)) {
                talk_encryption(t, ENCRYPTION_TLS);
                talk_likely(t, "dtls");
                return TALK_DONE;
        }
        if (type != HANDSHAKE || (kind != SERVER_HELLO && kind != HELLO_VERIFY_REQUEST))
                return TALK_DONE;
        talk_encryption(t, ENCRYPTION_TLS);
        talk_likely(t, "dtls"); /* certain in itself, and yet not what is spoken inside */
        wire_skip(&body, 11);
        version = wire_be16(&body);
        if (kind == SERVER_HELLO && !body.bad && version_name(version))
                talk_detail(t, "dtls-version", version_name(version), 3);
        return TALK_DONE;
}

const struct probe probe_dtls = {
        .name = "dtls",
        .protocol = "dtls",
        .transports = 1 << TRANSPORT_UDP,
        .udp_ports = "443,853,2083,3391,4433,4740,5061,5349,5684,10161,10162,20220",
        .safety = SAFETY_SESSION,
        .sweep_udp = SWEEP_LAST,
        .log = "a handshake that ends after its first message",
        .reference = "RFC 6347, 4.2.1",
        .talk = dtls_talk,
};
