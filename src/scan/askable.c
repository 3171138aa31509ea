/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "scan/askable.h"

#include "base/str.h"
#include "gate/gate.h"

/* Move `taken` from what is asked to what is left out. */
static void take_out(struct askable *a, enum transport t, const struct port_set *taken)
{
        for (size_t i = 0; i < array_len(taken->bits); i++) {
                uint64_t both = a->ports.of[t].bits[i] & taken->bits[i];

                a->ports.of[t].bits[i] ^= both;
                a->left_out.of[t].bits[i] |= both;
                a->narrowed |= both != 0;
        }
}

/* A datagram is a payload. */
static void take_out_printing(struct askable *a)
{
        struct port_set *udp = &a->ports.of[TRANSPORT_UDP], *left_out = &a->left_out.of[TRANSPORT_UDP];

        for (unsigned port = 9100; port <= 9107; port++)
                if (port_set_has(udp, (uint16_t)port) && !gate_payload_allowed((uint16_t)port, a->class)) {
                        port_set_remove(udp, (uint16_t)port);
                        port_set_add(left_out, (uint16_t)port);
                        a->narrowed = true;
                }
}

void scan_askable(const struct scan_ports *asked, const struct estate *estate, const struct address *address,
                  struct askable *ret)
{
        static const struct port_set all = {.bits = {[0 ... 1023] = UINT64_MAX}};

        *ret = (struct askable){.ports = *asked};
        if (estate) {
                ret->class = estate_class(estate, address);
                ret->limits = estate_limits(estate, address);
        }
        for (enum transport t = TRANSPORT_TCP; t <= TRANSPORT_UDP; t++)
                if (ret->limits.forbidden[t])
                        take_out(ret, t, ret->limits.forbidden[t]);
        if (ret->limits.no_udp)
                take_out(ret, TRANSPORT_UDP, &all);
        take_out_printing(ret);
}
