/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * IKE: the first message of version 2, and where that is not known, of version 1 (main mode). Nothing that would
 * prove an identity follows; the server forgets the half-open exchange in seconds.
 */
#include "identify/probe.h"

#define HEADER 28u

enum step { START, VERSION_2, VERSION_1 };

enum { SA_INIT = 34, MAIN_MODE = 2, INFORMATIONAL_1 = 5 };
enum { FLAG_INITIATOR = 0x08, FLAG_RESPONSE = 0x20 };
enum { PAYLOAD_SA_1 = 1, PAYLOAD_VENDOR_1 = 13, PAYLOAD_NOTIFY_1 = 11 };
enum { PAYLOAD_SA = 33, PAYLOAD_KE = 34, PAYLOAD_NONCE = 40, PAYLOAD_NOTIFY = 41, PAYLOAD_VENDOR = 43 };

/* Ways of IKE on port 4500 begin with four zeros (RFC 3948, 2.2). */
static bool marked(const struct talk *t)
{
        return t->port == 4500;
}

static void add_be16(struct str *s, unsigned v)
{
        str_add_char(s, (char)(v >> 8));
        str_add_char(s, (char)v);
}

static void add_random(struct str *s, const struct talk *t, size_t n)
{
        uint64_t x = t->nonce | 1;

        for (size_t i = 0; i < n; i++) {
                x ^= x << 13;
                x ^= x >> 7;
                x ^= x << 17;
                str_add_char(s, (char)(x >> 24));
        }
}

static void finish(struct talk *t, uint8_t first, uint8_t version, uint8_t exchange, uint8_t flags,
                   const struct str *body)
{
        if (marked(t))
                talk_send_be32(t, 0);
        talk_send_be32(t, (uint32_t)(t->nonce >> 32));
        talk_send_be32(t, (uint32_t)t->nonce | 1); /* a cookie is never zero */
        talk_send_be32(t, 0);
        talk_send_be32(t, 0);
        talk_send_u8(t, first);
        talk_send_u8(t, version);
        talk_send_u8(t, exchange);
        talk_send_u8(t, flags);
        talk_send_be32(t, 0);
        talk_send_be32(t, HEADER + (uint32_t)body->len);
        talk_send_bytes(t, str_text(body), body->len);
}

/* RFC 7296, 3.3: one proposal with all that is common, so that nearly every server finds what it takes */
static void add_proposal(struct str *s)
{
        static const struct {
                uint8_t type;
                uint16_t id, key_bits;
        } transforms[] = {
                {1, 12, 256}, {1, 12, 128}, {1, 3, 0},                         /* AES-CBC, 3DES */
                {2, 5, 0},    {2, 6, 0},    {2, 7, 0},  {2, 2, 0},  {2, 1, 0}, /* PRF: SHA-2, SHA-1, MD5 */
                {3, 12, 0},   {3, 13, 0},   {3, 14, 0}, {3, 2, 0},  {3, 1, 0}, /* integrity: the same */
                {4, 31, 0},   {4, 19, 0},   {4, 20, 0}, {4, 14, 0}, {4, 15, 0},
                {4, 16, 0},   {4, 5, 0},    {4, 2, 0},
        };
        _cleanup_str_ struct str list = {0};

        for (size_t i = 0; i < array_len(transforms); i++) {
                str_add_char(&list, i + 1 < array_len(transforms) ? 3 : 0);
                str_add_char(&list, 0);
                add_be16(&list, transforms[i].key_bits ? 12 : 8);
                str_add_char(&list, (char)transforms[i].type);
                str_add_char(&list, 0);
                add_be16(&list, transforms[i].id);
                if (transforms[i].key_bits) {
                        add_be16(&list, 0x800e);
                        add_be16(&list, transforms[i].key_bits);
                }
        }
        str_add_char(s, PAYLOAD_KE);
        str_add_char(s, 0);
        add_be16(s, 4 + 8 + (unsigned)list.len);
        add_be16(s, 0); /* last proposal */
        add_be16(s, 8 + (unsigned)list.len);
        str_add_n(s, "\x01\x01\x00", 3); /* number 1, IKE, no SPI */
        str_add_char(s, (char)array_len(transforms));
        str_add_n(s, list.text, list.len);
}

