/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The way out: messages recorded by tests/fuzz/record-netlink.py, and tables of routes made here. */
#include "test.h"

#include <fcntl.h>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <stdio.h>

#include "base/fd.h"
#include "base/netlink.h"
#include "base/str.h"
#include "collect/routes.h"

#define SEQ 1 /* of the recorded dumps */

enum { WORK = 100 }; /* a table */

static struct address address_of(const char *text)
{
        struct address a;

        assert_int_equal(address_parse(text, &a), 0);
        return a;
}

/* --- recorded ------------------------------------------------------------------------------------- */

static void each_message(uint16_t type, struct wire payload, void *arg)
{
        struct routes *routes = arg;
        struct route route;
        struct route_rule rule;

        if (type == RTM_NEWROUTE && routes_parse_route(payload, &route))
                *vec_push(&routes->routes) = route;
        if (type == RTM_NEWRULE && routes_parse_rule(payload, &rule))
                *vec_push(&routes->rules) = rule;
}

static void recorded(const char *name, struct routes *routes)
{
        _cleanup_str_ struct str dump = {0};
        bool interrupted = false;
        char path[512];

        (void)snprintf(path, sizeof(path), "%s/%s", RECORDED_DIR, name);
        assert_int_equal(fd_read_file(AT_FDCWD, path, 65536, &dump), 0);
        assert_int_equal(netlink_parse(dump.text, dump.len, SEQ, each_message, routes, &interrupted), 0);
}

static const struct route *route_to(const struct routes *routes, uint32_t table, const char *to, unsigned len)
{
        struct address address = address_of(to);

        vec_foreach(route, &routes->routes)
                if (route->table == table && route->prefix_len == len &&
                    address_compare(&route->to, &address) == 0)
                        return route;
        fail_msg("no route to %s/%u in table %u", to, len, table);
        return NULL;
}

/* What the recorder made: see there. */
static void test_recorded(void **state)
{
        struct routes routes = {0};
        const struct route *route;
        const struct route_rule *rule;
        uint32_t qz0;

        recorded("routes", &routes);
        recorded("rules", &routes);
        route = route_to(&routes, RT_TABLE_MAIN, "192.0.2.0", 24);
        qz0 = route->ifindex;
        assert_true(qz0 && route->type == RTN_UNICAST && !route->unclear);
        route = route_to(&routes, RT_TABLE_MAIN, "198.51.100.0", 24);
        assert_true(route->ifindex == qz0 && route->metric == 77 && !route->unclear);
        route = route_to(&routes, RT_TABLE_MAIN, "0.0.0.0", 0);
        assert_true(!route->ifindex && route->unclear); /* several next hops */
        assert_int_equal(route_to(&routes, RT_TABLE_MAIN, "203.0.113.0", 24)->type, RTN_BLACKHOLE);
        assert_true(route_to(&routes, RT_TABLE_MAIN, "203.0.113.128", 25)->unclear); /* for a TOS */
        assert_int_equal(route_to(&routes, 1234, "2001:db8:7::", 48)->ifindex, qz0);
        assert_int_equal(route_to(&routes, RT_TABLE_LOCAL, "192.0.2.1", 32)->type, RTN_LOCAL);

        assert_true(routes.rules.n >= 8);
        rule = &routes.rules.at[0];
        assert_true(rule->family == 4 && rule->table == RT_TABLE_LOCAL && !rule->selects && !rule->unclear);
        assert_int_equal(rule->suppressed, -1);
        rule = &routes.rules.at[1];
        assert_true(rule->table == 1234 && rule->selects && rule->action == FR_ACT_TO_TBL); /* fwmark */
        rule = &routes.rules.at[2];
        assert_true(rule->selects && rule->action == FR_ACT_PROHIBIT); /* from */
        rule = &routes.rules.at[3];
        assert_true(!rule->selects && rule->suppressed == 0 && rule->table == RT_TABLE_MAIN);
        rule = &routes.rules.at[4];
        assert_true(!rule->selects && rule->table == RT_TABLE_MAIN);
        routes_release(&routes);
}

/* --- made here ------------------------------------------------------------------------------------ */

struct made {
        const char *to;
        unsigned len;
        uint32_t ifindex, table, metric; /* table 0: main */
        uint8_t type;                    /* 0: unicast */
        bool unclear;
};

static void expect(const struct made *made, size_t n, const struct route_rule *rules, size_t n_rules, const char *to,
                   uint32_t expected)
{
        struct routes routes = {0};
        struct address address = address_of(to);

        for (size_t i = 0; i < n; i++)
                *vec_push(&routes.routes) = (struct route){
                        .table = made[i].table ? made[i].table : RT_TABLE_MAIN,
                        .to = address_of(made[i].to),
                        .prefix_len = (uint8_t)made[i].len,
                        .type = made[i].type ? made[i].type : RTN_UNICAST,
                        .metric = made[i].metric,
                        .ifindex = made[i].ifindex,
                        .unclear = made[i].unclear,
                };
        for (size_t i = 0; i < n_rules; i++)
                *vec_push(&routes.rules) = rules[i];
        assert_int_equal(routes_way_out(&routes, &address), expected);
        routes_release(&routes);
}

