/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "assess/neighbours.h"

#include "base/str.h"

static void add_unit_port(struct unit_ports *ports, const struct listener *l)
{
        size_t kept = ports->n < UNIT_PORTS_MAX ? ports->n : UNIT_PORTS_MAX;

        for (size_t i = 0; i < kept; i++)
                if (ports->at[i].transport == l->transport && ports->at[i].port == l->port)
                        return;
        if (kept < UNIT_PORTS_MAX) {
                ports->at[kept].transport = l->transport;
                ports->at[kept].port = l->port;
        }
        ports->n++;
}

struct neighbours *neighbours_new(const struct assessment *a)
{
        struct neighbours *n = xcalloc(1, sizeof(*n));

        n->view = a->view;
        n->by_service = xcalloc(a->view->services.n, sizeof(*n->by_service));
        vec_foreach(l, &a->listeners) {
                if (l->netns->kind == NETNS_HOST)
                        n->served[l->transport][l->port / 8] |= (uint8_t)(1u << l->port % 8);
                if (l->unit)
                        add_unit_port(&n->by_service[l->unit - a->view->services.at], l);
        }
        return n;
}

struct neighbours *neighbours_free(struct neighbours *n)
{
        if (n)
                free(n->by_service);
        free(n);
        return NULL;
}

bool neighbours_serve(const struct neighbours *n, const char *port)
{
        const char *slash = port ? strchr(port, '/') : NULL;
        enum transport transport = slash ? transport_parse(slash + 1) : TRANSPORT_MAX;
        uint64_t number;

        if (transport == TRANSPORT_MAX)
                return false;
        _cleanup_free_ char *digits = xstrndup(port, (size_t)(slash - port));
        return str_to_u64(digits, UINT16_MAX, &number) == 0 &&
               (n->served[transport][number / 8] >> number % 8 & 1);
}

const char *neighbours_of_unit(const struct neighbours *n, struct pool *pool, const struct listener *l)
{
        const struct unit_ports *ports = l->unit ? &n->by_service[l->unit - n->view->services.at] : NULL;
        _cleanup_str_ struct str s = {0};

        for (size_t i = 0; ports && i < ports->n; i++) {
                if (i == UNIT_PORTS_MAX) {
                        str_add(&s, " and more");
                        break;
                }
                if (ports->at[i].port != l->port) /* 53/udp beside 53/tcp is the same service */
                        str_addf(&s, "%s%u/%s", s.len ? ", " : "", ports->at[i].port,
                                 transport_name(ports->at[i].transport));
        }
        return s.len ? pool_intern(pool, s.text) : NULL;
}