static enum talk_next ask_2(struct talk *t)
{
        _cleanup_str_ struct str body = {0};

        add_proposal(&body);
        str_add_char(&body, PAYLOAD_NONCE);
        str_add_char(&body, 0);
        add_be16(&body, 8 + 32);
        add_be16(&body, 31); /* Curve25519: any 32 bytes are a key */
        add_be16(&body, 0);
        add_random(&body, t, 32);
        add_be16(&body, 0); /* nothing follows the nonce */
        add_be16(&body, 4 + 32);
        add_random(&body, t, 32);
        finish(t, PAYLOAD_SA, 0x20, SA_INIT, FLAG_INITIATOR, &body);
        t->patience_ms = 1500;
        t->step = VERSION_2;
        return TALK_SEND;
}

/* RFC 2409, 5: transforms are whole suites here */
static enum talk_next ask_1(struct talk *t)
{
        static const uint8_t suites[][5] = {
                /* cipher, key bits / 64, hash, authentication, group */
                {7, 4, 2, 1, 14}, {7, 4, 4, 1, 14}, {7, 2, 2, 1, 14}, {7, 4, 2, 1, 2}, {7, 2, 2, 1, 2},
                {5, 0, 2, 1, 2},  {5, 0, 1, 1, 2},  {7, 4, 2, 3, 14}, {7, 2, 2, 3, 2}, {5, 0, 2, 3, 2},
                {7, 4, 4, 1, 19}, {7, 4, 5, 1, 20}, {7, 4, 2, 1, 5},  {1, 0, 1, 1, 1},
        };
        _cleanup_str_ struct str list = {0}, body = {0};

        for (size_t i = 0; i < array_len(suites); i++) {
                const uint8_t *s = suites[i];

                str_add_char(&list, i + 1 < array_len(suites) ? 3 : 0);
                str_add_char(&list, 0);
                add_be16(&list, s[1] ? 36 : 32);
                str_add_char(&list, (char)(i + 1));
                str_add_char(&list, 1); /* KEY_IKE */
                add_be16(&list, 0);
                for (unsigned type = 1; type <= 4; type++) {
                        static const uint8_t at[] = {0, 0, 2, 3, 4};

                        add_be16(&list, 0x8000 | type);
                        add_be16(&list, s[at[type]]);
                }
                str_add_n(&list, "\x80\x0b\x00\x01\x80\x0c\x70\x80", 8); /* life: 28,800 s */
                if (s[1]) {
                        add_be16(&list, 0x800e);
                        add_be16(&list, s[1] * 64u);
                }
        }
        add_be16(&body, 0);
        add_be16(&body, 4 + 8 + 8 + (unsigned)list.len);
        str_add_n(&body, "\0\0\0\x01\0\0\0\x01", 8); /* IPsec, identity only */
        add_be16(&body, 0);
        add_be16(&body, 8 + (unsigned)list.len);
        str_add_n(&body, "\x01\x01\x00", 3);
        str_add_char(&body, (char)array_len(suites));
        str_add_n(&body, list.text, list.len);
        finish(t, PAYLOAD_SA_1, 0x10, MAIN_MODE, 0, &body);
        t->patience_ms = 1500;
        t->step = VERSION_1;
        return TALK_SEND;
}