#define ROUTES(...) (const struct made[]){__VA_ARGS__}, array_len(((const struct made[]){__VA_ARGS__}))

static void test_narrowest(void **state)
{
        expect(NULL, 0, NULL, 0, "10.0.0.9", 0);
        expect(ROUTES({"0.0.0.0", 0, 2}, {"10.0.0.0", 24, 3}), NULL, 0, "10.0.0.9", 3);
        expect(ROUTES({"10.0.0.0", 24, 3}, {"0.0.0.0", 0, 2}), NULL, 0, "10.0.1.9", 2);
        expect(ROUTES({"10.0.0.0", 24, 3}, {"10.0.0.8", 29, 4}, {"10.0.0.9", 32, 5}), NULL, 0, "10.0.0.9", 5);
        expect(ROUTES({"10.0.0.0", 24, 3}, {"10.0.0.8", 29, 4}, {"10.0.0.9", 32, 5}), NULL, 0, "10.0.0.10", 4);
        expect(ROUTES({"fd00::", 64, 3}, {"fd00::8", 125, 4}), NULL, 0, "fd00::f", 4);
        expect(ROUTES({"fd00::", 64, 3}, {"0.0.0.0", 0, 4}), NULL, 0, "fd01::f", 0);
}

static void test_several(void **state)
{
        expect(ROUTES({"10.0.0.0", 24, 3, .metric = 9}, {"10.0.0.0", 24, 4, .metric = 5}), NULL, 0, "10.0.0.9", 4);
        expect(ROUTES({"10.0.0.0", 24, 3}, {"10.0.0.0", 24, 4}), NULL, 0, "10.0.0.9", 0);
        expect(ROUTES({"10.0.0.0", 24, 3}, {"10.0.0.0", 24, 3}), NULL, 0, "10.0.0.9", 3);
        /* what is narrower decides, whichever comes first */
        expect(ROUTES({"10.0.0.0", 24, 3}, {"10.0.0.0", 24, 4}, {"10.0.0.8", 29, 5}), NULL, 0, "10.0.0.9", 5);
        expect(ROUTES({"10.0.0.8", 29, 5}, {"10.0.0.0", 24, 3}, {"10.0.0.0", 24, 4}), NULL, 0, "10.0.0.9", 5);
        /* by several devices, or for some packets: only where nothing narrower holds for all */
        expect(ROUTES({"0.0.0.0", 0, .unclear = true}, {"10.0.0.0", 24, 3}), NULL, 0, "10.0.0.9", 3);
        expect(ROUTES({"0.0.0.0", 0, .unclear = true}, {"10.0.0.0", 24, 3}), NULL, 0, "10.0.1.9", 0);
        expect(ROUTES({"10.0.0.8", 29, 4, .unclear = true}, {"10.0.0.0", 24, 3}), NULL, 0, "10.0.0.9", 0);
        expect(ROUTES({"10.0.0.0", 24, 4, .unclear = true}, {"10.0.0.0", 24, 3}), NULL, 0, "10.0.0.9", 0);
}

/* struct rtmsg: IPv6, /128, table 254, unicast; RTA_DST fd00::9, and another attribute. */
static void test_expired_and_wrapped(void **state)
{
        uint8_t message[] = {
                10, 128, 0, 0, 254, 0, 0, 1, 0, 0, 0, 0, 20, 0, 1, 0, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9,
                36, 0,   12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        };
        struct wire w = wire_over(message, sizeof(message));
        struct route route;

        assert_true(routes_parse_route(w, &route));
        assert_true(!route.unclear && !route.wraps && route.prefix_len == 128);
        message[44] = 1; /* rta_expires: still to come */
        assert_true(routes_parse_route(w, &route));
        memset(message + 44, 0xff, 4);
        assert_false(routes_parse_route(w, &route));
        message[34] = 21; /* RTA_ENCAP_TYPE */
        assert_true(routes_parse_route(w, &route));
        assert_true(route.unclear && route.wraps);
}

static void test_kinds(void **state)
{
        /* of IPv4 the table local may be one with main, or not */
        expect(ROUTES({"10.0.0.8", 29, 4, .table = RT_TABLE_LOCAL}, {"10.0.0.0", 24, 3}), NULL, 0, "10.0.0.9", 0);
        expect(ROUTES({"10.0.0.0", 8, 4, .table = RT_TABLE_LOCAL}, {"10.0.0.0", 24, 3}), NULL, 0, "10.0.0.9", 0);
        expect(ROUTES({"fd00::", 8, 4, .table = RT_TABLE_LOCAL}, {"fd00::", 64, 3}), NULL, 0, "fd00::9", 4);
        expect(ROUTES({"10.0.0.9", 32, 3, .type = RTN_LOCAL, .table = RT_TABLE_LOCAL}, {"10.0.0.0", 24, 3}), NULL, 0,
               "10.0.0.9", 0);
        expect(ROUTES({"10.0.0.9", 32, 0, .type = RTN_BLACKHOLE}, {"10.0.0.0", 24, 3}), NULL, 0, "10.0.0.9", 0);
        expect(ROUTES({"10.0.0.9", 32, 0, .type = RTN_THROW}, {"10.0.0.0", 24, 3}), NULL, 0, "10.0.0.9", 0);
        expect(ROUTES({"10.0.0.0", 24, 0}), NULL, 0, "10.0.0.9", 0);
}

