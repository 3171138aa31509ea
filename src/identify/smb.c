/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "identify/smb.h"

#include <ctype.h>

#define MESSAGE_MAX  65536u
#define SMB2_HEADER  64u
#define SMB1_HEADER  32u
#define SECONDS_1601 11644473600ull /* from 1601, where Windows counts from, to 1970 */

/* MS-SMB2, 2.2.1.2, 2.2.3 and 2.2.3.1: contexts of preauthentication integrity and of ciphers */
void smb2_send_negotiate(struct talk *t)
{
        talk_send_be32(t, 178);
        talk_send_hex(t, "fe534d42 4000 0000 00000000 0000 0100 00000000 00000000 0000000000000000");
        talk_send_hex(t, "fffe0000 00000000 0000000000000000 00000000000000000000000000000000");
        talk_send_hex(t, "2400 0500 0100 0000 7f000000"); /* signing: enabled */
        for (unsigned i = 0; i < 4; i++)                  /* client's GUID */
                talk_send_le32(t, (uint32_t)(t->nonce >> 8 * i));
        talk_send_hex(t, "70000000 0200 0000 0202 1002 0003 0203 1103 0000");
        talk_send_hex(t, "0100 2600 00000000 0100 2000 0100");
        for (unsigned i = 0; i < 8; i++) /* salt */
                talk_send_le32(t, (uint32_t)(t->nonce >> 4 * i));
        talk_send_hex(t, "0000 0200 0a00 00000000 0400 0200 0100 0400 0300");
}

/* MS-CIFS, 2.2.4.52.1: the one dialect "NT LM 0.12", without extended security, so that names come */
void smb1_send_negotiate(struct talk *t)
{
        talk_send_be32(t, 47);
        talk_send_hex(t, "ff534d42 72 00000000 18 01c0 0000 0000000000000000 0000 0000 fffe 0000 0100");
        talk_send_hex(t, "00 0c00 02 4e54204c4d20302e313200");
}

enum smb_answer smb_answer(const uint8_t *data, size_t len)
{
        struct wire w = wire_over(data, len), body;
        uint32_t size = wire_be32(&w);
        uint32_t magic, flags;

        if ((len && data[0]) || (len >= 4 && (size < SMB1_HEADER + 3 || size > MESSAGE_MAX)))
                return SMB_NONE;
        body = wire_sub(&w, size);
        if (len < 4 || w.bad)
                return SMB_PART;
        magic = wire_be32(&body);
        if (magic == 0xfe534d42) {
                wire_skip(&body, 8);
                if (wire_le16(&body) != 0) /* NEGOTIATE */
                        return SMB_NONE;
                wire_skip(&body, 2);
                flags = wire_le32(&body);
                return body.bad || !(flags & 1) ? SMB_NONE : SMB_NEW; /* SMB2_FLAGS_SERVER_TO_REDIR */
        }
        if (magic != 0xff534d42 || wire_u8(&body) != 0x72)
                return SMB_NONE;
        wire_skip(&body, 4);
        if (!(wire_u8(&body) & 0x80)) /* SMB_FLAGS_REPLY */
                return SMB_NONE;
        wire_skip(&body, 22);
        if (!wire_u8(&body))
                return SMB_REFUSED;
        return wire_le16(&body) == 0 && !body.bad ? SMB_OLD : SMB_REFUSED;
}

static void take_time(struct talk *t, const char *key, uint32_t low, uint32_t high)
{
        uint64_t seconds = ((uint64_t)high << 32 | low) / 10000000;

        if (seconds > SECONDS_1601)
                talk_detail_u64(t, key, seconds - SECONDS_1601);
}

