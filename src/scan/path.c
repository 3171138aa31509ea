/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "scan/path.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/if_arp.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "base/fd.h"
#include "base/netlink.h"
#include "base/vec.h"
#include "scan/path_parse.h"

/* NLM_F_ACK ends the one answer, as NLMSG_DONE does a dump, so that netlink_dump serves for both. */
#define ONE (NLM_F_REQUEST | NLM_F_ACK)

#ifndef RTEXT_FILTER_SKIP_STATS
#define RTEXT_FILTER_SKIP_STATS (1 << 3)
#endif

struct paths {
        int ask, notices;
        vec(struct path *) known; /* pointers, since callers keep them */
        vec(struct path_link) links; /* as they were since the last notice */
};

/* A request in the making: header, fixed part, attributes. */
struct request {
        struct nlmsghdr header;
        uint8_t rest[96];
};

static struct request request_of(uint16_t type, uint16_t flags, const void *fixed, size_t size)
{
        struct request r = {.header = {.nlmsg_type = type, .nlmsg_flags = flags}};

        memcpy(r.rest, fixed, size);
        r.header.nlmsg_len = (uint32_t)NLMSG_LENGTH(size);
        return r;
}

static void request_add(struct request *r, uint16_t type, const void *value, size_t size)
{
        struct nlattr attribute = {.nla_len = (uint16_t)(NLA_HDRLEN + size), .nla_type = type};
        size_t at = NLMSG_ALIGN(r->header.nlmsg_len) - NLMSG_HDRLEN;

        memcpy(r->rest + at, &attribute, sizeof(attribute));
        memcpy(r->rest + at + NLA_HDRLEN, value, size);
        r->header.nlmsg_len = (uint32_t)(NLMSG_HDRLEN + at + NLA_HDRLEN + size);
}

static uint8_t kernel_family(const struct address *a)
{
        return a->family == 4 ? AF_INET : AF_INET6;
}

static size_t address_size(const struct address *a)
{
        return a->family == 4 ? 4 : 16;
}

static int open_notices(struct err *err)
{
        static const int groups[] = {RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR, RTNLGRP_IPV4_ROUTE,
                                     RTNLGRP_IPV6_ROUTE};
        _cleanup_close_ int fd = netlink_open(NETLINK_ROUTE, err);

        if (fd < 0)
                return fd;
        for (size_t i = 0; i < array_len(groups); i++)
                if (setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &groups[i], sizeof(groups[i])) < 0)
                        return err_errno(err, errno, "cannot follow changes of routes");
        return take_fd(fd);
}

int paths_open(struct paths **ret, struct err *err)
{
        _cleanup_(paths_freep) struct paths *p = xcalloc(1, sizeof(*p));

        p->notices = -1;
        p->ask = netlink_open(NETLINK_ROUTE, err);
        if (p->ask < 0)
                return p->ask;
        p->notices = open_notices(err);
        if (p->notices < 0)
                return p->notices;
        *ret = take_ptr(p);
        return 0;
}

struct paths *paths_free(struct paths *p)
{
        if (!p)
                return NULL;
        fd_close(&p->ask);
        fd_close(&p->notices);
        vec_foreach(path, &p->known) free(*path);
        vec_clear(&p->known);
        vec_clear(&p->links);
        free(p);
        return NULL;
}

static void each_link(uint16_t type, struct wire payload, void *arg)
{
        struct path_link link;

        if (type == RTM_NEWLINK && path_parse_link(payload, &link))
                *(struct path_link *)arg = link;
}

/* 0 or negative errno (-ENODEV: it is gone). */
static int read_link(struct paths *p, uint32_t ifindex, struct path_link *ret, struct err *err)
{
        struct ifinfomsg fixed = {.ifi_family = AF_UNSPEC, .ifi_index = (int)ifindex};
        struct request r = request_of(RTM_GETLINK, ONE, &fixed, sizeof(fixed));
        uint32_t mask = RTEXT_FILTER_SKIP_STATS;
        struct path_link link = {0};
        int result;

        request_add(&r, IFLA_EXT_MASK, &mask, sizeof(mask));
        result = netlink_dump(p->ask, &r, r.header.nlmsg_len, each_link, &link, err);
        if (result < 0)
                return err_prefix(err, "interface %u", ifindex);
        if (link.ifindex != ifindex)
                return err_set(err, -ENODEV, "interface %u is gone", ifindex);
        *ret = link;
        return 0;
}

