/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test.h"

#include <fcntl.h>

#include "assess/assess.h"
#include "assess/reach_set.h"
#include "base/fd.h"
#include "base/str.h"
#include "collect/forwards.h"
#include "collect/ruleset_json.h"
#include "collect/ruleset_parse.h"
#include "inside_sample.h"

struct host {
        struct inside *view;
        struct knowledge *knowledge;
        struct assessment *assessment;
        struct estate estate;
};

static void add_network(struct estate_network *to, const char *cidr, const char *zone)
{
        assert_int_equal(address_range_parse(cidr, true, &to->range, NULL, NULL), 0);
        to->zone = zone;
}

static struct host host_new(void)
{
        struct host h = {.view = sample_inside()};

        h.knowledge = knowledge_open(NULL, NULL, NULL);
        assert_non_null(h.knowledge);
        sample_interface(h.view, HOST_NETNS, "eth0", "10.1.0.5/16");
        sample_interface(h.view, HOST_NETNS, "docker0", "172.17.0.1/16");
        sample_interface(h.view, HOST_NETNS, "podman0", "10.88.0.1/16");
        sample_way_out(h.view, HOST_NETNS, "172.17.0.2", "docker0");
        sample_way_out(h.view, HOST_NETNS, "172.17.0.3", "docker0");
        sample_way_out(h.view, HOST_NETNS, "10.88.0.2", "podman0");
        h.estate.networks = calloc(2, sizeof(*h.estate.networks));
        h.estate.n_networks = 2;
        add_network(&h.estate.networks[0], "10.1.0.0/16", "office");
        add_network(&h.estate.networks[1], "192.168.0.0/16", "guests");
        return h;
}

static void host_free(struct host *h)
{
        assess_free(h->assessment);
        inside_free(h->view);
        knowledge_free(h->knowledge);
        free(h->estate.networks);
}

static void judge(struct host *h, const char *json, size_t len)
{
        _cleanup_(json_release) json_t *objects = NULL;
        struct err err = {0};

        objects = ruleset_json(json, len, &err);
        assert_non_null(objects);
        h->view->netns.at[HOST_NETNS].ruleset = ruleset_read(h->view->pool, objects);
        (void)forwards_read(objects, HOST_NETNS, h->view, &err);
        h->assessment = assess_correlate(h->view, h->knowledge);
        assess_reach(h->assessment, &h->estate);
}

static void describe(const struct host *h, struct str *to)
{
        char address[ADDRESS_TEXT_SIZE];

        vec_foreach (l, &h->assessment->listeners)
                for (size_t i = 0; i < l->exposure.n_zones; i++) {
                        const struct reach_zone *z = &l->exposure.zones[i];

                        str_addf(to, "%u/%s %s%s %s: %s", l->port, transport_name(l->transport),
                                 l->address.family ? address_format(&l->address, address) : "any",
                                 l->forward ? " forward" : "", z->zone, reach_state_name(z->state));
                        str_addf(to, z->by ? " by %s" : "%s", z->by ? z->by : "");
                        str_addf(to, z->why ? " (%s)\n" : "%s\n", z->why ? z->why : "");
                }
}

static void golden_write(const char *path, const struct str *text)
{
        _cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

        assert_true(fd >= 0);
        assert_int_equal(fd_write_all(fd, str_text(text), text->len), 0);
}

static void test_golden(void **state)
{
        static const char *const names[] = {"ufw", "firewalld", "docker", "netavark", "netavark-nft", "hand"};
        static const char *const places[] = {"0.0.0.0:22/tcp",   "0.0.0.0:80/tcp",   "0.0.0.0:443/tcp",
                                             "0.0.0.0:5432/tcp", "0.0.0.0:8080/tcp", "0.0.0.0:9999/tcp",
                                             "0.0.0.0:53/udp",   "0.0.0.0:5353/udp", "10.1.0.5:68/udp"};

        for (size_t i = 0; i < array_len(names); i++) {
                _cleanup_str_ struct str json = {0}, expected = {0}, found = {0};
                _cleanup_free_ char *in = xasprintf("%s/%s.json", GOLDEN_EXPOSURE, names[i]);
                _cleanup_free_ char *out = xasprintf("%s/%s.expected", GOLDEN_EXPOSURE, names[i]);
                struct host h = host_new();

                for (size_t k = 0; k < array_len(places); k++)
                        (void)sample_socket(h.view, HOST_NETNS, places[k]);
                assert_int_equal(fd_read_file(AT_FDCWD, in, 1 << 20, &json), 0);
                assert_int_equal(fd_read_file(AT_FDCWD, out, 1 << 20, &expected), 0);
                judge(&h, json.text, json.len);
                describe(&h, &found);
                if (getenv("UPDATE_GOLDEN"))
                        golden_write(out, &found);
                else
                        assert_string_equal(str_text(&found), str_text(&expected));
                host_free(&h);
        }
}