/* Samba gives its NetBIOS name as GUID where it has no other (16 bytes, filled with zeros). */
static void take_guid(struct talk *t, struct wire guid)
{
        _cleanup_str_ struct str text = {0};
        static const uint8_t order[] = {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};
        const uint8_t *b = guid.at;
        size_t n = 0;

        if (wire_left(&guid) != 16)
                return;
        while (n < 16 && (isalnum(b[n]) || b[n] == '-' || b[n] == '_'))
                n++;
        for (size_t i = n; i < 16; i++)
                if (b[i])
                        n = 0;
        if (n) {
                talk_product(t, "Samba", 5);
                talk_hostname(t, (const char *)b, n);
        }
        for (size_t i = 0; i < 16; i++)
                str_addf(&text, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", b[order[i]]);
        talk_detail(t, "server-guid", text.text, text.len);
}

/* The mechanisms of SPNEGO (MS-SPNG, 2.2.1): their object identifiers are looked for as they are. */
static void take_mechanisms(struct talk *t, struct wire blob)
{
        static const struct {
                const char *name, *oid;
                size_t len;
        } known[] = {
                {"Kerberos", "\x2a\x86\x48\x86\xf7\x12\x01\x02\x02", 9},
                {"Kerberos", "\x2a\x86\x48\x82\xf7\x12\x01\x02\x02", 9},
                {"NTLM", "\x2b\x06\x01\x04\x01\x82\x37\x02\x02\x0a", 10},
                {"NEGOEX", "\x2b\x06\x01\x04\x01\x82\x37\x02\x02\x1e", 10},
        };
        _cleanup_str_ struct str text = {0};

        for (size_t i = 0; i < array_len(known); i++)
                if (memmem(blob.at, wire_left(&blob), known[i].oid, known[i].len) &&
                    (!i || !streq(known[i].name, known[i - 1].name) || !text.len))
                        str_addf(&text, "%s%s", text.len ? "," : "", known[i].name);
        talk_detail(t, "authentication", text.text, text.len);
}

/* MS-SMB2, 2.2.4.1.2: the cipher that was chosen */
static void take_cipher(struct talk *t, struct wire contexts, unsigned n)
{
        static const char *const ciphers[] = {"none", "AES-128-CCM", "AES-128-GCM", "AES-256-CCM",
                                              "AES-256-GCM"};

        for (; n && wire_left(&contexts) >= 8; n--) {
                uint16_t type = wire_le16(&contexts), len = wire_le16(&contexts);
                struct wire body;

                wire_skip(&contexts, 4);
                body = wire_sub(&contexts, len);
                if (type == 2 && wire_le16(&body) == 1) {
                        uint16_t cipher = wire_le16(&body);

                        if (!body.bad && cipher < array_len(ciphers))
                                talk_detail(t, "cipher", ciphers[cipher], strlen(ciphers[cipher]));
                }
                if (wire_left(&contexts))
                        wire_skip(&contexts, (8 - len % 8) % 8);
        }
}

/* MS-SMB2, 2.2.4 */
static void take_new(struct talk *t, struct wire message)
{
        static const struct {
                uint16_t code;
                const char *name;
        } dialects[] = {
                {0x0202, "2.0.2"}, {0x0210, "2.1"}, {0x0300, "3.0"}, {0x0302, "3.0.2"}, {0x0311, "3.1.1"}};
        struct wire w = message, part;
        uint16_t mode, dialect, contexts, offset, len;
        uint32_t capabilities, low, high, context_offset;
        struct wire guid;

        wire_skip(&w, SMB2_HEADER);
        if (wire_le16(&w) != 65) /* an error: the status alone */
                return;
        mode = wire_le16(&w);
        dialect = wire_le16(&w);
        contexts = wire_le16(&w);
        guid = wire_sub(&w, 16);
        capabilities = wire_le32(&w);
        wire_skip(&w, 12);
        low = wire_le32(&w);
        high = wire_le32(&w);
        take_time(t, "system-time", low, high);
        low = wire_le32(&w);
        high = wire_le32(&w);
        take_time(t, "boot-time", low, high);
        offset = wire_le16(&w);
        len = wire_le16(&w);
        context_offset = wire_le32(&w);
        if (w.bad)
                return;
        for (size_t i = 0; i < array_len(dialects); i++)
                if (dialects[i].code == dialect)
                        talk_detail(t, "dialect", dialects[i].name, strlen(dialects[i].name));
        talk_detail(t, "signing",
                    mode & 2   ? "required"
                    : mode & 1 ? "enabled"
                               : "off",
                    mode & 2   ? 8
                    : mode & 1 ? 7
                               : 3);
        take_guid(t, guid);
        if (dialect >= 0x0300 &&
            capabilities & 0x40) /* SMB2_GLOBAL_CAP_ENCRYPTION; 3.1.1 has a context for it */
                talk_detail(t, "cipher", "AES-128-CCM", 11);
        part = message;
        wire_skip(&part, offset);
        part = wire_sub(&part, len);
        if (!part.bad)
                take_mechanisms(t, part);
        part = message;
        wire_skip(&part, context_offset);
        if (dialect == 0x0311 && !part.bad)
                take_cipher(t, part, contexts);
}

/* Text of UTF-16, up to a zero; moves past it. Only for names: what is not ASCII becomes '?'. */
static void utf16(struct wire *w, struct str *to)
{
        while (wire_left(w) >= 2) {
                uint16_t c = wire_le16(w);

                if (!c)
                        return;
                str_add_char(to, c < 0x80 ? (char)c : '?');
        }
}

/* MS-CIFS, 2.2.4.52.2 */
static void take_old(struct talk *t, struct wire w)
{
        _cleanup_str_ struct str domain = {0}, server = {0};
        uint8_t words, mode, challenge;
        uint32_t low, high;

        wire_skip(&w, SMB1_HEADER);
        words = wire_u8(&w);
        wire_skip(&w, 2);
        mode = wire_u8(&w);
        if (words != 17)
                return;
        talk_detail(t, "smb1-signing",
                    mode & 8   ? "required"
                    : mode & 4 ? "enabled"
                               : "off",
                    mode & 8   ? 8
                    : mode & 4 ? 7
                               : 3);
        if (!(mode & 2)) /* passwords are not challenged */
                talk_flag(t, IDENTITY_PLAIN_LOGIN);
        wire_skip(&w, 20);
        low = wire_le32(&w);
        high = wire_le32(&w);
        take_time(t, "system-time", low, high);
        wire_skip(&w, 2);
        challenge = wire_u8(&w);
        wire_skip(&w, 2u + challenge);
        utf16(&w, &domain);
        utf16(&w, &server);
        if (w.bad)
                return;
        talk_detail(t, "domain", domain.text, domain.len);
        talk_hostname(t, server.text, server.len);
}

enum smb_answer smb_take(struct talk *t, const char *protocol)
{
        enum smb_answer answer = smb_answer(t->in, t->in_len);
        struct wire w = talk_in(t), message;

        if (answer == SMB_PART || answer == SMB_NONE)
                return answer;
        talk_confirm(t, protocol);
        message = wire_sub(&w, wire_be32(&w));
        if (answer == SMB_NEW)
                take_new(t, message);
        if (answer == SMB_OLD) {
                talk_flag(t, IDENTITY_OBSOLETE);
                take_old(t, message);
        }
        return answer;
}
