/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VNC: versions, the security types that are offered, and VeNCrypt's kinds of TLS (RFC 6143, 7.1; the RFB
 * community's notes).
 */
#include "identify/line.h"
#include "identify/probe.h"

enum step { GREETING, TYPES, VENCRYPT_VERSION, VENCRYPT_KINDS, VENCRYPT_GO, ENCRYPTED };
enum security {
        INVALID = 0,
        NONE = 1,
        VNC = 2,
        TIGHT = 16,
        ULTRA = 17,
        TLS = 18,
        VENCRYPT = 19,
        MSLOGON = 113,
        MSLOGON2 = 117,
};
enum vencrypt {
        PLAIN = 256,
        TLS_NONE,
        TLS_VNC,
        TLS_PLAIN,
        X509_NONE,
        X509_VNC,
        X509_PLAIN,
        TLS_SASL,
        X509_SASL
};

#define GREETING_LEN 12u
#define MINOR        0 /* memory: of the version we speak */
#define OTHERS       1 /* memory: a type without TLS was offered */

struct name {
        uint32_t type;
        const char *name;
};

static const struct name types[] = {
        {NONE, "None"},
        {VNC, "VNC"},
        {5, "RA2"},
        {6, "RA2ne"},
        {TIGHT, "Tight"},
        {ULTRA, "Ultra"},
        {TLS, "TLS"},
        {VENCRYPT, "VeNCrypt"},
        {20, "SASL"},
        {21, "MD5"},
        {22, "xvp"},
        {23, "SecureTunnel"},
        {24, "IntegratedSSH"},
        {30, "Apple DH"},
        {33, "Apple RSA"},
        {35, "Apple Kerberos"},
        {36, "Apple SRP"},
        {MSLOGON, "MS-Logon II"},
        {114, "Ultra SecureVNC"},
        {115, "Ultra SecureVNC"},
        {MSLOGON2, "MS-Logon"},
        {129, "RA2-256"},
        {130, "RA2ne-256"},
};
static const struct name kinds[] = {
        {PLAIN, "Plain"},          {TLS_NONE, "TLSNone"},   {TLS_VNC, "TLSVnc"},
        {TLS_PLAIN, "TLSPlain"},   {X509_NONE, "X509None"}, {X509_VNC, "X509Vnc"},
        {X509_PLAIN, "X509Plain"}, {TLS_SASL, "TLSSASL"},   {X509_SASL, "X509SASL"},
};

static bool is_greeting(const uint8_t *data, size_t len)
{
        static const char form[] = "RFB ddd.ddd\n";

        for (size_t i = 0; i < len && i < GREETING_LEN; i++)
                if (form[i] == 'd' ? data[i] < '0' || data[i] > '9' : data[i] != (uint8_t)form[i])
                        return false;
        return len > 0;
}

static enum recognition vnc_recognise(const struct heard *h)
{
        if (!is_greeting(h->data, h->len))
                return RECOGNISE_NO;
        return h->len >= GREETING_LEN ? RECOGNISE_SURE : h->len >= 4 ? RECOGNISE_MAYBE : RECOGNISE_NO;
}

static void add_name(struct str *to, const struct name *names, size_t n, uint32_t type)
{
        str_add(to, to->len ? "," : "");
        for (size_t i = 0; i < n; i++)
                if (names[i].type == type) {
                        str_add(to, names[i].name);
                        return;
                }
        str_add_u64(to, type);
}

static void reason(struct talk *t, struct wire w)
{
        uint32_t len = wire_be32(&w);

        if (len > wire_left(&w))
                len = (uint32_t)wire_left(&w);
        talk_detail(t, "refused", (const char *)w.at, len);
}

static enum talk_next greeting(struct talk *t)
{
        unsigned major, minor;

        if (!is_greeting(t->in, t->in_len))
                return t->in_len ? TALK_DONE : TALK_MORE;
        if (t->in_len < GREETING_LEN)
                return TALK_MORE;
        talk_confirm(t, "vnc");
        talk_evidence(t, t->in, GREETING_LEN);
        talk_detail(t, "protocol-version", (const char *)t->in + 4, 7);
        major = t->in[6] - '0' + 10u * (t->in[5] - '0');
        minor = t->in[10] - '0' + 10u * (t->in[9] - '0') + 100u * (t->in[8] - '0');
        if (major == 3 && minor == 889)
                talk_product(t, "Apple Remote Desktop", 20);
        if (major > 3 && major < 10)
                talk_product(t, "RealVNC", 7);
        t->memory[MINOR] = major > 3 || minor >= 8 ? 8 : minor == 7 ? 7 : 3;
        talk_send_bytes(t,
                        t->memory[MINOR] == 8   ? "RFB 003.008\n"
                        : t->memory[MINOR] == 7 ? "RFB 003.007\n"
                                                : "RFB 003.003\n",
                        GREETING_LEN);
        t->keep = t->in_len - GREETING_LEN;
        t->step = TYPES;
        return TALK_SEND;
}