/* --- small rulesets -------------------------------------------------------------------------------- */

#define BASE(policy)                                                                                        \
        "{\"nftables\":[{\"chain\":{\"family\":\"inet\",\"table\":\"t\",\"name\":\"in\",\"handle\":1,"       \
        "\"type\":\"filter\",\"hook\":\"input\",\"prio\":0,\"policy\":\"" policy "\"}}"
#define RULE(handle, statements)                                                              \
        ",{\"rule\":{\"family\":\"inet\",\"table\":\"t\",\"chain\":\"in\",\"handle\":" handle \
        ",\"expr\":[" statements "]}}"
#define END "]}"
#define PAYLOAD(protocol, field, right)                                                                   \
        "{\"match\":{\"op\":\"==\",\"left\":{\"payload\":{\"protocol\":\"" protocol "\",\"field\":\"" field \
        "\"}},\"right\":" right "}},"

/* One listener; what is told of the zones, in one line. */
static void expect_at(const char *place, const char *json, const char *expected)
{
        _cleanup_str_ struct str found = {0};
        struct host h = host_new();
        const struct exposure *e;

        (void)sample_socket(h.view, HOST_NETNS, place);
        judge(&h, json, strlen(json));
        e = &h.assessment->listeners.at[0].exposure;
        for (size_t i = 0; i < e->n_zones; i++)
                str_addf(&found, "%s%s", i ? " " : "", reach_state_name(e->zones[i].state));
        str_addf(&found, ", %s", e->blocked_by ? e->blocked_by : "open");
        assert_string_equal(str_text(&found), expected);
        host_free(&h);
}

static void expect(const char *json, const char *expected)
{
        expect_at("0.0.0.0:22/tcp", json, expected);
}

static void test_policy_blocks(void **state)
{
        expect(BASE("drop") END, "blocked blocked blocked, policy of inet t in");
        expect(BASE("accept") END, "reachable reachable reachable, open");
        expect("{\"nftables\":[]}", "reachable reachable reachable, open");
}

static void test_a_zone_that_is_shut(void **state)
{
        expect(BASE("accept") RULE("5", PAYLOAD("ip", "saddr", "{\"prefix\":{\"addr\":\"192.168.0.0\",\"len\":16}}")
                                   "{\"drop\":null}") END,
               "reachable blocked reachable, open");
}

