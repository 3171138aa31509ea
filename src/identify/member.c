/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "identify/member.h"

#include <string.h>

static bool blank(char c)
{
        return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool value_at(const char *at, const char *end, struct line *ret)
{
        const char *start;

        while (at < end && blank(*at))
                at++;
        if (at == end || *at++ != ':')
                return false;
        while (at < end && blank(*at))
                at++;
        if (at == end || *at == '{' || *at == '[')
                return false;
        if (*at == '"') {
                for (start = ++at; at < end && *at != '"'; at++)
                        if (*at == '\\' && end - at > 1)
                                at++;
                *ret = (struct line){start, (size_t)(at - start)};
                return at < end;
        }
        for (start = at; at < end && !blank(*at) && !strchr(",}]", *at);)
                at++;
        *ret = (struct line){start, (size_t)(at - start)};
        return ret->len > 0;
}

bool member_find(const void *json, size_t len, const char *name, struct line *ret)
{
        const char *at = json, *end = at + len;
        size_t n = strlen(name);

        while (len && (at = memchr(at, '"', (size_t)(end - at)))) {
                at++;
                if ((size_t)(end - at) > n && memcmp(at, name, n) == 0 && at[n] == '"' &&
                    value_at(at + n + 1, end, ret))
                        return true;
        }
        return false;
}

bool member_true(const void *json, size_t len, const char *name)
{
        struct line value;

        return member_find(json, len, name, &value) && value.len == 4 && line_starts(&value, "true");
}

static uint64_t varint(struct wire *w)
{
        uint64_t value = 0;

        for (unsigned shift = 0; shift < 64; shift += 7) {
                uint8_t byte = wire_u8(w);

                value |= (uint64_t)(byte & 0x7f) << shift;
                if (!(byte & 0x80))
                        return value;
        }
        w->bad = true;
        return 0;
}

bool field_next(struct wire *w, struct field *ret)
{
        uint64_t key;

        *ret = (struct field){0};
        if (w->bad || !wire_left(w))
                return false;
        key = varint(w);
        ret->number = (uint32_t)(key >> 3);
        switch (key & 7) {
        case 0:
                ret->value = varint(w);
                break;
        case 1:
                wire_skip(w, 8);
                break;
        case 2:
                ret->bytes = true;
                ret->body = wire_sub(w, varint(w));
                w->bad |= ret->body.bad;
                break;
        case 5:
                wire_skip(w, 4);
                break;
        default:
                w->bad = true;
        }
        return !w->bad;
}
