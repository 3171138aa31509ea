/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "knowledge/knowledge.h"

#include <strings.h>

#include "knowledge/builtin.h"

bool registry_find(enum transport transport, uint16_t port, struct registry_entry *ret)
{
        enum transport t = transport == TRANSPORT_UDPLITE ? TRANSPORT_UDP : transport;
        size_t start = registry_start[t], low = start, high = registry_start[t + 1];

        while (low < high) { /* ends with low = the first row behind port */
                size_t middle = low + (high - low) / 2;

                if (registry_rows[middle].first <= port)
                        low = middle + 1;
                else
                        high = middle;
        }
        if (low == start || registry_rows[low - 1].last < port)
                return false;
        for (low--; low > start && registry_rows[low - 1].first == registry_rows[low].first;)
                low--;
        *ret = (struct registry_entry){
                .name = registry_text + registry_rows[low].name,
                .description = registry_text + registry_rows[low].description,
        };
        return true;
}

const char *registry_range(uint16_t port)
{
        return port < 1024 ? "system" : port < 49152 ? "registered" : "dynamic";
}

const uint16_t *registry_top(enum transport transport, size_t *ret_n)
{
        *ret_n = transport == TRANSPORT_TCP   ? registry_n_top_tcp
                 : transport == TRANSPORT_UDP ? registry_n_top_udp
                                              : 0;
        return transport == TRANSPORT_TCP ? registry_top_tcp : transport == TRANSPORT_UDP ? registry_top_udp : NULL;
}

static const char *name_of(size_t i)
{
        return registry_text + registry_rows[registry_names[i]].name;
}

static enum transport transport_of(size_t row)
{
        enum transport t = 0;

        while (registry_start[t + 1] <= row)
                t++;
        return t;
}

void registry_by_name(const char *name, void (*each)(enum transport transport, uint16_t port, void *arg),
                      void *arg)
{
        size_t low = 0, high = registry_n_names;

        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (strcasecmp(name_of(middle), name) < 0)
                        low = middle + 1;
                else
                        high = middle;
        }
        for (; low < registry_n_names && strcasecmp(name_of(low), name) == 0; low++) {
                const struct registry_row *row = &registry_rows[registry_names[low]];

                for (unsigned port = row->first; port <= row->last; port++)
                        each(transport_of(registry_names[low]), (uint16_t)port, arg);
        }
}
