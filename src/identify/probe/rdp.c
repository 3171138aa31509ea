/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * RDP: the X.224 connection request with the security layers that are known, and what the server picks
 * (MS-RDPBCGR, 2.2.1.1).
 */
#include "identify/probe.h"

enum step { OPEN, PICKED, ENCRYPTED, OLD_OPEN, OLD };
enum layer { STANDARD = 0, TLS = 1, HYBRID = 2, RDSTLS = 4, HYBRID_EX = 8, AAD = 16 };
enum { NEGOTIATION_RESPONSE = 2, NEGOTIATION_FAILURE = 3 };
enum failure {
        TLS_REQUIRED = 1,
        TLS_NOT_ALLOWED,
        NO_CERTIFICATE,
        INCONSISTENT_FLAGS,
        HYBRID_REQUIRED,
        USER_CERTIFICATE
};

#define WINDOWS_REFERENCE 0x1234u /* source reference of every server that is known, Windows and xrdp */

struct confirm {
        bool whole, negotiated;
        uint16_t reference;
        uint8_t type, flags;
        uint32_t value;
};

/* TPKT (RFC 1006, 6), X.224 connection confirm (X.224, 13.4), RDP negotiation. False when it is none. */
static bool read_confirm(const uint8_t *data, size_t len, struct confirm *ret)
{
        static const uint8_t start[] = {3, 0, 0};
        struct wire w = wire_over(data, len), body;
        uint16_t size;

        *ret = (struct confirm){0};
        if (len && memcmp(data, start, len < sizeof(start) ? len : sizeof(start)) != 0)
                return false;
        wire_skip(&w, 2);
        size = wire_be16(&w);
        if (len < 6)
                return len < 4 || (size >= 11 && size <= 64);
        if (size < 11 || size > 64 || data[4] != size - 5u || data[5] != 0xd0)
                return false;
        body = wire_sub(&w, size - 4u);
        if (w.bad)
                return true;
        ret->whole = true;
        wire_skip(&body, 4);
        ret->reference = wire_be16(&body);
        wire_skip(&body, 1);
        ret->type = wire_u8(&body);
        ret->flags = wire_u8(&body);
        ret->negotiated = wire_le16(&body) == 8 &&
                          (ret->type == NEGOTIATION_RESPONSE || ret->type == NEGOTIATION_FAILURE);
        ret->value = wire_le32(&body);
        ret->negotiated = ret->negotiated && !body.bad;
        return true;
}

static enum recognition rdp_recognise(const struct heard *h)
{
        static const uint8_t ultimatum[] = {
                3, 0, 0, 9, 2, 0xf0, 0x80, 0x21, 0x80}; /* T.125: who speaks otherwise is sent away */
        struct confirm c;

        if (h->asked && h->len == sizeof(ultimatum) && memcmp(h->data, ultimatum, sizeof(ultimatum)) == 0)
                return RECOGNISE_LIKELY;
        if (!read_confirm(h->data, h->len, &c) || !c.whole)
                return RECOGNISE_NO;
        return c.negotiated ? RECOGNISE_SURE : RECOGNISE_MAYBE;
}

static void request(struct talk *t, uint32_t layers)
{
        talk_send_hex(t, "03000013 0ee0 0000 0000 00 01 00 0800");
        talk_send_le32(t, layers);
}

static void detail(struct talk *t, const char *key, const char *text)
{
        talk_detail(t, key, text, strlen(text));
}

static void standard(struct talk *t)
{
        detail(t, "security", "standard RDP");
        talk_encryption(t, ENCRYPTION_NATIVE);
        talk_flag(t, IDENTITY_WEAK_CRYPTO);
        detail(t, "weak", "standard RDP security (RC4, a server key that anybody can copy)");
}

static enum talk_next failed(struct talk *t, uint32_t code)
{
        static const char *const codes[] = {
                [TLS_REQUIRED] = "TLS required",
                [TLS_NOT_ALLOWED] = "TLS not allowed by server",
                [NO_CERTIFICATE] = "no certificate on server",
                [INCONSISTENT_FLAGS] = "inconsistent flags",
                [HYBRID_REQUIRED] = "CredSSP required",
                [USER_CERTIFICATE] = "TLS with a client's certificate required",
        };

