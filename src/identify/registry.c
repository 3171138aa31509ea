/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "identify/registry.h"

#define PROBE(name) extern const struct probe probe_##name;
#include "identify/registry.inc"
#undef PROBE

const struct probe *const probes[] = {
#define PROBE(name) &probe_##name,
#include "identify/registry.inc"
#undef PROBE
        NULL,
};
const size_t n_probes = array_len(probes) - 1;

const struct probe *probe_find(const char *name)
{
        for (const struct probe *const *p = probes; *p; p++)
                if (streq((*p)->name, name))
                        return *p;
        return NULL;
}

/* "22,2222,8000-8010": constants of ours, so nothing is checked here; tests/unit/test_probes.c does. */
bool probe_has_port(const struct probe *probe, enum transport transport, uint16_t port)
{
        const char *at = transport == TRANSPORT_UDP ? probe->udp_ports : probe->tcp_ports;
        unsigned first = 0, number = 0;

        for (; at; at++) {
                if (*at >= '0' && *at <= '9') {
                        number = number * 10 + (unsigned)(*at - '0');
                } else if (*at == '-') {
                        first = number;
                        number = 0;
                } else {
                        if (port == number || (first && port >= first && port <= number))
                                return true;
                        first = number = 0;
                        if (!*at)
                                return false;
                }
        }
        return false;
}
