/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "identify/http2.h"

#define FRAME_MAX 65536u
#define TEXT_MAX  16384u /* of all fields together */

bool http2_next(struct wire *w, struct http2_frame *ret)
{
        struct wire at = *w;
        uint32_t len = (uint32_t)wire_be16(&at) << 8 | wire_u8(&at);

        ret->type = wire_u8(&at);
        ret->flags = wire_u8(&at);
        ret->stream = wire_be32(&at) & 0x7fffffff;
        if (!at.bad && len > FRAME_MAX)
                w->bad = true;
        if (at.bad || wire_left(&at) < len || w->bad)
                return false;
        ret->body = wire_sub(&at, len);
        *w = at;
        return true;
}

bool http2_is_settings(const uint8_t *data, size_t len)
{
        struct wire w = wire_over(data, len);
        uint32_t size = (uint32_t)wire_be16(&w) << 8 | wire_u8(&w);

        if (wire_u8(&w) != HTTP2_SETTINGS || wire_u8(&w) != 0 || wire_be32(&w) != 0)
                return false;
        if (w.bad || size % 6 || size > 96)
                return false;
        for (size_t n = size < wire_left(&w) ? size / 6 : wire_left(&w) / 6; n; n--) {
                uint16_t id = wire_be16(&w);

                if (!id || (id > 16 && id != 0xfe03 &&
                            (id & 0x0f0f) != 0x0a0a)) /* registered, gRPC's own, reserved (RFC 8701) */
                        return false;
                wire_skip(&w, 4);
        }
        return true;
}

static void add_literal(struct str *to, uint8_t name, const char *value)
{
        size_t len = strlen(value);

        str_add_char(to, (char)name); /* literal without indexing, name of the static table */
        str_add_char(to, (char)(len < 127 ? len : 126));
        str_add_n(to, value, len < 127 ? len : 126);
}