static int find_link(struct paths *p, uint32_t ifindex, struct path_link *ret, struct err *err)
{
        int r;

        vec_foreach(link, &p->links)
        {
                if (link->ifindex == ifindex) {
                        *ret = *link;
                        return 0;
                }
        }
        r = read_link(p, ifindex, ret, err);
        if (r == 0)
                *vec_push(&p->links) = *ret;
        return r;
}

static void each_route(uint16_t type, struct wire payload, void *arg)
{
        struct path_route route;

        if (type == RTM_NEWROUTE && path_parse_route(payload, &route))
                *(struct path_route *)arg = route;
}

static int read_route(struct paths *p, const struct address *to, uint32_t zone_index, struct path_route *ret,
                      struct err *err)
{
        char text[ADDRESS_TEXT_SIZE];
        struct rtmsg fixed = {
                .rtm_family = kernel_family(to),
                .rtm_dst_len = (uint8_t)(address_size(to) * 8),
        };
        struct request r = request_of(RTM_GETROUTE, ONE, &fixed, sizeof(fixed));
        int result;

        *ret = (struct path_route){0};
        request_add(&r, RTA_DST, to->bytes, address_size(to));
        if (zone_index)
                request_add(&r, RTA_OIF, &zone_index, sizeof(zone_index));
        result = netlink_dump(p->ask, &r, r.header.nlmsg_len, each_route, ret, err);
        /* The last two: route types prohibit and blackhole (net/ipv4/fib_semantics.c, fib_props). */
        if (result == -EHOSTUNREACH || result == -ENETUNREACH || result == -EACCES || result == -EINVAL ||
            (result >= 0 && ret->type != RTN_UNICAST && ret->type != RTN_LOCAL))
                return err_set(err, -ENETUNREACH, "no route to %s", address_format(to, text));
        if (result < 0)
                return err_prefix(err, "asking for the route to %s", address_format(to, text));
        return 0;
}

/* The loopback interface is number 1 in every namespace (include/net/net_namespace.h, LOOPBACK_IFINDEX). */
#define LOOPBACK_INDEX 1

static struct path make_path(const struct path_route *route, const struct path_link *link)
{
        struct path path = {
                .ifindex = link->ifindex,
                .link_type = link->type,
                /* IFF_NOARP: no host there has an address that could be asked for */
                .link_has_addresses = link->type == ARPHRD_ETHER && !(link->flags & IFF_NOARP) && link->has_mac,
                .loopback = link->type == ARPHRD_LOOPBACK,
                .on_link = !route->gateway.family,
                .mtu = link->mtu,
                .source = route->source,
                .gateway = route->gateway,
        };

        memcpy(path.device, link->device, sizeof(path.device));
        memcpy(path.own_mac, link->mac, sizeof(path.own_mac));
        return path;
}

static bool same_path(const struct path *a, const struct path *b)
{
        return a->ifindex == b->ifindex && strcmp(a->device, b->device) == 0 && a->link_type == b->link_type &&
               a->link_has_addresses == b->link_has_addresses && a->loopback == b->loopback &&
               a->on_link == b->on_link && memcmp(a->own_mac, b->own_mac, sizeof(a->own_mac)) == 0 &&
               a->mtu == b->mtu && address_compare(&a->source, &b->source) == 0 &&
               address_compare(&a->gateway, &b->gateway) == 0;
}

static const struct path *keep(struct paths *p, const struct path *path)
{
        struct path *copy;

        vec_foreach(known, &p->known)
        {
                if (same_path(*known, path))
                        return *known;
        }
        copy = xmalloc(sizeof(*copy));
        *copy = *path;
        *vec_push(&p->known) = copy;
        return copy;
}

int paths_find(struct paths *p, const struct address *to, uint32_t zone_index, const struct path **ret,
               struct err *err)
{
        char text[ADDRESS_TEXT_SIZE];
        struct path_route route;
        struct path_link link;
        struct path path;
        int r = read_route(p, to, zone_index, &route, err);

