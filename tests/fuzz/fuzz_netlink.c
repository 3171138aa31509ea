/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel answers to a dump of sockets, links or addresses. The number of the dump is that of the first message. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "collect/firewall_notices.h"
#include "collect/interfaces.h"
#include "base/netlink.h"
#include "collect/sock_diag.h"
#include "fuzz.h"

#define LARGEST_ERRNO 4095

static void check_address(const struct address *address)
{
        if (address->family != 4 && address->family != 6)
                abort();
}

/* Every message is tried as every kind, so that one seed serves three parsers. */
static void each(uint16_t type, struct wire payload, void *arg)
{
        struct interface_seen seen;
        struct socket_seen s;
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