/* What is not understood never blocks. */
static void test_the_unknown_never_blocks(void **state)
{
        static const char *const matches[] = {
                "{\"match\":{\"op\":\"==\",\"left\":{\"meta\":{\"key\":\"mark\"}},\"right\":1}},",
                "{\"match\":{\"op\":\"==\",\"left\":{\"socket\":{\"key\":\"transparent\"}},\"right\":1}},",
                "{\"match\":{\"op\":\"==\",\"left\":{\"payload\":{\"protocol\":\"tcp\",\"field\":\"dport\"}},\"right\":\"@gone\"}},",
                "{\"match\":{\"op\":\"??\",\"left\":{\"payload\":{\"protocol\":\"tcp\",\"field\":\"dport\"}},\"right\":22}},",
                "{\"xt\":{\"type\":\"match\",\"name\":\"set\"}},",
                "{\"xt\":null},", /* libnftables before 1.0.6 */
        };

        for (size_t i = 0; i < array_len(matches); i++) {
                _cleanup_free_ char *accepts = xasprintf("%s,{\"rule\":{\"family\":\"inet\",\"table\":\"t\",\"chain\":\"in\","
                                                         "\"handle\":5,\"expr\":[%s{\"accept\":null}]}}]}",
                                                         BASE("drop"), matches[i]);

                _cleanup_free_ char *drops = xasprintf("%s,{\"rule\":{\"family\":\"inet\",\"table\":\"t\",\"chain\":\"in\","
                                                       "\"handle\":5,\"expr\":[%s{\"drop\":null}]}}]}",
                                                       BASE("accept"), matches[i]);

                expect(accepts, "unknown unknown unknown, open");
                expect(drops, "unknown unknown unknown, open");
        }
        expect(BASE("drop") RULE("5", "{\"quota\":{\"val\":1,\"val_unit\":\"bytes\",\"inv\":true}},{\"accept\":null}") END,
               "unknown unknown unknown, open");
        expect(BASE("drop") RULE("5", "{\"xt\":null}") END, "unknown unknown unknown, open");
        expect(BASE("drop") RULE("5", "{\"something new\":{}}") END, "unknown unknown unknown, open");
        expect(BASE("drop") RULE("5", "{\"queue\":{\"num\":1}}") END, "unknown unknown unknown, open");
        expect(BASE("drop") RULE("5", "{\"tproxy\":{\"port\":22}}") END, "unknown unknown unknown, open");
        expect(BASE("drop") RULE("5", "{\"xt\":{\"type\":\"target\",\"name\":\"NEWEST\"}}") END,
               "unknown unknown unknown, open");
}

#define META(key, right) "{\"match\":{\"op\":\"==\",\"left\":{\"meta\":{\"key\":\"" key "\"}},\"right\":" right "}},"
#define SYN_OF(mask)                                                                                                   \
        "{\"match\":{\"op\":\"==\",\"left\":{\"&\":[{\"payload\":{\"protocol\":\"tcp\",\"field\":\"flags\"}},"           \
        "[" mask "]]},\"right\":\"syn\"}},"

/* Hostile packets open connections, too. */
static void test_odd_packets(void **state)
{
        static const char open[] = "reachable reachable reachable, open", unknown[] = "unknown unknown unknown, open";
        static const char blocked[] = "blocked blocked blocked, inet t in handle 5";

        expect(BASE("accept") RULE("5", SYN_OF("\"fin\",\"syn\",\"rst\",\"ack\"") "{\"drop\":null}") END, blocked);
        expect(BASE("accept") RULE("5", SYN_OF("\"syn\",\"psh\"") "{\"drop\":null}") END, unknown);
        expect(BASE("accept") RULE("5", SYN_OF("\"syn\",\"urg\"") "{\"drop\":null}") END, unknown);
        /* a raw socket of TCP takes any packet of it */
        expect_at("0.0.0.0:6/raw", BASE("accept") RULE("5", SYN_OF("\"syn\",\"ack\"") "{\"drop\":null}") END, unknown);
        /* a packet for this host's address in a frame for all */
        expect(BASE("drop") RULE("5", META("pkttype", "\"broadcast\"") "{\"accept\":null}") END,
               "blocked blocked blocked, policy of inet t in");
        expect(BASE("accept") RULE("5", META("pkttype", "\"host\"") "{\"drop\":null}") END, blocked);
        expect_at("10.1.0.5:53/udp", BASE("drop") RULE("5", META("pkttype", "\"broadcast\"") "{\"accept\":null}") END,
                  unknown);
        expect_at("10.1.0.5:53/udp", BASE("accept") END, open);
}

