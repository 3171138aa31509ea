/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "identify/dns_message.h"

#include <arpa/inet.h>

#define NAME_MAX_BYTES 255u /* RFC 1035, 2.3.4 */

static void add_be16(struct str *to, uint16_t value)
{
        str_add_char(to, (char)(value >> 8));
        str_add_char(to, (char)value);
}

void dns_add_header(struct str *to, uint16_t id, uint16_t flags, uint16_t questions)
{
        add_be16(to, id);
        add_be16(to, flags);
        add_be16(to, questions);
        for (unsigned i = 0; i < 3; i++)
                add_be16(to, 0);
}

void dns_add_question(struct str *to, const char *name, uint16_t type, uint16_t class)
{
        while (*name) {
                size_t n = strcspn(name, ".");

                str_add_char(to, (char)n);
                str_add_n(to, name, n);
                name += n + (name[n] == '.');
        }
        str_add_char(to, '\0');
        add_be16(to, type);
        add_be16(to, class);
}

bool dns_add_reverse(struct str *to, const char *address)
{
        uint8_t b[16];

        if (inet_pton(AF_INET, address, b) == 1) {
                str_addf(to, "%u.%u.%u.%u.in-addr.arpa", b[3], b[2], b[1], b[0]);
                return true;
        }
        if (inet_pton(AF_INET6, address, b) != 1)
                return false;
        for (unsigned i = 16; i-- > 0;)
                str_addf(to, "%x.%x.", b[i] & 15, b[i] >> 4);
        str_add(to, "ip6.arpa");
        return true;
}

bool dns_read_header(struct wire *w, struct dns_header *ret)
{
        ret->id = wire_be16(w);
        ret->flags = wire_be16(w);
        ret->questions = wire_be16(w);
        ret->answers = wire_be16(w);
        ret->authorities = wire_be16(w);
        ret->additionals = wire_be16(w);
        return !w->bad;
}

bool dns_read_name(const uint8_t *message, struct wire *w, struct str *to)
{
        struct wire at = *w;
        size_t total = 0,
               limit = (size_t)(w->at - message); /* a pointer must lead before where the last one began */
        bool jumped = false;

        for (;;) {
                uint8_t n = wire_u8(&at);

                if (at.bad)
                        return false;
                if (n >= 0xc0) {
                        size_t target = (size_t)(n & 0x3f) << 8 | wire_u8(&at);

                        if (at.bad || target >= limit)
                                return false;
                        if (!jumped)
                                *w = at;
                        jumped = true;
                        limit = target;
                        at = wire_over(message + target, (size_t)(w->end - message) - target);
                        continue;
                }
                total += n + 1u;
                if (n > 63 || total > NAME_MAX_BYTES || wire_left(&at) < n)
                        return false;
                if (n && to && total > n + 1u)
                        str_add_char(to, '.');
                if (to)
                        str_add_n(to, (const char *)at.at, n);
                wire_skip(&at, n);
                if (!n)
                        break;
        }
        if (!jumped)
                *w = at;
        return true;
}

bool dns_skip_question(const uint8_t *message, struct wire *w)
{
        if (!dns_read_name(message, w, NULL))
                return false;
        wire_skip(w, 4);
        return !w->bad;
}

bool dns_read_record(const uint8_t *message, struct wire *w, struct str *name, struct dns_record *ret)
{
        if (!dns_read_name(message, w, name))
                return false;
        ret->type = wire_be16(w);
        ret->class = wire_be16(w);
        wire_skip(w, 4); /* TTL */
        ret->data = wire_sub(w, wire_be16(w));
        return !w->bad;
}
