/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What rules ask about the other listeners of the host; counted once, so that each finding may ask. */
#pragma once

#include "assess/assess.h"

#define UNIT_PORTS_MAX 8

struct unit_ports { /* of one service: different ports, in the order of the listeners; more are only counted */
        struct {
                enum transport transport;
                uint16_t port;
        } at[UNIT_PORTS_MAX];
        size_t n;
};

struct neighbours {
        const struct inside *view;
        struct unit_ports *by_service;                       /* by index of view->services */
        uint8_t served[TRANSPORT_MAX][(UINT16_MAX + 1) / 8]; /* a bit a port, of the host's own namespace */
};

struct neighbours *neighbours_new(const struct assessment *a);
struct neighbours *neighbours_free(struct neighbours *n); /* accepts NULL, returns NULL */

static inline void neighbours_freep(struct neighbours **n)
{
        *n = neighbours_free(*n);
}

/* "443/tcp" is listened on. False for NULL and other texts. */
bool neighbours_serve(const struct neighbours *n, const char *port);

/* "143/tcp, 993/tcp": what else the listener's unit listens on; NULL when nothing. In the pool. */
const char *neighbours_of_unit(const struct neighbours *n, struct pool *pool, const struct listener *l);