/* Rules of iptables-nft, by what their matches are translated to. */
static void test_translated(void **state)
{
        static const struct {
                const char *text, *accepting, *dropping;
        } cases[] = {
                {"ct state new", "unknown", "blocked"}, /* packets behind the first do not get in */
                {"ct state established", "blocked", "unknown"},
                {"pkttype unicast", "reachable", "blocked"},
                {"fib daddr type local", "reachable", "blocked"},
                {"fib daddr type broadcast", "blocked", "reachable"},
                /* --limit-iface-in: what follows a phrase that is not known is no phrase */
                {"fib daddr . iif type local", "unknown", "unknown"},
                /* --ctstate NEW,DNAT, and the same negated */
                {"ct status dnat", "unknown", "unknown"},
                {"ether saddr 02:00:00:00:00:02", "unknown", "unknown"},
                {"meta mark 0x1", "unknown", "unknown"},
                {"xt match \\\"physdev\\\"", "unknown", "unknown"},
        };

        for (size_t i = 0; i < array_len(cases) * 2; i++) {
                const char *verdict = i % 2 ? "drop" : "accept", *other = i % 2 ? "accept" : "drop";
                const char *wanted = i % 2 ? cases[i / 2].dropping : cases[i / 2].accepting;
                _cleanup_free_ char *json = xasprintf(
                        "{\"nftables\":[{\"chain\":{\"family\":\"ip\",\"table\":\"filter\",\"name\":\"INPUT\",\"handle\":1,"
                        "\"type\":\"filter\",\"hook\":\"input\",\"prio\":0,\"policy\":\"%s\"}},{\"rule\":{\"family\":\"ip\","
                        "\"table\":\"filter\",\"chain\":\"INPUT\",\"handle\":5,\"text\":\"%s counter packets 0 bytes 0 %s\","
                        "\"expr\":[{\"xt\":{\"type\":\"match\",\"name\":\"some\"}},{\"%s\":null}]}}]}",
                        other, cases[i / 2].text, verdict, verdict);
                struct host h = host_new();
                const char *found;

                (void)sample_socket(h.view, HOST_NETNS, "0.0.0.0:22/tcp");
                judge(&h, json, strlen(json));
                found = reach_state_name(h.assessment->listeners.at[0].exposure.zones[0].state);
                if (!streq(found, wanted))
                        fail_msg("%s %s: %s", cases[i / 2].text, verdict, found);
                host_free(&h);
        }
}

/* A statement whose value is missing ends its rule: what stands behind it is not done. */
static void test_rules_that_end(void **state)
{
        static const char unknown[] = "unknown unknown unknown, open";
        static const char blocked[] = "blocked blocked blocked, inet t in handle 5";
#define DROP_BEHIND(statement) BASE("accept") RULE("5", statement ",{\"drop\":null}") END
#define SET(key, value) "{\"mangle\":{\"key\":" key ",\"value\":" value "}}"
#define MARK "{\"meta\":{\"key\":\"mark\"}}"
#define MAP "{\"map\":{\"key\":{\"payload\":{\"protocol\":\"tcp\",\"field\":\"dport\"}},\"data\":{\"set\":[[80,1]]}}}"

        expect(DROP_BEHIND(SET(MARK, "1")), blocked);
        expect(DROP_BEHIND(SET(MARK, "{\"|\":[" MARK ",1]}")), blocked);
        expect(DROP_BEHIND(SET(MARK, MAP)), unknown);
        expect(DROP_BEHIND(SET(MARK, "{\"|\":[{\"ct\":{\"key\":\"mark\"}},1]}")), unknown);
        expect(DROP_BEHIND(SET("{\"payload\":{\"protocol\":\"ip6\",\"field\":\"dscp\"}}", "1")), unknown);
        expect(DROP_BEHIND("{\"counter\":\"c\"}"), blocked);
        expect(DROP_BEHIND("{\"counter\":" MAP "}"), unknown);
        expect(DROP_BEHIND("{\"dup\":{\"addr\":\"10.1.0.9\"}}"), blocked);
        expect(DROP_BEHIND("{\"dup\":{\"addr\":" MAP "}}"), unknown);
}

