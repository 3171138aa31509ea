/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Refused packets: groups of them, and what is told. */
#include "test.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "cli/denied_groups.h"
#include "cli/watch_denied.h"
#include "report/denied_report.h"

static const struct denied_context context = {.asset = "a1", .vantage = "inside", .zone = "office"};

static struct denied packet_of(const char *source, uint16_t port, int64_t time_ms)
{
        struct denied p = {.protocol = IPPROTO_TCP,
                           .has_ports = true,
                           .port = port,
                           .time_ms = time_ms,
                           .device = "eth0"};

        assert_int_equal(address_parse(source, &p.source), 0);
        assert_int_equal(address_parse("10.0.0.2", &p.destination), 0);
        return p;
}

static struct denied_group *add(struct denied_groups *groups, const char *source, uint16_t port,
                                int64_t time_ms)
{
        struct denied p = packet_of(source, port, time_ms);
        bool is_new;
        struct denied_group *g = denied_groups_add(groups, &p, &is_new);

        if (is_new)
                denied_groups_told(g, time_ms);
        return g;
}

static size_t due(struct denied_groups *groups, int64_t now_ms)
{
        size_t n = 0, i = 0;
        struct denied_group *g;

        while ((g = denied_groups_due(groups, now_ms, false, &i))) {
                n++;
                denied_groups_told(g, now_ms);
        }
        return n;
}

static void test_the_same_is_counted(void **state)
{
        struct denied_groups groups = {0};

        for (int i = 0; i < 100; i++)
                assert_int_equal(add(&groups, "10.0.0.9", 8443, 1000 + i)->count, i + 1);
        (void)add(&groups, "10.0.0.8", 8443, 1100);
        assert_int_equal(groups.n, 2);
        assert_int_equal(due(&groups, 1000 + DENIED_RECAP_MS - 1), 0);
        assert_int_equal(due(&groups, 1000 + DENIED_RECAP_MS), 1); /* the other was told whole */
        assert_int_equal(due(&groups, 1000 + 2 * DENIED_RECAP_MS), 0);
        (void)add(&groups, "10.0.0.9", 8443, 2000);
        assert_int_equal(due(&groups, 500), 1); /* the clock was set back */
        assert_int_equal(due(&groups, 2000 + DENIED_FORGET_MS + 1), 0);
        assert_int_equal(groups.n, 0);
        denied_groups_release(&groups);
}

static void test_many_ports_are_one(void **state)
{
        struct denied_groups groups = {0};
        struct denied_group *g = NULL;

        (void)add(&groups, "10.0.0.8", 22, 1);
        for (uint16_t port = 1000; port < 2000; port++)
                g = add(&groups, "10.0.0.9", port, 10);
        assert_int_equal(groups.n, 2);
        assert_int_equal(g->count, 1000);
        assert_int_equal(groups.n_packets, 1001);
        denied_groups_release(&groups);
}

static void test_bounded(void **state)
{
        struct denied_groups groups = {0};
        char source[32];

        for (unsigned i = 0; i < 5000; i++) {
                (void)snprintf(source, sizeof(source), "10.1.%u.%u", i / 250, i % 250 + 1);
                (void)add(&groups, source, 80, i);
        }
        assert_int_equal(groups.n, DENIED_GROUPS_MAX);
        assert_int_equal(groups.n_forgotten, 0); /* all of those were told */
        denied_groups_release(&groups);
}

static void test_lines(void **state)
{
        static const char line[] =
                "{\"device\":\"eth0\",\"protocol\":6,\"source\":\"10.0.0.9\",\"destination\":\"10.0.0.2\","
                "\"source_port\":40000,\"port\":8443}";
        static const char *const bad[] = {"",
                                          "{}",
                                          "{\"ready\":true}",
                                          "{\"source\":\"10.0.0.9\"}",
                                          "{\"source\":\"x\",\"destination\":\"10.0.0.2\"}",
                                          "{\"source\":\"10.0.0.9\",\"destination\":\"10.0.0.2\"} x"};
        struct denied p;

        assert_true(denied_parse(line, strlen(line), &p));
        assert_int_equal(p.port, 8443);
        assert_int_equal(p.source_port, 40000);
        assert_string_equal(p.device, "eth0");
        for (size_t i = 0; i < array_len(bad); i++)
                assert_false(denied_parse(bad[i], strlen(bad[i]), &p));
}

static void test_what_is_told(void **state)
{
        struct denied_group g = {.last = packet_of("10.0.0.9", 8443, 1795300000123),
                                 .count = 3,
                                 .n_ports = 1,
                                 .first_ms = 1795300000000};
        struct str out = {0};

        denied_text(&out, &g, &context);
        assert_string_equal(
                out.text,
                "2026-11-21T22:26:40Z denied 10.0.0.9 (office) -> tcp 8443 at 10.0.0.2 by eth0, 3 times\n"
                "    if it is needed: quaymaster policy approve 8443/tcp --from office --need '...' --owner '...'\n");
        str_reset(&out);
        denied_json(&out, &g, &context);
        assert_string_equal(
                out.text,
                "{\"type\":\"denied\",\"schema\":1,\"asset\":\"a1\",\"vantage\":\"inside\",\"time\":\"2026-11-21T22:26:40.123Z\","
                "\"transport\":\"tcp\",\"source\":\"10.0.0.9\",\"zone\":\"office\",\"address\":\"10.0.0.2\",\"port\":8443,"
                "\"device\":\"eth0\",\"count\":3,\"since_told\":3,\"first\":\"2026-11-21T22:26:40.000Z\","
                "\"approve\":\"quaymaster policy approve 8443/tcp --from office --need '...' --owner '...'\"}\n");
        str_reset(&out);
        g.last.protocol = IPPROTO_ICMP;
        g.last.has_ports = false;
        g.told = 1;
        denied_text(&out, &g, &context);
        assert_string_equal(
                out.text,
                "2026-11-21T22:26:40Z denied 10.0.0.9 (office) -> icmp at 10.0.0.2 by eth0, 3 times\n");
        str_release(&out);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_the_same_is_counted),
                cmocka_unit_test(test_many_ports_are_one),
                cmocka_unit_test(test_bounded),
                cmocka_unit_test(test_lines),
                cmocka_unit_test(test_what_is_told),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
