/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "scan/cookie.h"

static inline uint64_t rotate(uint64_t x, unsigned by)
{
        return x << by | x >> (64 - by);
}

static inline void sip_round(uint64_t v[4])
{
        v[0] += v[1], v[1] = rotate(v[1], 13) ^ v[0], v[0] = rotate(v[0], 32);
        v[2] += v[3], v[3] = rotate(v[3], 16) ^ v[2];
        v[0] += v[3], v[3] = rotate(v[3], 21) ^ v[0];
        v[2] += v[1], v[1] = rotate(v[1], 17) ^ v[2], v[2] = rotate(v[2], 32);
}

static inline void sip_take(uint64_t v[4], uint64_t word)
{
        v[3] ^= word;
        sip_round(v);
        sip_round(v);
        v[0] ^= word;
}

static inline uint64_t load(const uint8_t *bytes)
{
        uint64_t word = 0;

        for (unsigned i = 0; i < 8; i++)
                word |= (uint64_t)bytes[i] << 8 * i;
        return word;
}

uint32_t cookie_make(const struct cookie_key *key, const struct address *peer, uint16_t peer_port,
                     uint16_t own_port, uint32_t word)
{
        uint64_t v[4] = {
                key->k[0] ^ 0x736f6d6570736575, key->k[1] ^ 0x646f72616e646f6d,
                key->k[0] ^ 0x6c7967656e657261, key->k[1] ^ 0x7465646279746573,
        };

        sip_take(v, load(peer->bytes));
        if (peer->family == 6)
                sip_take(v, load(peer->bytes + 8));
        sip_take(v, (uint64_t)word << 32 | (uint64_t)peer_port << 16 | own_port);
        sip_take(v, (uint64_t)peer->family << 56); /* in the place of the length */
        v[2] ^= 0xff;
        for (unsigned i = 0; i < 4; i++)
                sip_round(v);
        return (uint32_t)(v[0] ^ v[1] ^ v[2] ^ v[3]);
}