static const struct vendor {
        const char *bytes;
        uint8_t len;
        const char *product, *detail;
} vendors[] = {
        {"\x88\x2f\xe5\x6d\x6f\xd2\x0d\xbc\x22\x51\x61\x3b\x2e\xbe\x5b\xeb", 16, "strongSwan", NULL},
        {"\x12\xf5\xf2\x8c\x45\x71\x68\xa9\x70\x2d\x9f\xe2\x74\xcc", 14, NULL, "Cisco Unity"},
        {"\x1e\x2b\x51\x69\x05\x99\x1c\x7d\x7c\x96\xfc\xbf\xb5\x87\xe4\x61", 16, "Windows", NULL},
        {"\x1d\x6e\x17\x8f\x6c\x2c\x0b\xe2\x84\x98\x54\x65\x45\x0f\xe9\xd4", 16, "FortiGate", NULL},
        {"\x82\x99\x03\x17\x57\xa3\x60\x82\xc6\xa6\x21\xde", 12, "FortiGate", NULL},
        {"\xf4\xed\x19\xe0\xc1\x14\xeb\x51\x6f\xaa\xac\x0e\xe3\x7d\xaf\x28\x07\xb4\x38\x1f", 20,
         "Check Point", NULL},
        {"\x5b\x36\x2b\xc8\x20\xf6", 6, "SonicWall", NULL},
        {"\x40\x4b\xf4\x39\x52\x2c\xa3\xf6", 8, "SonicWall", NULL},
        {"\x69\x93\x69\x22\x87\x41\xc6\xd4\xca\x09\x4c\x93\xe2\x42\xc9\xde\x19\xe7\xb7\xc6", 20,
         "Juniper Junos", NULL},
        {"HeartBeat_Notify", 16, "Juniper ScreenOS", NULL},
        {"\x70\x03\xcb\xc1\x09\x7d\xbe\x9c\x26\x00\xba\x69\x83\xbc\x8b\x35", 16, "racoon", NULL},
        {"CISCO-DELETE-REASON", 19, "Cisco", NULL},
        {"CISCO(COPYRIGHT)", 16, "Cisco", NULL},
        {"CISCO-GRE-MODE", 14, "Cisco", NULL},
        {"FLEXVPN-SUPPORTED", 17, "Cisco IOS", NULL},
        {"OE-Libreswan-", 13, "Libreswan", NULL},
        {"Libreswan ", 10, "Libreswan", NULL},
        {"Openswan", 8, "Openswan", NULL},
        {"OpenIKED-", 9, "OpenIKED", NULL},
        {"OpenBSD-", 8, "OpenIKED", NULL},
        {"strongSwan ", 11, "strongSwan", NULL},
        {"\xbf\xc2\x2e\x98\x56\xba\x99\x36\x11\xc1\x1e\x48\xa6\xd2\x08\x07", 16, "WatchGuard", NULL},
        {"\xaf\xca\xd7\x13\x68\xa1\xf1\xc9\x6b\x86\x96\xfc\x77\x57", 14, NULL, "DPD"},
        {"\x09\x00\x26\x89\xdf\xd6\xb7\x12", 8, NULL, "XAUTH"},
        {"\x4a\x13\x1c\x81\x07\x03\x58\x45\x5c\x57\x28\xf2\x0e\x95\x45\x2f", 16, NULL, "NAT-T"},
        {"\x40\x48\xb7\xd5\x6e\xbc\xe8\x85\x25\xe7\xde\x7f\x00\xd6\xc2\xd3", 16, NULL, "fragmentation"},
};

static void take_vendor(struct talk *t, struct str *all, struct wire id)
{
        for (size_t i = 0; i < array_len(vendors); i++) {
                const struct vendor *v = &vendors[i];
                const char *name = v->product ? v->product : v->detail;

                if (wire_left(&id) < v->len || memcmp(id.at, v->bytes, v->len) != 0)
                        continue;
                str_addf(all, "%s%s", all->len ? ", " : "", name);
                if (!v->product)
                        return;
                talk_product(t, v->product, strlen(v->product));
                if (v->bytes[v->len - 1] == '-' || v->bytes[v->len - 1] == ' ')
                        talk_version(t, (const char *)id.at + v->len, wire_left(&id) - v->len);
                return;
        }
}

