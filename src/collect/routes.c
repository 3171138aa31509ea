/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/routes.h"

#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include "base/fd.h"
#include "base/netlink.h"

#define TRIES 4 /* a table may change while it is read */

void routes_release(struct routes *routes)
{
        vec_clear(&routes->routes);
        vec_clear(&routes->rules);
}

/* --- parsing --------------------------------------------------------------------------------------- */

static uint8_t family_of(uint8_t number)
{
        return number == AF_INET ? 4 : number == AF_INET6 ? 6 : 0;
}

static bool take_address(struct wire value, struct address *to)
{
        uint8_t bytes[16];
        size_t size = to->family == 4 ? 4 : 16;

        if (wire_left(&value) != size)
                return false;
        wire_bytes(&value, bytes, size);
        *to = to->family == 4 ? address_v4(bytes) : address_v6(bytes);
        return true;
}

/* struct rta_cacheinfo; such a route is not taken any more, and stays until it is cleared away. */
static bool has_expired(struct wire value)
{
        int32_t expires;

        wire_skip(&value, 8);
        expires = (int32_t)wire_u32(&value);
        return !value.bad && expires < 0;
}

bool routes_parse_route(struct wire w, struct route *ret)
{
        struct route route = {.to.family = family_of(wire_u8(&w))};
        uint8_t source_len, tos;
        uint32_t flags;
        struct wire value;
        uint16_t type;

        route.prefix_len = wire_u8(&w);
        source_len = wire_u8(&w);
        tos = wire_u8(&w);
        route.table = wire_u8(&w);
        wire_skip(&w, 2); /* protocol, scope */
        route.type = wire_u8(&w);
        flags = wire_u32(&w);
        if (w.bad || !route.to.family || route.prefix_len > (route.to.family == 4 ? 32 : 128) ||
            flags & (RTM_F_CLONED | RTNH_F_DEAD))
                return false;
        /* a link that is down: whether such routes are taken is a sysctl of its device */
        route.unclear = source_len || tos || flags & RTNH_F_LINKDOWN;
        while (netlink_attribute(&w, &type, &value)) {
                if (type == RTA_DST && !take_address(value, &route.to))
                        return false;
                if (type == RTA_TABLE)
                        route.table = wire_u32(&value);
                else if (type == RTA_PRIORITY)
                        route.metric = wire_u32(&value);
                else if (type == RTA_OIF)
                        route.ifindex = wire_u32(&value);
                else if (type == RTA_MULTIPATH)
                        route.unclear = true;
                else if (type == RTA_ENCAP_TYPE)
                        route.wraps = route.unclear = true;
                else if (type == RTA_CACHEINFO && has_expired(value))
                        return false;
        }
        *ret = route;
        return true;
}

bool routes_parse_rule(struct wire w, struct route_rule *ret)
{
        struct route_rule rule = {.family = family_of(wire_u8(&w)), .suppressed = -1};
        uint8_t to_len = wire_u8(&w), from_len = wire_u8(&w), tos = wire_u8(&w);
        struct wire value;
        uint16_t type;

        rule.table = wire_u8(&w);
        wire_skip(&w, 2);
        rule.action = wire_u8(&w);
        rule.selects = wire_u32(&w) & FIB_RULE_INVERT || to_len || from_len || tos;
        if (w.bad || !rule.family)
                return false;
        while (netlink_attribute(&w, &type, &value)) {
                switch (type) {
                case FRA_TABLE:
                        rule.table = wire_u32(&value);
                        break;
                case FRA_SUPPRESS_PREFIXLEN:
                        rule.suppressed = (int32_t)wire_u32(&value);
                        if (rule.suppressed < 0)
                                rule.suppressed = -1;
                        break;
                case FRA_PRIORITY: /* they come in that order */
                case FRA_PROTOCOL: /* who made it */
                case FRA_FLOW:     /* a realm, for statistics */
                case FRA_PAD:
                        break;
                case FRA_L3MDEV:
                case FRA_SUPPRESS_IFGROUP:
                        rule.unclear = true;
                        break;
                default: /* all others, also those to come, say for which packets */
                        rule.selects = true;
                }
        }
        *ret = rule;
        return true;
}

/* --- reading --------------------------------------------------------------------------------------- */

struct reading {
        struct routes *routes;
        bool (*wanted)(const struct route *route, const void *arg);
        const void *arg;
};

bool route_covers(const struct route *route, const struct address *address)
{
        unsigned whole = route->prefix_len / 8, rest = route->prefix_len % 8;

        if (route->to.family != address->family || memcmp(route->to.bytes, address->bytes, whole) != 0)
                return false;
        return !rest || (route->to.bytes[whole] ^ address->bytes[whole]) >> (8 - rest) == 0;
}

static void each_route(uint16_t type, struct wire payload, void *arg)
{
        struct reading *reading = arg;
        struct route route;

        if (type == RTM_NEWROUTE && routes_parse_route(payload, &route) && reading->wanted(&route, reading->arg))
                *vec_push(&reading->routes->routes) = route;
}

static void each_rule(uint16_t type, struct wire payload, void *arg)
{
        struct reading *reading = arg;
        struct route_rule rule;

        if (type == RTM_NEWRULE && routes_parse_rule(payload, &rule))
                *vec_push(&reading->routes->rules) = rule;
}

