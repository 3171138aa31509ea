/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The UDP method alone, for tests/integration/test_scan_udp.py:
 *
 *      scan-udp-driver [--server|--plc|--canary] [--attempts N] [--wait MS] [--outside ADDRESS] ADDRESS PORTS
 *
 * Asks each port until it is decided, attempt by attempt, and waits after each of them. Lines: "heard KIND
 * REASON ADDRESS PORT ATTEMPT CANARY TTL RTT_US" and a last "statistics SENT REFUSED RECEIVED DROPPED FORGED
 * GATE". --outside: that address is probed first though it is not in scope.
 */
#include <errno.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/str.h"
#include "model/port_set.h"
#include "scan/method.h"
#include "scan/payload.h"

struct driver {
        struct method_state *method;
        struct port_set left;
        struct address target;
        uint32_t zone_index;
        enum device_class class;
        bool canary;
        unsigned attempts, wait_ms;
};

static void hear(const struct heard *h, void *arg)
{
        static const char *const kinds[] = {
                [HEARD_OPEN] = "open",           [HEARD_CLOSED] = "closed",
                [HEARD_PROHIBITED] = "prohibited", [HEARD_UNREACHABLE] = "unreachable",
                [HEARD_NOT_SENT] = "not-sent",
        };
        struct driver *d = arg;
        char text[ADDRESS_TEXT_SIZE];

        printf("heard %s %d %s %u %u %d %u %u\n", kinds[h->kind], (int)h->reason, address_format(&h->from, text),
               h->port, h->attempt, h->canary, h->ttl, h->rtt_us);
        if (address_compare(&h->from, &d->target) == 0)
                port_set_remove(&d->left, h->port);
}

static void wait_for(struct driver *d, uint64_t ns)
{
        uint64_t until = clock_monotonic_ns() + ns;

        for (;;) {
                uint64_t now = clock_monotonic_ns();
                struct pollfd fds[4];
                unsigned n = method_udp.poll(d->method, fds, array_len(fds));

                if (now < until)
                        (void)poll(fds, n, (int)((until - now) / 1000000 + 1));
                method_udp.receive(d->method, clock_monotonic_ns());
                if (now >= until)
                        return;
        }
}

static void send_all(struct driver *d, const struct probe *probes, unsigned n)
{
        for (unsigned sent = 0; sent < n;) {
                unsigned some = n - sent < 64 ? n - sent : 64;
                int rc = method_udp.send(d->method, probes + sent, some);

                if (rc < 0) {
                        fprintf(stderr, "send: %d\n", rc);
                        exit(1);
                }
                sent += (unsigned)rc;
                method_udp.receive(d->method, clock_monotonic_ns());
        }
}

static void ask(struct driver *d, unsigned attempt)
{
        static struct probe probes[65536];
        unsigned n = 0;

        for (unsigned port = 1; port <= UINT16_MAX; port++)
                if (port_set_has(&d->left, (uint16_t)port) && attempt < udp_payload_count((uint16_t)port))
                        probes[n++] = (struct probe){
                                .to = d->target,
                                .zone_index = d->zone_index,
                                .port = (uint16_t)port,
                                .attempt = (uint8_t)attempt,
                                .canary = d->canary,
                                .class = d->class,
                        };
        send_all(d, probes, n);
        if (n)
                wait_for(d, d->wait_ms * 1000000ull);
}

static void parse_ports(struct port_set *set, char *text)
{
        for (char *word; (word = strsep(&text, ","));) {
                char *dash = strchr(word, '-');
                uint64_t first, last;

                if (dash)
                        *dash++ = '\0';
                if (str_to_u64(word, UINT16_MAX, &first) < 0 || str_to_u64(dash ? dash : word, UINT16_MAX, &last) < 0)
                        exit(2);
                for (; first <= last; first++)
                        port_set_add(set, (uint16_t)first);
        }
}

static void parse_target(struct driver *d, char *text)
{
        char *zone = strchr(text, '%');

        if (zone) {
                *zone++ = '\0';
                d->zone_index = if_nametoindex(zone);
        }
        if (address_parse(text, &d->target) < 0)
                exit(2);
}

static const char *options(struct driver *d, int argc, char **argv)
{
        const char *outside = NULL;
        uint64_t n = 0;
        int i;

        for (i = 1; i < argc - 2; i++) {
                if (streq(argv[i], "--server"))
                        d->class = DEVICE_SERVER;
                else if (streq(argv[i], "--plc"))
                        d->class = DEVICE_PLC;
                else if (streq(argv[i], "--canary"))
                        d->canary = true;
                else if (streq(argv[i], "--outside"))
                        outside = argv[++i];
                else if (streq(argv[i], "--attempts") && str_to_u64(argv[++i], METHOD_TRIES_MAX, &n) == 0)
                        d->attempts = (unsigned)n;
                else if (streq(argv[i], "--wait") && str_to_u64(argv[++i], 60000, &n) == 0)
                        d->wait_ms = (unsigned)n;
                else
                        exit(2);
        }
        if (i != argc - 2)
                exit(2);
        parse_target(d, argv[i]);
        parse_ports(&d->left, argv[i + 1]);
        return outside;
}

static void ask_outside(struct driver *d, const char *outside)
{
        struct probe probes[2] = {{.to = d->target, .port = 53}, {.port = 53}};

        if (address_parse(outside, &probes[1].to) < 0)
                exit(2);
        send_all(d, probes, 2);
}

int main(int argc, char **argv)
{
        struct driver d = {.attempts = METHOD_TRIES_MAX, .wait_ms = 300};
        const char *outside = options(&d, argc, argv);
        struct address_range range = {d.target, d.target};
        struct scope scope = {.include = {.at = &range, .n = 1}};
        struct gate gate = {.scope = &scope};
        struct method_setup setup = {.gate = &gate, .hearing = {hear, &d}, .rate = 100000};
        struct method_statistics s;
        struct err err = {0};

        if (getrandom(&setup.key, sizeof(setup.key), 0) < 0 || method_udp.open(&d.method, &setup, &err) < 0) {
                fprintf(stderr, "%s\n", err.text);
                return 1;
        }
        if (outside)
                ask_outside(&d, outside);
        for (unsigned attempt = 0; attempt < d.attempts; attempt++)
                ask(&d, attempt);
        method_udp.statistics(d.method, &s);
        printf("statistics %lu %lu %lu %lu %lu %lu\n", s.sent, s.refused_by_kernel, s.received, s.dropped, s.forged,
               gate.refused);
        (void)method_udp.close(d.method);
        return 0;
}