static void take_notify(struct talk *t, struct wire body, bool v1)
{
        static const struct {
                uint16_t code;
                const char *name;
        } names[] = {{5, "INVALID_MAJOR_VERSION"},
                     {7, "INVALID_SYNTAX"},
                     {14, "NO_PROPOSAL_CHOSEN"},
                     {17, "INVALID_KE_PAYLOAD"}};
        uint16_t code;

        wire_skip(&body, v1 ? 6 : 2);
        code = wire_be16(&body);
        if (body.bad || code >= 8192) /* not an error */
                return;
        for (size_t i = 0; i < array_len(names); i++)
                if (names[i].code == code)
                        talk_detail(t, "notify", names[i].name, strlen(names[i].name));
        if (code == 17) {
                wire_skip(&body, body.at[-3]); /* the SPI, of which there is none */
                talk_detail_u64(t, "group", wire_be16(&body));
        }
}

static void take_payloads(struct talk *t, struct wire w, uint8_t type, bool v1)
{
        _cleanup_str_ struct str all = {0};

        for (unsigned i = 0; type && i < 64 && wire_left(&w) >= 4; i++) {
                uint8_t next = wire_u8(&w);
                uint16_t len;
                struct wire body;

                wire_skip(&w, 1);
                len = wire_be16(&w);
                if (len < 4)
                        break;
                body = wire_sub(&w, len - 4u);
                if (body.bad)
                        break;
                if (type == (v1 ? PAYLOAD_VENDOR_1 : PAYLOAD_VENDOR))
                        take_vendor(t, &all, body);
                if (type == (v1 ? PAYLOAD_NOTIFY_1 : PAYLOAD_NOTIFY))
                        take_notify(t, body, v1);
                type = next;
        }
        talk_detail(t, "vendor-ids", str_text(&all), all.len);
}

static bool took(struct talk *t, const char *version)
{
        talk_encryption(t, ENCRYPTION_NATIVE);
        talk_confirm(t, "ike");
        talk_detail(t, "protocol-version", version, 1);
        return true;
}

/* An answer to our message of either version; echoes have no response flag, or no cookie of the responder. */
static bool answer(struct talk *t)
{
        struct wire w = talk_in(t);
        uint32_t ours_1, ours_2, responder;
        uint8_t first, version, exchange, flags;

        if (marked(t) && wire_be32(&w) != 0)
                return false;
        ours_1 = wire_be32(&w);
        ours_2 = wire_be32(&w);
        responder = wire_be32(&w) | wire_be32(&w);
        first = wire_u8(&w);
        version = wire_u8(&w);
        exchange = wire_u8(&w);
        flags = wire_u8(&w);
        wire_skip(&w, 8);
        if (w.bad || ours_1 != (uint32_t)(t->nonce >> 32) || ours_2 != ((uint32_t)t->nonce | 1))
                return false;
        if (version >> 4 == 2 && flags & FLAG_RESPONSE && !(flags & FLAG_INITIATOR) && exchange == SA_INIT) {
                took(t, "2");
                take_payloads(t, w, first, false);
                return true;
        }
        if (version >> 4 == 1 && ((exchange == MAIN_MODE && responder) || exchange == INFORMATIONAL_1)) {
                took(t, "1");
                take_payloads(t, w, first, true);
                return true;
        }
        return false;
}

static enum talk_next ike_talk(struct talk *t)
{
        if (t->step == START)
                return ask_2(t);
        if (t->in_len && answer(t))
                return TALK_DONE;
        return t->step == VERSION_2 && !t->in_len ? ask_1(t) : TALK_DONE;
}

const struct probe probe_ike = {
        .name = "ike",
        .protocol = "ike",
        .transports = 1 << TRANSPORT_UDP,
        .udp_ports = "500,4500",
        .safety = SAFETY_SESSION,
        .sweep_udp = SWEEP_LAST,
        .log = "the first message of a key exchange that does not go on",
        .reference = "RFC 7296, 3; RFC 2408, 3; RFC 3948, 2.2",
        .talk = ike_talk,
};