static void one_type(struct talk *t, uint32_t type)
{
        if (type == NONE)
                talk_flag(t, IDENTITY_NO_AUTH);
        if (type == VNC) {
                talk_flag(t, IDENTITY_WEAK_CRYPTO);
                talk_detail(t, "weak", "VNC authentication (DES, eight characters)", 42);
        }
        if (type == MSLOGON || type == MSLOGON2)
                talk_product(t, "UltraVNC", 8);
        if (type != TLS && type != VENCRYPT)
                t->memory[OTHERS] = 1;
}

static enum talk_next old_type(struct talk *t)
{
        struct wire w = talk_in(t);
        _cleanup_str_ struct str text = {0};
        uint32_t type = wire_be32(&w);

        if (w.bad)
                return TALK_MORE;
        if (type == INVALID) {
                if (wire_left(&w) < 4 && !t->ended && !t->waited)
                        return TALK_MORE;
                reason(t, w);
                return TALK_DONE;
        }
        one_type(t, type);
        add_name(&text, types, array_len(types), type);
        talk_detail(t, "security-types", text.text, text.len);
        return TALK_DONE;
}

static enum talk_next security_types(struct talk *t)
{
        struct wire w = talk_in(t), list;
        _cleanup_str_ struct str text = {0};
        bool tls = false, vencrypt = false;
        uint8_t n = wire_u8(&w);

        if (!t->in_len)
                return TALK_MORE;
        if (!n) {
                uint32_t len = wire_be32(&w);

                if ((w.bad || wire_left(&w) < len) && len < 4096 && !t->ended && !t->waited)
                        return TALK_MORE;
                w = wire_over(t->in + 1, t->in_len - 1);
                reason(t, w);
                return TALK_DONE;
        }
        list = wire_sub(&w, n);
        if (w.bad)
                return TALK_MORE;
        while (wire_left(&list)) {
                uint8_t type = wire_u8(&list);

                one_type(t, type);
                add_name(&text, types, array_len(types), type);
                tls |= type == TLS;
                vencrypt |= type == VENCRYPT;
        }
        talk_detail(t, "security-types", text.text, text.len);
        if ((tls || vencrypt) && !t->tls)
                talk_encryption(t, ENCRYPTION_STARTTLS);
        if (!vencrypt) {
                if (tls && !t->memory[OTHERS])
                        talk_flag(t, IDENTITY_STARTTLS_REQUIRED);
                return TALK_DONE;
        }
        talk_send_u8(t, VENCRYPT);
        t->step = VENCRYPT_VERSION;
        return TALK_SEND;
}

static enum talk_next vencrypt_version(struct talk *t)
{
        if (t->in_len < 2)
                return TALK_MORE;
        if (t->in[0] != 0 || t->in[1] < 2)
                return TALK_DONE;
        talk_send_hex(t, "0002");
        t->keep = t->in_len - 2;
        t->step = VENCRYPT_KINDS;
        return TALK_SEND;
}

static enum talk_next vencrypt_kinds(struct talk *t)
{
        struct wire w = talk_in(t), list;
        _cleanup_str_ struct str text = {0};
        uint32_t go = 0;
        uint8_t status = wire_u8(&w), n = wire_u8(&w);

        if (t->in_len && status)
                return TALK_DONE;
        list = wire_sub(&w, n * 4u);
        if (w.bad)
                return TALK_MORE;
        while (wire_left(&list)) {
                uint32_t kind = wire_be32(&list);

                add_name(&text, kinds, array_len(kinds), kind);
                if (kind == TLS_NONE || kind == X509_NONE)
                        talk_flag(t, IDENTITY_NO_AUTH);
                if (kind == PLAIN) {
                        if (!t->tls)
                                talk_flag(t, IDENTITY_PLAIN_LOGIN);
                        t->memory[OTHERS] = 1;
                }
                if (kind == X509_NONE || kind == X509_VNC || kind == X509_PLAIN || kind == X509_SASL)
                        go = go ? go : kind;
        }
        talk_detail(t, "vencrypt", text.text, text.len);
        if (!t->memory[OTHERS])
                talk_flag(t, IDENTITY_STARTTLS_REQUIRED);
        if (!go || t->tls)
                return TALK_DONE;
        talk_send_be32(t, go);
        t->step = VENCRYPT_GO;
        return TALK_SEND;
}

static enum talk_next vnc_talk(struct talk *t)
{
        switch (t->step) {
        case GREETING:
                return greeting(t);
        case TYPES:
                return t->memory[MINOR] == 3 ? old_type(t) : security_types(t);
        case VENCRYPT_VERSION:
                return vencrypt_version(t);
        case VENCRYPT_KINDS:
                return vencrypt_kinds(t);
        case VENCRYPT_GO:
                if (!t->in_len)
                        return TALK_MORE;
                t->step = ENCRYPTED;
                return t->in[0] == 1 ? TALK_TLS : TALK_DONE;
        default:
                return TALK_DONE;
        }
}

const struct probe probe_vnc = {
        .name = "vnc",
        .protocol = "vnc",
        .transports = 1 << TRANSPORT_TCP,
        .tcp_ports = "5900-5920,5500,5800-5803,6900-6903",
        .safety = SAFETY_SESSION,
        .speaks_first = true,
        .log = "a connection that ended before authentication; some servers turn an address away after several",
        .reference = "RFC 6143, 7.1; VeNCrypt 0.2",
        .recognise = vnc_recognise,
        .talk = vnc_talk,
};
