/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "identify/ber.h"

/* X.690, 8.1.3. False when it is not definite, or of more than four bytes. */
static bool read_length(struct wire *w, size_t *ret)
{
        uint8_t first = wire_u8(w);

        *ret = first;
        if (first < 0x80)
                return !w->bad;
        if (first == 0x80 || first > 0x84)
                return false;
        for (*ret = 0; first > 0x80; first--)
                *ret = *ret << 8 | wire_u8(w);
        return !w->bad;
}

bool ber_next(struct wire *w, struct ber *ret)
{
        size_t len;

        *ret = (struct ber){0};
        if (w->bad || !wire_left(w))
                return false;
        ret->tag = wire_u8(w);
        if ((ret->tag & 0x1f) == 0x1f || !read_length(w, &len)) {
                w->bad = true;
                return false;
        }
        ret->body = wire_sub(w, len);
        return !w->bad;
}

struct wire ber_expect(struct wire *w, uint8_t tag)
{
        struct ber element;

        if (ber_next(w, &element) && element.tag == tag)
                return element.body;
        w->bad = true;
        return (struct wire){.bad = true};
}

bool ber_integer(const struct ber *element, int64_t *ret)
{
        struct wire w = element->body;
        size_t len = wire_left(&w);
        uint64_t value;

        *ret = 0;
        if (w.bad || !len || len > 8)
                return false;
        value = *w.at & 0x80 ? UINT64_MAX : 0;
        while (wire_left(&w))
                value = value << 8 | wire_u8(&w);
        *ret = (int64_t)value;
        return true;
}

size_t ber_whole(const uint8_t *data, size_t len)
{
        struct wire w = wire_over(data, len);
        uint8_t tag = wire_u8(&w);
        size_t body;

        if (len && (tag & 0x1f) == 0x1f)
                return SIZE_MAX;
        if (!read_length(&w, &body))
                return w.bad ? 0 : SIZE_MAX;
        return len - wire_left(&w) + body;
}

void ber_add(struct str *to, uint8_t tag, const void *data, size_t len)
{
        str_add_char(to, (char)tag);
        if (len >= 0x100) {
                str_add_char(to, (char)0x82);
                str_add_char(to, (char)(len >> 8));
        } else if (len >= 0x80) {
                str_add_char(to, (char)0x81);
        }
        str_add_char(to, (char)len);
        str_add_n(to, data, len);
}

void ber_add_integer(struct str *to, uint8_t tag, int64_t value)
{
        uint8_t bytes[8];
        size_t n = 0;

        for (int shift = 56; shift >= 0; shift -= 8) {
                uint8_t byte = (uint8_t)((uint64_t)value >> shift);
                bool sign = shift && !n && (byte == 0x00 || byte == 0xff) &&
                        (((uint64_t)value >> (shift - 8) & 0x80) != 0) == (byte == 0xff);

                if (!sign)
                        bytes[n++] = byte;
        }
        ber_add(to, tag, bytes, n);
}