/* An interface without an address takes packets for those of the others; nobody expects them there. */
static void test_devices_without_address(void **state)
{
        static const struct {
                const char *link, *bound, *json;
                enum reach_state state;
        } cases[] = {
                {NULL, NULL, BASE("drop") RULE("5", META("iifname", "\"wlan0\"") "{\"accept\":null}") END, REACH_BLOCKED},
                {"wlan0", NULL, BASE("drop") RULE("5", META("iifname", "\"wlan0\"") "{\"accept\":null}") END, REACH_UNKNOWN},
                {"wlan0", NULL, BASE("drop") RULE("5", META("iifname", "\"other0\"") "{\"accept\":null}") END, REACH_BLOCKED},
                {"wlan0", NULL, BASE("accept") RULE("5", META("iifname", "\"wlan0\"") "{\"drop\":null}") END, REACH_REACHABLE},
                /* bound to one */
                {"wlan0", "wlan0", BASE("accept") END, REACH_REACHABLE},
                {"wlan0", "wlan0", BASE("drop") END, REACH_BLOCKED},
                {"wlan0", "wlan0", BASE("drop") RULE("5", META("iifname", "\"eth0\"") "{\"accept\":null}") END, REACH_BLOCKED},
                /* or to one that was not seen */
                {NULL, "wlan0", BASE("accept") END, REACH_REACHABLE},
                {NULL, "wlan0", BASE("drop") RULE("5", META("iifname", "\"wlan0\"") "{\"accept\":null}") END, REACH_UNKNOWN},
        };

        for (size_t i = 0; i < array_len(cases); i++) {
                struct host h = host_new();
                struct socket_seen *s = sample_socket(h.view, HOST_NETNS, "0.0.0.0:22/tcp");
                enum reach_state found;

                if (cases[i].bound) {
                        s->device = cases[i].bound;
                        s->ifindex = 77;
                }
                sample_link(h.view, HOST_NETNS, "eth0");
                if (cases[i].link)
                        sample_link(h.view, HOST_NETNS, cases[i].link);
                judge(&h, cases[i].json, strlen(cases[i].json));
                found = h.assessment->listeners.at[0].exposure.zones[1].state; /* who is on none of its networks */
                if (found != cases[i].state)
                        fail_msg("case %zu: %s", i, reach_state_name(found));
                host_free(&h);
        }
}

#define DROP_SET(members)                                                                                     \
        BASE("accept")                                                                                        \
        ",{\"set\":{\"family\":\"inet\",\"name\":\"s\",\"table\":\"t\",\"type\":\"ipv4_addr\",\"elem\":[" members "]}}"     \
        RULE("5", PAYLOAD("ip", "saddr", "\"@s\"") "{\"drop\":null}") END
#define OFFICE "{\"prefix\":{\"addr\":\"10.1.0.0\",\"len\":16}}"

/* What is blocked for an hour is not blocked. */
static void test_members_that_expire(void **state)
{
        static const char unknown[] = "unknown reachable reachable, open";

        expect(DROP_SET(OFFICE), "blocked reachable reachable, open");
        expect(DROP_SET("{\"elem\":{\"val\":" OFFICE ",\"comment\":\"x\"}}"), "blocked reachable reachable, open");
        expect(DROP_SET("{\"elem\":{\"val\":" OFFICE ",\"timeout\":60,\"expires\":59}}"), unknown);
        expect(DROP_SET("{\"elem\":{\"val\":" OFFICE ",\"expires\":59}}"), unknown); /* the set has a timeout */
}

/* Packets for all reach whoever listens for them, from senders that have no address yet, too. */
static void test_groups(void **state)
{
        static const char unknown[] = "unknown unknown unknown, open";
        static const char policy[] = "blocked blocked blocked, policy of inet t in";
        static const char broadcast[] = BASE("drop") RULE("5",
                "{\"match\":{\"op\":\"==\",\"left\":{\"fib\":{\"result\":\"type\",\"flags\":[\"daddr\"]}},"
                "\"right\":\"broadcast\"}},{\"accept\":null}") END;
        static const char to_all[] = BASE("drop") RULE("5", PAYLOAD("ip", "daddr", "\"224.0.0.5\"") "{\"accept\":null}") END;
        static const char nameless[] = BASE("drop") RULE("5", PAYLOAD("ip", "saddr", "\"0.0.0.0\"") "{\"accept\":null}") END;

        expect_at("10.1.255.255:137/udp", broadcast, unknown);
        expect_at("10.1.0.5:137/udp", broadcast, policy);
        expect_at("0.0.0.0:22/tcp", broadcast, policy);
        expect_at("0.0.0.0:89/raw", to_all, unknown);
        expect_at("10.1.0.5:89/raw", to_all, policy);
        expect_at("0.0.0.0:67/udp", nameless, unknown);
        expect_at("0.0.0.0:22/tcp", nameless, policy);
        expect_at("10.1.0.77:22/tcp", BASE("drop") END, policy); /* bound to an address that is not here yet */
}

