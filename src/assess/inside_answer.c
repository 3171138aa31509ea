/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "assess/inside_answer.h"

#include "base/str.h"

static bool in_own_netns(const struct inside *view, uint32_t netns)
{
        return netns < view->netns.n && view->netns.at[netns].own;
}

/* Whether a socket bound there takes what is sent to that address (ipv6(7): IPV6_V6ONLY). */
static bool takes(const struct socket_seen *s, const struct address *address)
{
        struct address bound = address_unmapped(&s->address), asked = address_unmapped(address);

        if (address_is_any(&s->address))
                return s->address.family == asked.family || (s->address.family == 6 && !s->v6only);
        return address_compare(&bound, &asked) == 0;
}

static bool forwards(const struct forward *f, enum transport transport, const struct address *address, uint16_t port)
{
        uint16_t last = f->port_last > f->port ? f->port_last : f->port;

        return f->transport == transport && port >= f->port && port <= last &&
               (!f->address.family || address_compare(&f->address, address) == 0);
}

static bool saw_all_sockets(const struct inside *view)
{
        vec_foreach (gap, &view->gaps)
                if (gap->incomplete && streq(gap->source, "sockets"))
                        return false;
        return true;
}

enum inside_answer inside_answer(const struct inside *view, enum transport transport,
                                 const struct address *address, uint16_t port)
{
        bool certain = saw_all_sockets(view);

        vec_foreach (s, &view->sockets) {
                if (s->transport != transport || s->port != port || !in_own_netns(view, s->netns) ||
                    !takes(s, address))
                        continue;
                if (!s->ifindex)
                        return INSIDE_LISTENS;
                certain = false;
        }
        vec_foreach (f, &view->forwards)
                if (in_own_netns(view, f->netns) && forwards(f, transport, address, port))
                        certain = false;
        return certain ? INSIDE_NOTHING : INSIDE_UNKNOWN;
}
