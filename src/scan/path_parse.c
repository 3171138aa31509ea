/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "scan/path_parse.h"

#include <linux/if_addr.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "base/netlink.h"

static bool read_address(struct wire *value, unsigned family, struct address *ret)
{
        uint8_t bytes[16];
        size_t size = family == AF_INET ? 4 : 16;

        if (wire_left(value) != size)
                return false;
        wire_bytes(value, bytes, size);
        *ret = family == AF_INET ? address_v4(bytes) : address_v6(bytes);
        return true;
}

static bool read_mac(struct wire *value, uint8_t mac[6])
{
        if (wire_left(value) != 6)
                return false;
        wire_bytes(value, mac, 6);
        return true;
}

/* struct ifinfomsg */
bool path_parse_link(struct wire w, struct path_link *ret)
{
        struct path_link link = {0};
        struct wire value;
        uint16_t type;

        wire_skip(&w, 2);
        link.type = wire_u16(&w);
        link.ifindex = wire_u32(&w);
        link.flags = wire_u32(&w);
        wire_skip(&w, 4);
        if (w.bad)
                return false;
        while (netlink_attribute(&w, &type, &value)) {
                size_t len = wire_left(&value);

                if (type == IFLA_IFNAME && len && len <= sizeof(link.device)) {
                        wire_bytes(&value, link.device, len);
                        link.device[sizeof(link.device) - 1] = '\0';
                } else if (type == IFLA_ADDRESS) {
                        link.has_mac = read_mac(&value, link.mac);
                } else if (type == IFLA_MTU) {
                        link.mtu = wire_u32(&value);
                }
        }
        *ret = link;
        return true;
}

/* struct rtvia: the gateway may be of the other family (RFC 5549) */
static void read_via(struct wire *value, struct address *ret)
{
        unsigned family = wire_u16(value);

        (void)read_address(value, family, ret);
}

/* struct rtmsg */
bool path_parse_route(struct wire w, struct path_route *ret)
{
        struct path_route route = {0};
        uint8_t family = wire_u8(&w);
        struct wire value;
        uint16_t type;

        wire_skip(&w, 6); /* lengths, service, table, protocol, scope */
        route.type = wire_u8(&w);
        wire_skip(&w, 4);
        if (w.bad || (family != AF_INET && family != AF_INET6))
                return false;
        while (netlink_attribute(&w, &type, &value)) {
                if (type == RTA_OIF)
                        route.ifindex = wire_u32(&value);
                else if (type == RTA_PREFSRC)
                        (void)read_address(&value, family, &route.source);
                else if (type == RTA_GATEWAY)
                        (void)read_address(&value, family, &route.gateway);
                else if (type == RTA_VIA)
                        read_via(&value, &route.gateway);
        }
        *ret = route;
        return true;
}

/* struct ndmsg */
bool path_parse_neighbour(struct wire w, struct path_neighbour *ret)
{
        struct path_neighbour neighbour = {0};
        struct wire value;
        uint16_t type;

        wire_skip(&w, 8); /* family, padding, interface */
        neighbour.state = wire_u16(&w);
        wire_skip(&w, 2);
        if (w.bad)
                return false;
        while (netlink_attribute(&w, &type, &value))
                if (type == NDA_LLADDR)
                        neighbour.has_mac = read_mac(&value, neighbour.mac);
        *ret = neighbour;
        return true;
}

/* struct ifaddrmsg */
bool path_parse_own(struct wire w, struct path_own *ret)
{
        struct path_own own = {0};
        uint8_t family = wire_u8(&w);
        struct wire value;
        uint16_t type;

        own.prefix_len = wire_u8(&w);
        wire_skip(&w, 6); /* flags, scope, interface */
        if (w.bad || (family != AF_INET && family != AF_INET6))
                return false;
        while (netlink_attribute(&w, &type, &value)) {
                /* On point-to-point links IFA_ADDRESS is the peer and IFA_LOCAL ours; elsewhere equal. */
                if (type == IFA_LOCAL || (type == IFA_ADDRESS && !own.address.family))
                        (void)read_address(&value, family, &own.address);
                else if (type == IFA_BROADCAST)
                        (void)read_address(&value, family, &own.broadcast);
        }
        if (!own.address.family)
                return false;
        *ret = own;
        return true;
}
