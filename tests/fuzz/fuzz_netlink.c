/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel answers to a dump of sockets, links, addresses, routes or rules. The number of the dump is that of the first message. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "collect/firewall_notices.h"
#include "collect/interfaces.h"
#include "base/netlink.h"
#include "collect/routes.h"
#include "collect/sock_diag.h"
#include "fuzz.h"

#define LARGEST_ERRNO 4095

static void check_address(const struct address *address)
{
        if (address->family != 4 && address->family != 6)
                abort();
}

/* To its own network it is the way, or no certain one. */
static void check_way_out(struct route *route)
{
        struct routes routes = {.routes = {.at = route, .n = 1, .room = 1}};
        uint32_t out;

        check_address(&route->to);
        if (route->prefix_len > (route->to.family == 4 ? 32 : 128))
                abort();
        out = routes_way_out(&routes, &route->to);
        if (out && (out != route->ifindex || route->unclear))
                abort();
}

/* Every message is tried as every kind, so that one seed serves all parsers. */
static void each(uint16_t type, struct wire payload, void *arg)
{
        struct interface_seen seen;
        struct socket_seen s;
        struct route route;
        struct route_rule rule;
        size_t *n = arg;

        *n += 1;
        if (sock_diag_parse(payload, TRANSPORT_UDP, &s)) {
                check_address(&s.address);
                if (s.transport != TRANSPORT_UDP || s.n_owners || s.unit != NONE)
                        abort();
        }
        if (interfaces_parse_link(payload, &seen) &&
            (!memchr(seen.device, '\0', sizeof(seen.device)) || seen.address.family))
                abort();
        if (interfaces_parse_address(payload, &seen)) {
                check_address(&seen.address);
                if (seen.device[0])
                        abort();
        }
        if (routes_parse_route(payload, &route))
                check_way_out(&route);
        if (routes_parse_rule(payload, &rule) && ((rule.family != 4 && rule.family != 6) || rule.suppressed < -1))
                abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct wire w = wire_over(data, size);
        bool interrupted = false;
        size_t n = 0;
        int r;

        wire_skip(&w, 8);
        r = netlink_parse(data, size, wire_u32(&w), each, &n, &interrupted);
        if (r > 1 || r < -LARGEST_ERRNO || n > size / 16)
                abort();
        if (!size && firewall_notice_matters(data, size))
                abort();
        (void)firewall_notice_matters(data, size);
        return 0;
}
