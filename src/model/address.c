/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "base/mem.h"

static const char *const transport_names[] = {
        [TRANSPORT_TCP] = "tcp",   [TRANSPORT_UDP] = "udp", [TRANSPORT_UDPLITE] = "udplite",
        [TRANSPORT_SCTP] = "sctp", [TRANSPORT_RAW] = "raw",
};

const char *transport_name(enum transport transport)
{
        return transport_names[transport];
}

enum transport transport_parse(const char *word)
{
        enum transport t;

        for (t = 0; t < TRANSPORT_MAX; t++)
                if (strcmp(word, transport_names[t]) == 0)
                        break;
        return t;
}

struct address address_v4(const void *four_bytes)
{
        struct address a = {.family = 4};

        memcpy(a.bytes, four_bytes, 4);
        return a;
}

struct address address_v6(const void *sixteen_bytes)
{
        struct address a = {.family = 6};

        memcpy(a.bytes, sixteen_bytes, 16);
        return a;
}

const char *address_format(const struct address *a, char buf[ADDRESS_TEXT_SIZE])
{
        if (!a->family ||
            !inet_ntop(a->family == 4 ? AF_INET : AF_INET6, a->bytes, buf, ADDRESS_TEXT_SIZE))
                buf[0] = '\0';
        return buf;
}

int address_parse(const char *text, struct address *ret)
{
        uint8_t bytes[16];

        if (inet_pton(AF_INET, text, bytes) == 1)
                *ret = address_v4(bytes);
        else if (inet_pton(AF_INET6, text, bytes) == 1)
                *ret = address_v6(bytes);
        else
                return -EINVAL;
        return 0;
}

int address_compare(const struct address *a, const struct address *b)
{
        if (a->family != b->family)
                return a->family < b->family ? -1 : 1;
        return memcmp(a->bytes, b->bytes, sizeof(a->bytes));
}

bool address_is_any(const struct address *a)
{
        static const uint8_t zero[16];

        return memcmp(a->bytes, zero, sizeof(zero)) == 0;
}

struct prefix {
        uint8_t bytes[16];
        uint8_t bits;
};

static bool in_prefix(const uint8_t *bytes, const struct prefix *p)
{
        unsigned whole = p->bits / 8, rest = p->bits % 8;

        if (memcmp(bytes, p->bytes, whole) != 0)
                return false;
        return !rest || ((bytes[whole] ^ p->bytes[whole]) >> (8 - rest)) == 0;
}

struct address address_unmapped(const struct address *a)
{
        static const struct prefix mapped = {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, 96};

        if (a->family == 6 && in_prefix(a->bytes, &mapped))
                return address_v4(a->bytes + 12);
        return *a;
}

bool address_is_loopback(const struct address *a)
{
        static const struct prefix v6 = {{[15] = 1}, 128};
        struct address real = address_unmapped(a);

        return real.family == 4 ? real.bytes[0] == 127 : real.family == 6 && in_prefix(real.bytes, &v6);
}

bool address_is_link_local(const struct address *a)
{
        static const struct prefix v4 = {{169, 254}, 16}, v6 = {{0xfe, 0x80}, 10};
        struct address real = address_unmapped(a);

        return in_prefix(real.bytes, real.family == 4 ? &v4 : &v6);
}

bool address_is_multicast(const struct address *a)
{
        struct address real = address_unmapped(a);

        return real.family == 4 ? (real.bytes[0] & 0xf0) == 224 : real.bytes[0] == 0xff;
}

bool address_is_public(const struct address *a)
{
        /* IANA special-purpose registries, those that are not globally reachable (RFC 6890, RFC 8190) */
        static const struct prefix v4[] = {
                {{0}, 8},           {{10}, 8},         {{100, 64}, 10},    {{127}, 8},        {{169, 254}, 16},
                {{172, 16}, 12},    {{192, 0, 0}, 24}, {{192, 0, 2}, 24},  {{192, 168}, 16},  {{198, 18}, 15},
                {{198, 51, 100}, 24}, {{203, 0, 113}, 24}, {{224}, 4},     {{240}, 4},
        };
        /* Of IPv6 only 2000::/3 is handed out; these parts of it are not global. */
        static const struct prefix global = {{0x20}, 3};
        static const struct prefix v6[] = {
                {{0x20, 0x01, 0x0d, 0xb8}, 32}, {{0x20, 0x01, 0x00, 0x02}, 48}, {{0x3f, 0xff}, 20},
        };
        struct address real = address_unmapped(a);
        const struct prefix *list = real.family == 4 ? v4 : v6;
        size_t n = real.family == 4 ? array_len(v4) : array_len(v6);

        if (!real.family || (real.family == 6 && !in_prefix(real.bytes, &global)))
                return false;
        for (size_t i = 0; i < n; i++)
                if (in_prefix(real.bytes, &list[i]))
                        return false;
        return true;
}