#define ALL(in)    {.family = 4, .action = FR_ACT_TO_TBL, .table = (in), .suppressed = -1}
#define SOME(in)   {.family = 4, .action = FR_ACT_TO_TBL, .table = (in), .suppressed = -1, .selects = true}
#define SIX(in)    {.family = 6, .action = FR_ACT_TO_TBL, .table = (in), .suppressed = -1}
#define NARROW(in) {.family = 4, .action = FR_ACT_TO_TBL, .table = (in)}
#define DO(what)   {.family = 4, .action = (what), .suppressed = -1}
#define LOCAL      ALL(RT_TABLE_LOCAL)
#define MAIN       ALL(RT_TABLE_MAIN)
#define RULES(...) \
        (const struct route_rule[]){__VA_ARGS__}, array_len(((const struct route_rule[]){__VA_ARGS__}))
#define TWO ROUTES({"10.0.0.0", 24, 3}, {"0.0.0.0", 0, 2}, {"0.0.0.0", 0, 8, .table = WORK})

static void test_rules(void **state)
{
        expect(TWO, RULES(LOCAL, MAIN), "10.0.0.9", 3);
        /* a table that some packets are sent by */
        expect(TWO, RULES(LOCAL, SOME(WORK), MAIN), "10.0.0.9", 0);
        expect(TWO, RULES(LOCAL, SOME(WORK + 1), MAIN), "10.0.0.9", 3); /* it has no route */
        expect(TWO, RULES(LOCAL, ALL(WORK), MAIN), "10.0.0.9", 8);
        expect(TWO, RULES(LOCAL, MAIN, SOME(WORK)), "10.0.0.9", 3); /* never asked */
        /* as wg-quick(8) has it: what main has a network for is not sent into the tunnel */
        expect(TWO, RULES(LOCAL, NARROW(RT_TABLE_MAIN), SOME(WORK), MAIN),
               "10.0.0.9", 3);
        expect(TWO, RULES(LOCAL, NARROW(RT_TABLE_MAIN), SOME(WORK), MAIN),
               "10.0.1.9", 0);
        expect(TWO, RULES(LOCAL, NARROW(RT_TABLE_MAIN), ALL(WORK), MAIN), "10.0.1.9", 8);
        /* both ways lead out by one device */
        expect(ROUTES({"10.0.0.0", 24, 3}, {"10.0.0.0", 8, 3, .table = WORK}),
               RULES(LOCAL, SOME(WORK), MAIN), "10.0.0.9", 3);
        /* rules of the other family */
        expect(TWO, RULES(LOCAL, SIX(WORK), MAIN), "10.0.0.9",
               3);
        expect(TWO, RULES(SIX(WORK)), "10.0.0.9", 3);
        /* what ends some packets leaves the way of the others; what is not followed leaves nothing */
        expect(TWO, RULES(LOCAL, {.family = 4, .action = FR_ACT_PROHIBIT, .suppressed = -1, .selects = true}, MAIN), "10.0.0.9", 3);
        expect(TWO, RULES(LOCAL, DO(FR_ACT_BLACKHOLE), MAIN), "10.0.0.9", 0);
        expect(TWO, RULES(LOCAL, DO(FR_ACT_NOP), MAIN), "10.0.0.9", 3);
        expect(TWO, RULES(LOCAL, {.family = 4, .action = FR_ACT_GOTO, .suppressed = -1, .selects = true}, MAIN), "10.0.0.9", 0);
        expect(TWO, RULES(LOCAL, {.family = 4, .action = FR_ACT_TO_TBL, .table = WORK + 1, .suppressed = -1, .unclear = true}, MAIN), "10.0.0.9", 0);
        /* a table whose route says: ask on */
        expect(ROUTES({"10.0.0.0", 24, 3}, {"10.0.0.0", 24, 0, .table = WORK, .type = RTN_THROW}),
               RULES(LOCAL, ALL(WORK), MAIN), "10.0.0.9", 3);
        expect(ROUTES({"10.0.0.0", 24, 3}, {"10.0.0.0", 24, 0, .table = WORK, .type = RTN_UNREACHABLE}),
               RULES(LOCAL, SOME(WORK), MAIN), "10.0.0.9", 3);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_recorded), cmocka_unit_test(test_narrowest), cmocka_unit_test(test_several),
                cmocka_unit_test(test_expired_and_wrapped), cmocka_unit_test(test_kinds),    cmocka_unit_test(test_rules),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
