/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/wire.h"

#include <string.h>

struct wire wire_over(const void *data, size_t len)
{
        const uint8_t *p = data;

        return (struct wire){.at = p, .end = p ? p + len : p, .bad = false};
}

static const uint8_t *wire_take(struct wire *w, size_t len)
{
        const uint8_t *p = w->at;

        if (w->bad || wire_left(w) < len) {
                w->bad = true;
                w->at = w->end;
                return NULL;
        }
        w->at += len;
        return p;
}

void wire_bytes(struct wire *w, void *to, size_t len)
{
        const uint8_t *p = wire_take(w, len);

        if (!len)
                return;
        if (p)
                memcpy(to, p, len);
        else
                memset(to, 0, len);
}

void wire_skip(struct wire *w, size_t len)
{
        (void)wire_take(w, len);
}

struct wire wire_sub(struct wire *w, size_t len)
{
        const uint8_t *p = wire_take(w, len);

        return p ? wire_over(p, len) : (struct wire){.bad = true};
}

uint8_t wire_u8(struct wire *w)
{
        uint8_t v;

        wire_bytes(w, &v, sizeof(v));
        return v;
}

uint16_t wire_u16(struct wire *w)
{
        uint16_t v;

        wire_bytes(w, &v, sizeof(v));
        return v;
}

uint32_t wire_u32(struct wire *w)
{
        uint32_t v;

        wire_bytes(w, &v, sizeof(v));
        return v;
}

uint64_t wire_u64(struct wire *w)
{
        uint64_t v;

        wire_bytes(w, &v, sizeof(v));
        return v;
}

uint16_t wire_be16(struct wire *w)
{
        uint8_t b[2];

        wire_bytes(w, b, sizeof(b));
        return (uint16_t)(b[0] << 8 | b[1]);
}

uint32_t wire_be32(struct wire *w)
{
        uint8_t b[4];

        wire_bytes(w, b, sizeof(b));
        return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

uint16_t wire_le16(struct wire *w)
{
        return __builtin_bswap16(wire_be16(w));
}

uint32_t wire_le32(struct wire *w)
{
        return __builtin_bswap32(wire_be32(w));
}
