/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/port_set.h"

#include "base/mem.h"

void port_set_add_range(struct port_set *s, uint16_t first, uint16_t last)
{
        for (unsigned port = first; port <= last; port++)
                port_set_add(s, (uint16_t)port);
}

void port_set_subtract(struct port_set *s, const struct port_set *taken)
{
        for (size_t i = 0; i < array_len(s->bits); i++)
                s->bits[i] &= ~taken->bits[i];
}

unsigned port_set_count(const struct port_set *s)
{
        unsigned n = 0;

        for (size_t i = 0; i < array_len(s->bits); i++)
                n += (unsigned)__builtin_popcountll(s->bits[i]);
        return n;
}

unsigned port_set_list(const struct port_set *s, uint16_t *to)
{
        unsigned n = 0;

        for (unsigned i = 0; i < array_len(s->bits); i++)
                for (uint64_t word = s->bits[i]; word; word &= word - 1)
                        to[n++] = (uint16_t)(i * 64 + (unsigned)__builtin_ctzll(word));
        return n;
}

int port_set_next(const struct port_set *s, unsigned from)
{
        for (unsigned i = from / 64; i < array_len(s->bits); i++) {
                uint64_t word = s->bits[i];

                if (i == from / 64)
                        word &= UINT64_MAX << from % 64;
                if (word)
                        return (int)(i * 64 + (unsigned)__builtin_ctzll(word));
        }
        return -1;
}

void port_set_format(const struct port_set *s, struct str *to)
{
        const char *comma = "";

        for (int first = port_set_next(s, 0); first >= 0;) {
                int last = first;

                while (last < UINT16_MAX && port_set_has(s, (uint16_t)(last + 1)))
                        last++;
                str_addf(to, first == last ? "%s%d" : "%s%d-%d", comma, first, last);
                comma = ",";
                first = port_set_next(s, (unsigned)last + 1);
        }
}