void http2_request(struct str *to, bool tls, const char *authority, const char *path)
{
        static const char begin[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0";
        _cleanup_str_ struct str block = {0};

        str_add_char(&block, (char)0x82);                /* :method GET */
        str_add_char(&block, (char)(tls ? 0x87 : 0x86)); /* :scheme */
        add_literal(&block, 4, path);
        add_literal(&block, 1, authority);
        str_add_n(&block, "\x0f\x2b\x0aquaymaster", 13); /* user-agent: 58 = 15 + 43 */
        str_add_n(&block, "\x0f\x04\x03*/*", 6);         /* accept: 19 = 15 + 4 */
        str_add_n(to, begin, sizeof(begin) - 1);
        str_add_n(to,
                  (char[]){(char)(block.len >> 16), (char)(block.len >> 8), (char)block.len, HTTP2_HEADERS,
                           HTTP2_END_STREAM | HTTP2_END_HEADERS, 0, 0, 0, 1},
                  9);
        str_add_n(to, block.text, block.len);
}

/* RFC 7541, 5.1 */
static uint32_t integer(struct wire *w, uint8_t first, unsigned bits)
{
        uint32_t max = (1u << bits) - 1, value = first & max;
        uint8_t more = 0x80;

        for (unsigned shift = 0; value >= max && more & 0x80; shift += 7) {
                if (shift > 14) {
                        w->bad = true;
                        return 0;
                }
                more = wire_u8(w);
                value += (uint32_t)(more & 0x7f) << shift;
        }
        return value;
}

/*
 * The Huffman code (RFC 7541, appendix B) is canonical: ordered by length, then by symbol. Symbols of
 * codes above 15 bits are
 * no text, so the lengths of the first 128 are enough.
 */
static bool huffman(struct wire *w, struct str *to)
{
        static const uint8_t lengths[128] = {
                13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28,
                30, 28, 28, 28, 28, 28, 28, 28, 28, 28, 6,  10, 10, 12, 13, 6,  8,  11, 10, 10, 8,  11,
                8,  6,  6,  6,  5,  5,  5,  6,  6,  6,  6,  6,  6,  6,  7,  8,  15, 6,  12, 10, 13, 6,
                7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,
                8,  7,  8,  13, 19, 13, 14, 6,  15, 5,  6,  5,  6,  5,  6,  6,  6,  5,  7,  7,  6,  6,
                6,  5,  6,  7,  6,  5,  5,  6,  7,  7,  7,  7,  7,  15, 11, 14, 13, 28,
        };
        uint32_t code = 0, first = 0;
        unsigned len = 0;

        while (wire_left(w)) {
                uint8_t byte = wire_u8(w);

                for (unsigned bit = 8; bit--;) {
                        unsigned nth, count = 0;

                        code = code << 1 | (byte >> bit & 1);
                        first <<= 1;
                        if (++len > 15)
                                return false;
                        nth = code - first;
                        for (unsigned s = 0; s < 128; s++) {
                                if (lengths[s] != len)
                                        continue;
                                if (count++ == nth && code >= first) {
                                        str_add_char(to, (char)s);
                                        code = first = 0;
                                        len = 0;
                                        break;
                                }
                        }
                        if (len)
                                first += count;
                }
        }
        return true;
}

static bool string(struct wire *w, struct str *to)
{
        uint8_t first = wire_u8(w);
        uint32_t len = integer(w, first, 7);
        struct wire s = wire_sub(w, len);

        if (w->bad)
                return false;
        if (first & 0x80)
                return huffman(&s, to);
        str_add_n(to, (const char *)s.at, wire_left(&s));
        return true;
}

static const char *static_name(uint32_t index)
{
        static const struct {
                uint8_t index;
                const char *name;
        } names[] = {
                {26, "Content-Encoding"},
                {28, "Content-Length"},
                {31, "Content-Type"},
                {33, "Date"},
                {46, "Location"},
                {48, "Proxy-Authenticate"},
                {54, "Server"},
                {55, "Set-Cookie"},
                {60, "Via"},
                {61, "WWW-Authenticate"},
        };

        for (size_t i = 0; i < array_len(names); i++)
                if (names[i].index == index)
                        return names[i].name;
        return NULL;
}

static void status(uint32_t index, struct str *to)
{
        static const char *const codes[] = {"200", "204", "206", "304", "400", "404", "500"};

        if (index >= 8 && index <= 14 && !to->len)
                str_addf(to, "HTTP/2.0 %s\r\n", codes[index - 8]);
}

/* A field may not break the lines it is put between. */
static bool is_one_line(const struct str *s)
{
        return !s->len || (!memchr(s->text, '\n', s->len) && !memchr(s->text, '\r', s->len));
}

static bool literal(struct wire *w, uint32_t index, struct str *to)
{
        _cleanup_str_ struct str name = {0}, value = {0};
        const char *known = static_name(index);

        if (!index && !string(w, &name))
                return false;
        if (!string(w, &value) || !is_one_line(&name) || !is_one_line(&value))
                return false;
        if (index >= 8 && index <= 14 && value.len == 3 && !to->len)
                str_addf(to, "HTTP/2.0 %s\r\n", str_text(&value));
        else if (to->len && (known || (!index && name.len)) && to->len + name.len + value.len < TEXT_MAX)
                str_addf(to, "%s: %s\r\n", known ? known : str_text(&name), str_text(&value));
        return true;
}

bool http2_fields(struct wire block, struct str *to)
{
        while (wire_left(&block)) {
                uint8_t first = wire_u8(&block);

                if (first & 0x80)
                        status(integer(&block, first, 7), to);
                else if ((first & 0xe0) == 0x20) /* size of the dynamic table */
                        (void)integer(&block, first, 5);
                else if (!literal(&block, integer(&block, first, first & 0x40 ? 6 : 4), to))
                        return false;
                if (block.bad)
                        return false;
        }
        str_add(to, "\r\n");
        return to->len > 2;
}

struct wire http2_content(const struct http2_frame *frame)
{
        struct wire body = frame->body;
        uint8_t padding = frame->flags & HTTP2_PADDED ? wire_u8(&body) : 0;

        if (frame->type == HTTP2_HEADERS && frame->flags & HTTP2_PRIORITY)
                wire_skip(&body, 5);
        if (padding > wire_left(&body))
                body.bad = true;
        return wire_sub(&body, body.bad ? 0 : wire_left(&body) - padding);
}