/* nft(8) lists `meta nfproto ipv6 reject` as `reject with icmpv6`: that is no rule for IPv4. */
static void test_implied_matches(void **state)
{
        expect(BASE("accept") RULE("5", "{\"reject\":{\"type\":\"icmpv6\",\"expr\":\"no-route\"}}") END,
               "reachable reachable reachable, open");
        expect(BASE("accept") RULE("5", "{\"reject\":{\"type\":\"icmp\",\"expr\":\"no-route\"}}") END,
               "blocked blocked blocked, inet t in handle 5");
        expect(BASE("accept") RULE("5", "{\"reject\":{\"type\":\"tcp reset\"}}") END,
               "blocked blocked blocked, inet t in handle 5");
}

/* A service address on the loopback device is reached from elsewhere all the same. */
static void test_addresses_on_lo(void **state)
{
        static const char json[] = BASE("drop") RULE("5", PAYLOAD("ip", "daddr", "\"203.0.113.7\"") "{\"accept\":null}") END;
        struct host h = host_new();

        sample_interface(h.view, HOST_NETNS, "lo", "203.0.113.7/32");
        (void)sample_socket(h.view, HOST_NETNS, "0.0.0.0:22/tcp");
        judge(&h, json, strlen(json));
        assert_int_equal(h.assessment->listeners.at[0].exposure.zones[0].state, REACH_REACHABLE);
        host_free(&h);
}

/* Limits that are kept let in; of one who asks once, they stop nothing. */
static void test_limits(void **state)
{
        expect(BASE("drop") RULE("5", "{\"match\":{\"op\":\"in\",\"left\":{\"ct\":{\"key\":\"state\"}},\"right\":\"established\"}},"
                                      "{\"accept\":null}")
                       RULE("6", "{\"limit\":{\"rate\":5,\"per\":\"minute\"}},{\"accept\":null}") END,
               "reachable reachable reachable, open");
        expect(BASE("accept") RULE("6", "{\"limit\":{\"rate\":5,\"per\":\"minute\",\"inv\":true}},{\"drop\":null}") END,
               "reachable reachable reachable, open");
}

/* A first packet that gets in alone is no connection. */
static void test_later_packets(void **state)
{
        expect(BASE("drop") RULE("5", "{\"match\":{\"op\":\"in\",\"left\":{\"ct\":{\"key\":\"state\"}},\"right\":\"new\"}},"
                                      "{\"accept\":null}") END,
               "unknown unknown unknown, open");
}

/* Jumps in a circle, which the kernel refuses, come to an end. */
static void test_circles(void **state)
{
        expect(BASE("drop") RULE("5", "{\"jump\":{\"target\":\"in\"}}") END, "unknown unknown unknown, open");
        expect(BASE("drop") RULE("5", "{\"goto\":{\"target\":\"nowhere\"}}") END, "unknown unknown unknown, open");
}

#define NAT_CHAIN(table, priority)                                                                          \
        "{\"chain\":{\"family\":\"ip\",\"table\":\"" table "\",\"name\":\"pre\",\"handle\":1,\"type\":\"nat\"," \
        "\"hook\":\"prerouting\",\"prio\":" priority ",\"policy\":\"accept\"}}"
#define NAT_RULE(table, statements) \
        "{\"rule\":{\"family\":\"ip\",\"table\":\"" table "\",\"chain\":\"pre\",\"handle\":5,\"expr\":[" statements "]}}"
#define PORT_22 PAYLOAD("tcp", "dport", "22")
#define TO_80   NAT_RULE("a", PORT_22 "{\"redirect\":{\"port\":80}}")
#define KEEPS   NAT_RULE("b", PORT_22 "{\"accept\":null}")
#define TO_90   NAT_RULE("b", PORT_22 "{\"redirect\":{\"port\":90}}")

/* NAT chains of one priority are asked in an order that no listing tells. */
static void test_nat_priorities(void **state)
{
        static const char blocked[] = "blocked blocked blocked, ip a pre handle 5";
        static const char unknown[] = "unknown unknown unknown, open";

        expect("{\"nftables\":[" NAT_CHAIN("a", "-100") "," TO_80 END, blocked);
        expect("{\"nftables\":[" NAT_CHAIN("a", "-101") "," NAT_CHAIN("b", "-100") "," TO_80 "," TO_90 END, blocked);
        expect("{\"nftables\":[" NAT_CHAIN("a", "-99") "," NAT_CHAIN("b", "-100") "," TO_80 "," TO_90 END,
               "blocked blocked blocked, ip b pre handle 5");
        expect("{\"nftables\":[" NAT_CHAIN("a", "-100") "," NAT_CHAIN("b", "-100") "," TO_80 "," TO_90 END, unknown);
        expect("{\"nftables\":[" NAT_CHAIN("a", "-100") "," NAT_CHAIN("b", "-100") "," TO_80 "," KEEPS END, unknown);
        /* and where no rule of them changes anything, it does not matter */
        expect("{\"nftables\":[" NAT_CHAIN("a", "-100") "," NAT_CHAIN("b", "-100") "," KEEPS END,
               "reachable reachable reachable, open");
}

