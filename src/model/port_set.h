/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A set of port numbers (0-65535; 0 is never asked for) as a bitmap: 8 KiB. Zero bytes are the empty set. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct port_set {
        uint64_t bits[1024];
};

static inline bool port_set_has(const struct port_set *s, uint16_t port)
{
        return s->bits[port >> 6] >> (port & 63) & 1;
}

static inline void port_set_add(struct port_set *s, uint16_t port)
{
        s->bits[port >> 6] |= (uint64_t)1 << (port & 63);
}

static inline void port_set_remove(struct port_set *s, uint16_t port)
{
        s->bits[port >> 6] &= ~((uint64_t)1 << (port & 63));
}

void port_set_add_range(struct port_set *s, uint16_t first, uint16_t last); /* inclusive */
void port_set_subtract(struct port_set *s, const struct port_set *taken);
unsigned port_set_count(const struct port_set *s);
/* The first port of the set that is not below `from`, or -1. */
int port_set_next(const struct port_set *s, unsigned from);
/* The ports in order into `to` (room for port_set_count). How many. */
unsigned port_set_list(const struct port_set *s, uint16_t *to);
/* "22,80,8000-8010"; "" for the empty set. */
void port_set_format(const struct port_set *s, struct str *to);