static int dump(int fd, uint16_t type, struct reading *reading, struct err *err)
{
        struct {
                struct nlmsghdr header;
                struct rtmsg body; /* as long as fib_rule_hdr; family 0: of every family */
        } message = {
                .header = {.nlmsg_len = sizeof(message),
                           .nlmsg_type = type,
                           .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
        };
        bool rules = type == RTM_GETRULE;
        int r = 1;

        for (unsigned tries = 0; r == 1 && tries < TRIES; tries++) {
                if (rules)
                        reading->routes->rules.n = 0;
                else
                        reading->routes->routes.n = 0;
                r = netlink_dump(fd, &message, sizeof(message), rules ? each_rule : each_route, reading, err);
        }
        return r == 1 ? err_set(err, -EAGAIN, "the table changed each time") : r;
}

int routes_read(struct routes *routes, bool (*wanted)(const struct route *route, const void *arg), const void *arg,
                struct err *err)
{
        _cleanup_close_ int fd = netlink_open(NETLINK_ROUTE, err);
        struct reading reading = {routes, wanted, arg};
        int r;

        if (fd < 0)
                return fd;
        r = dump(fd, RTM_GETRULE, &reading, err);
        if (r == -EOPNOTSUPP) /* a kernel without policy routing */
                r = 0;
        if (r == 0)
                r = dump(fd, RTM_GETROUTE, &reading, err);
        return r < 0 ? err_prefix(err, "listing routes") : 0;
}

/* --- the way out ----------------------------------------------------------------------------------- */

static bool is_narrower(const struct route *a, const struct route *b)
{
        return a->prefix_len == b->prefix_len ? a->metric < b->metric : a->prefix_len > b->prefix_len;
}

/*
 * What the table of a rule has for that address: the route to the narrowest network, of those the one with the lowest
 * metric; NULL when there is none. *ret_unclear: another may be taken in its place.
 */
static const struct route *find(const struct routes *routes, const struct route_rule *rule, const struct address *to,
                                bool *ret_unclear)
{
        const struct route *best = NULL, *doubtful = NULL;

        *ret_unclear = false;
        vec_foreach(route, &routes->routes) {
                const struct route **place = route->unclear ? &doubtful : &best;

                if (route->table != rule->table || route->prefix_len <= rule->suppressed || !route_covers(route, to))
                        continue;
                if (!*place || is_narrower(route, *place)) {
                        *place = route;
                        if (!route->unclear)
                                *ret_unclear = false;
                } else if (place == &best && !is_narrower(best, route) &&
                           (route->ifindex != best->ifindex || route->type != best->type)) {
                        *ret_unclear = true;
                }
        }
        *ret_unclear |= doubtful && (!best || doubtful->prefix_len >= best->prefix_len);
        return best;
}

enum told { TOLD_NOTHING, TOLD_END, TOLD_UNCLEAR };

/* What a rule says of packets to that address. */
static enum told ask_rule(const struct routes *routes, const struct route_rule *rule, const struct address *to,
                          uint32_t *ifindex)
{
        const struct route *route;
        bool unclear;

        if (rule->action == FR_ACT_NOP)
                return TOLD_NOTHING;
        if (rule->action == FR_ACT_BLACKHOLE || rule->action == FR_ACT_UNREACHABLE || rule->action == FR_ACT_PROHIBIT)
                return rule->selects ? TOLD_NOTHING : TOLD_END; /* those that it ends do not leave */
        if (rule->action != FR_ACT_TO_TBL || rule->unclear)
                return TOLD_UNCLEAR;
        route = find(routes, rule, to, &unclear);
        if (unclear)
                return TOLD_UNCLEAR;
        if (!route || route->type == RTN_THROW)
                return TOLD_NOTHING;
        if (route->type == RTN_BLACKHOLE || route->type == RTN_UNREACHABLE || route->type == RTN_PROHIBIT)
                return rule->selects ? TOLD_NOTHING : TOLD_END;
        if (route->type != RTN_UNICAST || !route->ifindex || (*ifindex && *ifindex != route->ifindex))
                return TOLD_UNCLEAR;
        *ifindex = route->ifindex;
        return rule->selects ? TOLD_NOTHING : TOLD_END;
}

bool routes_may_wrap(const struct routes *routes, const struct address *to)
{
        vec_foreach(route, &routes->routes)
                if (route->wraps && route_covers(route, to))
                        return true;
        return false;
}

/* Table local of IPv4 is one with main until a rule of one's own is made, which nothing tells afterwards. */
static bool is_in_local(const struct route *route)
{
        return route->table == RT_TABLE_LOCAL && route->to.family == 4 && route->type != RTN_LOCAL &&
               route->type != RTN_BROADCAST;
}

uint32_t routes_way_out(const struct routes *routes, const struct address *to)
{
        static const struct route_rule usual[] = {
                {.action = FR_ACT_TO_TBL, .table = RT_TABLE_LOCAL, .suppressed = -1},
                {.action = FR_ACT_TO_TBL, .table = RT_TABLE_MAIN, .suppressed = -1},
        };
        enum told told = TOLD_NOTHING;
        uint32_t ifindex = 0;
        bool any = false;

        vec_foreach(route, &routes->routes)
                if (is_in_local(route) && route_covers(route, to))
                        return 0;
        vec_foreach(rule, &routes->rules) {
                if (rule->family != to->family || told != TOLD_NOTHING)
                        continue;
                any = true;
                told = ask_rule(routes, rule, to, &ifindex);
        }
        for (size_t i = 0; !any && told == TOLD_NOTHING && i < array_len(usual); i++)
                told = ask_rule(routes, &usual[i], to, &ifindex);
        return told == TOLD_UNCLEAR ? 0 : ifindex;
}