        if (code && code < array_len(codes))
                detail(t, "negotiation-failure", codes[code]);
        if (code == TLS_NOT_ALLOWED || code == NO_CERTIFICATE)
                standard(t);
        if (code == USER_CERTIFICATE)
                talk_encryption(t, ENCRYPTION_STARTTLS);
        talk_confirm(t, "rdp");
        return TALK_DONE;
}

static enum talk_next picked(struct talk *t)
{
        static const struct {
                uint32_t layer;
                const char *name;
        } layers[] = {{TLS, "TLS"},
                      {HYBRID, "CredSSP"},
                      {RDSTLS, "RDSTLS"},
                      {HYBRID_EX, "CredSSP, extended"},
                      {AAD, "Entra ID"}};
        struct confirm c;

        if (!read_confirm(t->in, t->in_len, &c))
                return TALK_DONE;
        if (!c.whole)
                return TALK_MORE;
        talk_evidence(t, t->in, t->in_len);
        if (!c.negotiated) {
                /* before RDP 5.2: nothing is negotiated. Other users of X.224 (S7, H.323, MMS) confirm so, too. */
                if (c.reference == WINDOWS_REFERENCE && t->port != 102) {
                        standard(t);
                        talk_confirm(t, "rdp");
                } else if (t->port == 3389) {
                        talk_likely(t, "rdp");
                }
                return TALK_DONE;
        }
        if (c.type == NEGOTIATION_FAILURE)
                return failed(t, c.value);
        if (c.value == STANDARD) {
                standard(t);
                talk_confirm(t, "rdp");
                return TALK_DONE;
        }
        for (size_t i = 0; i < array_len(layers); i++)
                if (layers[i].layer == c.value)
                        detail(t, "security", layers[i].name);
        if (c.flags & 0x08)
                detail(t, "restricted-admin", "supported");
        t->step = ENCRYPTED;
        if (t->tls) {
                talk_confirm(t, "rdp");
                return TALK_DONE;
        }
        talk_encryption(t, ENCRYPTION_STARTTLS);
        talk_confirm(t, "rdp");
        return TALK_TLS;
}

/* Whether the old security would do as well: then a man in the middle may ask for it. */
static enum talk_next old(struct talk *t)
{
        struct confirm c;

        if (!read_confirm(t->in, t->in_len, &c))
                return TALK_DONE;
        if (!c.whole)
                return TALK_MORE;
        if (c.type == NEGOTIATION_FAILURE) {
                detail(t, "standard-security", "refused");
                if (c.value == HYBRID_REQUIRED)
                        detail(t, "network-level-authentication", "required");
                if (c.value == TLS_REQUIRED || c.value == HYBRID_REQUIRED)
                        talk_flag(t, IDENTITY_STARTTLS_REQUIRED);
                return TALK_DONE;
        }
        if (c.negotiated ? c.value != STANDARD : c.type)
                return TALK_DONE;
        detail(t, "standard-security", "accepted");
        talk_flag(t, IDENTITY_WEAK_CRYPTO);
        detail(t, "weak", "standard RDP security is accepted, too");
        return TALK_DONE;
}

static enum talk_next rdp_talk(struct talk *t)
{
        switch (t->step) {
        case OPEN:
                request(t,
                        TLS | HYBRID |
                                HYBRID_EX); /* not RDSTLS: it is for redirections, and xrdp turns away who names it */
                t->step = PICKED;
                return TALK_SEND;
        case PICKED:
                return picked(t);
        case ENCRYPTED:
                t->step = OLD_OPEN;
                return TALK_AGAIN;
        case OLD_OPEN:
                request(t, STANDARD);
                t->step = OLD;
                return TALK_SEND;
        default:
                return old(t);
        }
}

const struct probe probe_rdp = {
        .name = "rdp",
        .protocol = "rdp",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "3388-3392,3350,33890,33899,13389,23389",
        .safety = SAFETY_SESSION,
        .sweep_tcp = SWEEP_SECOND,
        .log = "connections that ended before anybody logged on "
               "(Windows: event 131 of RemoteDesktopServices-RdpCoreTS)",
        .reference = "MS-RDPBCGR, 2.2.1.1 and 2.2.1.2",
        .recognise = rdp_recognise,
        .talk = rdp_talk,
};
