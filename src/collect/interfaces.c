/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/interfaces.h"

#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/socket.h>

#include "base/fd.h"
#include "base/map.h"
#include "base/netlink.h"
#include "base/str.h"

struct dump {
        uint32_t netns;
        struct interface_list *list;
};

/* IFLA_XDP, a nest whose IFLA_XDP_ATTACHED says how one is attached, 0 = none (if_link.h). */
static bool has_xdp(struct wire nest)
{
        struct wire value;
        uint16_t type;

        while (netlink_attribute(&nest, &type, &value))
                if (type == IFLA_XDP_ATTACHED)
                        return wire_u8(&value) != XDP_ATTACHED_NONE;
        return false;
}

/* IFLA_LINKINFO, a nest whose IFLA_INFO_SLAVE_KIND names what it is a part of; those of a VRF stay what they are. */
static bool is_part(struct wire nest)
{
        static const char *const kinds[] = {"bridge", "bond", "team"};
        struct wire value;
        uint16_t type;

        while (netlink_attribute(&nest, &type, &value)) {
                char kind[16] = "";
                size_t len = wire_left(&value);

                if (type != IFLA_INFO_SLAVE_KIND || len >= sizeof(kind))
                        continue;
                wire_bytes(&value, kind, len);
                for (size_t i = 0; i < array_len(kinds); i++)
                        if (streq(kind, kinds[i]))
                                return true;
        }
        return false;
}

bool interfaces_parse_link(struct wire w, struct interface_seen *ret)
{
        struct interface_seen seen = {0};
        struct wire value;
        uint32_t flags;
        uint16_t type;

        wire_skip(&w, 4); /* struct ifinfomsg: family, padding, type */
        seen.ifindex = wire_u32(&w);
        flags = wire_u32(&w);
        wire_skip(&w, 4);
        if (w.bad)
                return false;
        seen.up = flags & IFF_UP;
        while (netlink_attribute(&w, &type, &value)) {
                size_t len = wire_left(&value);

                if (type == IFLA_IFNAME && len && len <= sizeof(seen.device)) {
                        wire_bytes(&value, seen.device, len);
                        seen.device[sizeof(seen.device) - 1] = '\0';
                } else if (type == IFLA_LINKINFO) {
                        seen.part = is_part(value);
                } else if (type == IFLA_XDP) {
                        seen.xdp = has_xdp(value);
                }
        }
        *ret = seen;
        return true;
}

bool interfaces_parse_address(struct wire w, struct interface_seen *ret)
{
        struct interface_seen seen = {0};
        uint8_t family = wire_u8(&w), bytes[16];
        size_t size = family == AF_INET ? 4 : 16;
        struct wire value;
        uint16_t type;

        seen.prefix_len = wire_u8(&w);
        wire_skip(&w, 2); /* flags, scope */
        seen.ifindex = wire_u32(&w);
        if (w.bad || (family != AF_INET && family != AF_INET6))
                return false;
        while (netlink_attribute(&w, &type, &value)) {
                struct address address;

                if ((type != IFA_LOCAL && type != IFA_ADDRESS) || wire_left(&value) != size)
                        continue;
                wire_bytes(&value, bytes, size);
                address = family == AF_INET ? address_v4(bytes) : address_v6(bytes);
                /*
                 * On point-to-point links IFA_ADDRESS is the peer, of whose network the prefix is, and IFA_LOCAL ours;
                 * elsewhere they are equal (if_addr.h).
                 */
                if (type == IFA_ADDRESS)
                        seen.network = address;
                if (type == IFA_LOCAL || !seen.address.family)
                        seen.address = address;
        }
        if (!seen.network.family)
                seen.network = seen.address;
        if (!seen.address.family)
                return false;
        *ret = seen;
        return true;
}

static void each_message(uint16_t type, struct wire payload, void *arg)
{
        struct dump *dump = arg;
        struct interface_seen seen;

        if (type == RTM_NEWLINK ? !interfaces_parse_link(payload, &seen)
                                : type != RTM_NEWADDR || !interfaces_parse_address(payload, &seen))
                return;
        seen.netns = dump->netns;
        *vec_push(dump->list) = seen;
}

static int dump(int fd, uint16_t type, struct dump *dump, struct err *err)
{
        struct {
                struct nlmsghdr header;
                struct ifinfomsg body; /* RTM_GETADDR takes the shorter ifaddrmsg, whose first byte is the family too */
        } message = {
                .header = {.nlmsg_len = sizeof(message),
                           .nlmsg_type = type,
                           .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
        };
        size_t start = dump->list->n;
        int r = 1;

        for (unsigned tries = 0; r == 1 && tries < 4; tries++) {
                dump->list->n = start;
                r = netlink_dump(fd, &message, sizeof(message), each_message, dump, err);
        }
        return r < 0 ? r : 0;
}

/* Addresses come without the interface's name and state: copy both from its own entry. */
static void name_addresses(struct interface_list *list, size_t first)
{
        struct map links = {0};
        uint64_t link;

        for (size_t i = first; i < list->n; i++)
                if (!list->at[i].address.family)
                        map_put(&links, list->at[i].ifindex, i);
        for (size_t i = first; i < list->n; i++)
                if (list->at[i].address.family && map_get(&links, list->at[i].ifindex, &link)) {
                        memcpy(list->at[i].device, list->at[link].device, sizeof(list->at[i].device));
                        list->at[i].up = list->at[link].up;
                }
        map_release(&links);
}

int interfaces_read(uint32_t netns, struct interface_list *list, struct err *err)
{
        _cleanup_close_ int fd = netlink_open(NETLINK_ROUTE, err);
        struct dump d = {.netns = netns, .list = list};
        size_t first = list->n;
        int r;

        if (fd < 0)
                return fd;
        r = dump(fd, RTM_GETLINK, &d, err);
        if (r == 0)
                r = dump(fd, RTM_GETADDR, &d, err);
        name_addresses(list, first);
        return r < 0 ? err_prefix(err, "listing interfaces") : 0;
}