static void test_what_could_not_be_read(void **state)
{
        struct host h = host_new();

        (void)sample_socket(h.view, HOST_NETNS, "0.0.0.0:22/tcp");
        h.assessment = assess_correlate(h.view, h.knowledge);
        assess_reach(h.assessment, NULL);
        assert_int_equal(h.assessment->listeners.at[0].exposure.n_zones, 1);
        assert_string_equal(h.assessment->listeners.at[0].exposure.zones[0].zone, "anywhere");
        assert_int_equal(h.assessment->listeners.at[0].exposure.zones[0].state, REACH_UNKNOWN);
        h.view->netns.at[HOST_NETNS].no_tables = true;
        assess_reach(h.assessment, NULL);
        assert_int_equal(h.assessment->listeners.at[0].exposure.zones[0].state, REACH_REACHABLE);
        h.view->netns.at[HOST_NETNS].legacy_filter = true;
        assess_reach(h.assessment, NULL);
        assert_int_equal(h.assessment->listeners.at[0].exposure.zones[0].state, REACH_UNKNOWN);
        host_free(&h);
}

/* --- sets ------------------------------------------------------------------------------------------ */

static struct sources set_of(struct scratch *s, uint64_t bits)
{
        struct rule_span spans[64];
        size_t n = 0;

        for (unsigned i = 0; i < 64; i++)
                if (bits >> i & 1)
                        spans[n++] = (struct rule_span){i, i};
        return sources_of(s, spans, n);
}

static void assert_set(struct sources set, uint64_t bits)
{
        uint64_t found = 0;

        for (size_t i = 0; i < set.n; i++) {
                assert_true(set.at[i].first <= set.at[i].last && set.at[i].last < 64);
                assert_true(!i || set.at[i].first > set.at[i - 1].last);
                for (rule_number k = set.at[i].first; k <= set.at[i].last; k++)
                        found |= UINT64_C(1) << (unsigned)k;
        }
        assert_true(found == bits);
}

static void test_sets(void **state)
{
        struct scratch s = {0};
        uint64_t seed = 1;

        for (unsigned i = 0; i < 2000; i++) {
                uint64_t a, b;

                seed = seed * 6364136223846793005u + 1442695040888963407u;
                a = seed ^ seed >> 29;
                seed = seed * 6364136223846793005u + 1442695040888963407u;
                b = i % 3 ? seed ^ seed >> 31 : a & seed;
                assert_set(sources_common(&s, set_of(&s, a), set_of(&s, b)), a & b);
                assert_set(sources_without(&s, set_of(&s, a), set_of(&s, b)), a & ~b);
                assert_set(sources_union(&s, set_of(&s, a), set_of(&s, b)), a | b);
        }
        scratch_release(&s);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_golden),
                cmocka_unit_test(test_policy_blocks),
                cmocka_unit_test(test_a_zone_that_is_shut),
                cmocka_unit_test(test_the_unknown_never_blocks),
                cmocka_unit_test(test_odd_packets),
                cmocka_unit_test(test_rules_that_end),
                cmocka_unit_test(test_devices_without_address),
                cmocka_unit_test(test_translated),
                cmocka_unit_test(test_members_that_expire),
                cmocka_unit_test(test_groups),
                cmocka_unit_test(test_implied_matches),
                cmocka_unit_test(test_addresses_on_lo),
                cmocka_unit_test(test_limits),
                cmocka_unit_test(test_later_packets),
                cmocka_unit_test(test_circles),
                cmocka_unit_test(test_nat_priorities),
                cmocka_unit_test(test_what_could_not_be_read),
                cmocka_unit_test(test_sets),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