        if (r < 0)
                return r;
        /* An own IPv6 address has the route of its interface; packets to it take lo all the same. */
        if (route.type == RTN_LOCAL)
                route.ifindex = LOOPBACK_INDEX;
        if (!route.source.family && route.type == RTN_LOCAL)
                route.source = *to;
        if (!route.source.family)
                return err_set(err, -ENETUNREACH, "no address of our own to reach %s from", address_format(to, text));
        r = find_link(p, route.ifindex, &link, err);
        if (r < 0)
                return r;
        path = make_path(&route, &link);
        *ret = keep(p, &path);
        return 0;
}

static void each_neighbour(uint16_t type, struct wire payload, void *arg)
{
        struct path_neighbour neighbour;

        if (type == RTM_NEWNEIGH && path_parse_neighbour(payload, &neighbour))
                *(struct path_neighbour *)arg = neighbour;
}

bool paths_neighbour(struct paths *p, const struct path *path, const struct address *next_hop, uint8_t mac[6])
{
        struct ndmsg fixed = {.ndm_family = kernel_family(next_hop), .ndm_ifindex = (int)path->ifindex};
        struct request r = request_of(RTM_GETNEIGH, ONE, &fixed, sizeof(fixed));
        struct path_neighbour seen = {0};
        uint16_t good = NUD_REACHABLE | NUD_PERMANENT;

        /* Through a gateway the kernel itself sends with what it last heard, while it asks again. */
        if (address_compare(next_hop, &path->gateway) == 0)
                good |= NUD_STALE | NUD_DELAY | NUD_PROBE;
        request_add(&r, NDA_DST, next_hop->bytes, address_size(next_hop));
        if (netlink_dump(p->ask, &r, r.header.nlmsg_len, each_neighbour, &seen, NULL) < 0)
                return false;
        if (!(seen.state & good) || !seen.has_mac)
                return false;
        memcpy(mac, seen.mac, sizeof(seen.mac));
        return true;
}

bool paths_changed(struct paths *p)
{
        bool changed = false;
        uint8_t byte;

        /* What it says does not matter; ENOBUFS means that there was more than the socket holds. */
        while (recv(p->notices, &byte, sizeof(byte), MSG_DONTWAIT | MSG_TRUNC) >= 0 || errno == ENOBUFS)
                changed = true;
        if (changed)
                vec_clear(&p->links);
        return changed;
}

int paths_fd(const struct paths *p)
{
        return p->notices;
}

bool paths_usable(struct paths *p, const struct path *path)
{
        struct path_link link;

        return read_link(p, path->ifindex, &link, NULL) == 0 && link.flags & IFF_UP && link.flags & IFF_RUNNING &&
               strcmp(link.device, path->device) == 0;
}

struct address_sets {
        struct range_set *own, *broadcast;
};

static void add_one(struct range_set *set, const struct address *address)
{
        range_set_add(set, &(struct address_range){*address, *address});
}

/* The kernel has a broadcast route for the last address of each net of three and more (fib_add_ifaddr). */
static void add_broadcast(struct range_set *set, const struct path_own *own)
{
        struct address last = own->address;

        if (own->broadcast.family)
                add_one(set, &own->broadcast);
        if (own->address.family != 4 || own->prefix_len >= 31)
                return;
        for (unsigned bit = own->prefix_len; bit < 32; bit++)
                last.bytes[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
        add_one(set, &last);
}

static void each_own(uint16_t type, struct wire payload, void *arg)
{
        struct address_sets *sets = arg;
        struct path_own own;

        if (type != RTM_NEWADDR || !path_parse_own(payload, &own))
                return;
        add_one(sets->own, &own.address);
        add_broadcast(sets->broadcast, &own);
}

int paths_own_addresses(struct range_set *own, struct range_set *broadcast, struct err *err)
{
        _cleanup_close_ int fd = netlink_open(NETLINK_ROUTE, err);
        struct ifaddrmsg fixed = {.ifa_family = AF_UNSPEC};
        struct request r = request_of(RTM_GETADDR, NLM_F_REQUEST | NLM_F_DUMP, &fixed, sizeof(fixed));
        struct address_sets sets = {own, broadcast};
        int result = 1;

        if (fd < 0)
                return fd;
        /* Sets: what comes twice when the table changed meanwhile counts once. */
        for (unsigned tries = 0; result == 1 && tries < 4; tries++)
                result = netlink_dump(fd, &r, r.header.nlmsg_len, each_own, &sets, err);
        range_set_normalize(own);
        range_set_normalize(broadcast);
        return result < 0 ? err_prefix(err, "listing own addresses") : 0;
}
