/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What putting 300 listeners to a ruleset of 2,000 rules costs, from its JSON on; with an estate of four zones. */
#include <stdio.h>
#include <stdlib.h>

#include "assess/assess.h"
#include "base/clock.h"
#include "base/str.h"
#include "collect/ruleset_json.h"
#include "collect/ruleset_parse.h"
#include "inside_sample.h"

#define RULES     2000
#define LISTENERS 300

static void add_rule(struct str *to, unsigned i)
{
        static const char *const forms[] = {
                "{\"match\":{\"op\":\"==\",\"left\":{\"payload\":{\"protocol\":\"ip\",\"field\":\"saddr\"}},\"right\":"
                "{\"prefix\":{\"addr\":\"10.%u.%u.0\",\"len\":24}}}},{\"match\":{\"op\":\"==\",\"left\":{\"payload\":"
                "{\"protocol\":\"tcp\",\"field\":\"dport\"}},\"right\":%u}},{\"accept\":null}",
                "{\"match\":{\"op\":\"!=\",\"left\":{\"payload\":{\"protocol\":\"ip\",\"field\":\"saddr\"}},\"right\":"
                "{\"set\":[{\"prefix\":{\"addr\":\"10.%u.%u.0\",\"len\":24}},\"192.168.1.1\"]}}},{\"match\":{\"op\":\"==\","
                "\"left\":{\"payload\":{\"protocol\":\"tcp\",\"field\":\"dport\"}},\"right\":{\"set\":[%u,22]}}},{\"drop\":null}",
                "{\"match\":{\"op\":\"==\",\"left\":{\"payload\":{\"protocol\":\"ip\",\"field\":\"saddr\"}},\"right\":"
                "{\"prefix\":{\"addr\":\"10.%u.%u.0\",\"len\":24}}}},{\"match\":{\"op\":\"==\",\"left\":{\"meta\":{\"key\":"
                "\"mark\"}},\"right\":%u}},{\"accept\":null}",
        };

        str_addf(to, ",{\"rule\":{\"family\":\"inet\",\"table\":\"t\",\"chain\":\"in\",\"handle\":%u,\"expr\":[", i + 5);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        str_addf(to, forms[i % 10 == 9 ? 2 : i % 3 == 2], i % 4, i % 256, 2000 + i % (LISTENERS + 50));
#pragma GCC diagnostic pop
        str_add(to, "]}}");
}

static void add_network(struct estate_network *to, const char *cidr, const char *zone)
{
        (void)address_range_parse(cidr, true, &to->range, NULL, NULL);
        to->zone = zone;
}

int main(void)
{
        _cleanup_str_ struct str json = {0};
        struct estate_network networks[3] = {{.line = 1}};
        struct estate estate = {.networks = networks, .n_networks = 3};
        struct inside *view = sample_inside();
        struct knowledge *knowledge = knowledge_open(NULL, NULL, NULL);
        struct assessment *a;
        json_t *objects;
        uint64_t begin, parsed, end;

        add_network(&networks[0], "10.1.0.0/16", "office");
        add_network(&networks[1], "10.2.0.0/16", "guests");
        add_network(&networks[2], "fd00:1::/64", "six");
        str_add(&json, "{\"nftables\":[{\"chain\":{\"family\":\"inet\",\"table\":\"t\",\"name\":\"in\",\"type\":\"filter\","
                       "\"hook\":\"input\",\"prio\":0,\"policy\":\"drop\"}}");
        for (unsigned i = 0; i < RULES; i++)
                add_rule(&json, i);
        str_add(&json, "]}");
        sample_interface(view, HOST_NETNS, "eth0", "10.1.0.5/16");
        sample_interface(view, HOST_NETNS, "eth0", "fd00:1::5/64");
        for (unsigned i = 0; i < LISTENERS; i++) {
                char place[32];

                (void)snprintf(place, sizeof(place), "[::]:%u/tcp", 2000 + i);
                (void)sample_socket(view, HOST_NETNS, place);
        }
        begin = clock_monotonic_ns();
        objects = ruleset_json(json.text, json.len, NULL);
        view->netns.at[HOST_NETNS].ruleset = ruleset_read(view->pool, objects);
        json_decref(objects);
        parsed = clock_monotonic_ns();
        a = assess_correlate(view, knowledge);
        end = clock_monotonic_ns();
        printf("parse %.1f ms\n", (double)(parsed - begin) / 1e6);
        begin = end;
        assess_reach(a, &estate);
        end = clock_monotonic_ns();
        printf("%d rules, %zu listeners, 4 zones: %.1f ms\n", RULES, a->listeners.n, (double)(end - begin) / 1e6);
        assess_free(a);
        knowledge_free(knowledge);
        inside_free(view);
        return 0;
}
