/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>

#include "base/text.h"
#include "identify/evidence.h"
#include "identify/probe.h"

static void decided(struct talk *t, const char *protocol, enum confidence confidence)
{
        if (confidence < t->id->confidence)
                return;
        t->id->protocol = protocol;
        t->id->confidence = confidence;
        if (t->id->encryption == ENCRYPTION_UNKNOWN)
                t->id->encryption = t->tls ? ENCRYPTION_TLS : ENCRYPTION_NONE;
}

void talk_confirm(struct talk *t, const char *protocol)
{
        decided(t, protocol, CONFIDENCE_CONFIRMED);
}

void talk_likely(struct talk *t, const char *protocol)
{
        decided(t, protocol, CONFIDENCE_LIKELY);
}

static const char *taken(struct talk *t, const char *text, size_t len)
{
        _cleanup_str_ struct str copy = {0}, safe = {0};

        while (len && isspace((unsigned char)*text)) {
                text++;
                len--;
        }
        len = len < IDENTITY_TEXT_MAX ? len : IDENTITY_TEXT_MAX;
        while (len && (isspace((unsigned char)text[len - 1]) || !text[len - 1]))
                len--;
        str_add_n(&copy, text, len);
        for (size_t i = 0; i < copy.len; i++)
                if (!copy.text[i])
                        copy.text[i] = ' ';
        text_add_printable(&safe, str_text(&copy));
        return safe.len ? pool_intern_n(t->pool, safe.text, safe.len) : NULL;
}

static void take(struct talk *t, const char **where, const char *text, size_t len)
{
        if (!*where && text && len)
                *where = taken(t, text, len);
}

void talk_product(struct talk *t, const char *text, size_t len)
{
        take(t, &t->id->product, text, len);
}

void talk_version(struct talk *t, const char *text, size_t len)
{
        take(t, &t->id->version, text, len);
}

void talk_hostname(struct talk *t, const char *text, size_t len)
{
        take(t, &t->id->hostname, text, len);
}

void talk_detail(struct talk *t, const char *key, const char *text, size_t len)
{
        struct identity *id = t->id;
        const char *value = NULL;

        if (identity_detail(id, key) || id->n_details == IDENTITY_DETAILS_MAX)
                return;
        take(t, &value, text, len);
        if (value)
                id->details[id->n_details++] = (struct identity_detail){key, value};
}

void talk_detail_u64(struct talk *t, const char *key, uint64_t value)
{
        _cleanup_str_ struct str text = {0};

        str_add_u64(&text, value);
        talk_detail(t, key, text.text, text.len);
}

void talk_flag(struct talk *t, enum identity_flag flag)
{
        t->id->flags |= flag;
}

/* NISTIR 7695, 6.2.2.3: letters, digits, '_', '-' and '.' stand for themselves ('-' and '.' may), others are quoted */
static void add_cpe_part(struct str *to, const char *text)
{
        if (!text || !*text) {
                str_add_char(to, '*');
                return;
        }
        if (streq(text, "-")) {
                str_add(to, "\\-");
                return;
        }
        for (; *text; text++) {
                unsigned char c = (unsigned char)*text;

                if (!isalnum(c) && !strchr("_-.", c))
                        str_add_char(to, '\\');
                str_add_char(to, (char)tolower(c));
        }
}

void talk_cpe(struct talk *t, const char *vendor, const char *product)
{
        _cleanup_str_ struct str cpe = {0};
        const char *version = t->id->version;

        if (t->id->cpe)
                return;
        for (const char *c = version; c && *c;
             c++) /* only what is one word of ASCII is a version for certain */
                if (!isgraph((unsigned char)*c))
                        version = NULL;
        str_add(&cpe, "cpe:2.3:a:");
        add_cpe_part(&cpe, vendor);
        str_add_char(&cpe, ':');
        add_cpe_part(&cpe, product);
        str_add_char(&cpe, ':');
        add_cpe_part(&cpe, version);
        str_add(&cpe, ":*:*:*:*:*:*:*");
        t->id->cpe = pool_intern_n(t->pool, cpe.text, cpe.len);
}

void talk_evidence(struct talk *t, const void *data, size_t len)
{
        _cleanup_str_ struct str text = {0};

        if (t->id->evidence || !len)
                return;
        evidence_add(&text, data, len);
        t->id->evidence = pool_intern_n(t->pool, text.text, text.len);
}

void talk_encryption(struct talk *t, enum encryption encryption)
{
        t->id->encryption = encryption;
}

/* --- bytes to be sent ---------------------------------------------------------------------------------- */

void talk_send_bytes(struct talk *t, const void *data, size_t len)
{
        str_add_n(&t->out, data, len);
}

void talk_send_u8(struct talk *t, uint8_t v)
{
        talk_send_bytes(t, &v, 1);
}

void talk_send_be16(struct talk *t, uint16_t v)
{
        talk_send_bytes(t, (uint8_t[]){(uint8_t)(v >> 8), (uint8_t)v}, 2);
}

void talk_send_be32(struct talk *t, uint32_t v)
{
        talk_send_be16(t, (uint16_t)(v >> 16));
        talk_send_be16(t, (uint16_t)v);
}

void talk_send_le16(struct talk *t, uint16_t v)
{
        talk_send_bytes(t, (uint8_t[]){(uint8_t)v, (uint8_t)(v >> 8)}, 2);
}

void talk_send_le32(struct talk *t, uint32_t v)
{
        talk_send_le16(t, (uint16_t)v);
        talk_send_le16(t, (uint16_t)(v >> 16));
}

static unsigned digit(char c)
{
        return (unsigned)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
}

void talk_send_hex(struct talk *t, const char *hex)
{
        for (; *hex; hex++)
                if (isxdigit((unsigned char)*hex) && isxdigit((unsigned char)hex[1])) {
                        talk_send_u8(t, (uint8_t)(digit(*hex) << 4 | digit(hex[1])));
                        hex++;
                }
}
