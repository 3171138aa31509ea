/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How to reach an address from here, as the kernel says (rtnetlink(7)): interface, source address, next
 * hop; and the hardware addresses of neighbours.
 */
#pragma once

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "model/address.h"
#include "model/range.h"

struct path {
        uint32_t ifindex;
        char device[IFNAMSIZ];
        uint16_t link_type;      /* ARPHRD_* (linux/if_arp.h) */
        bool link_has_addresses; /* Ethernet and the like: frames need a destination MAC */
        bool loopback; /* lo: frames go to 00:00:00:00:00:00; also for this machine's own addresses */
        bool on_link;  /* no gateway: the host itself is the neighbour */
        uint8_t own_mac[6];
        uint32_t mtu;
        struct address source;
        struct address gateway; /* family 0 when on_link */
};

struct paths; /* a table of them, each kept once */

/* Opens the netlink sockets it needs. 0 or negative errno. */
int paths_open(struct paths **ret, struct err *err);
struct paths *paths_free(struct paths *p);
static inline void paths_freep(struct paths **p)
{
        *p = paths_free(*p);
}

/*
 * The path to an address (RTM_GETROUTE); zone_index is the interface for a link-local one. The result lives
 * as long as the table and is the same pointer for equal paths. -ENETUNREACH when there is no route (also
 * unreachable, blackhole, prohibit), other negative errno. About 10 us; the caller keeps the answer per
 * host or per range.
 */
int paths_find(struct paths *p, const struct address *to, uint32_t zone_index, const struct path **ret,
               struct err *err);
/*
 * What the kernel's neighbour table says of the next hop on that path: false when it does not know (or only
 * a stale guess).
 */
bool paths_neighbour(struct paths *p, const struct path *path, const struct address *next_hop,
                     uint8_t mac[6]);
/*
 * Whether links, addresses or routes changed since the last call (a notification came): paths must then be
 * asked for anew. Never blocks. paths_fd is for poll(2).
 */
bool paths_changed(struct paths *p);
int paths_fd(const struct paths *p);
/* Whether the interface of a path is still there and up (one ioctl or netlink request). */
bool paths_usable(struct paths *p, const struct path *path);

/*
 * This machine's own addresses, and the broadcast addresses of its IPv4 interfaces, in the caller's
 * namespace. Both normalized.
 */
int paths_own_addresses(struct range_set *own, struct range_set *broadcast, struct err *err);
