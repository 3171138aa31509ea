/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * No test by itself: the SYN method and discovery alone, without the engine, for tests/integration.
 *
 *      scan-syn-driver syn SCOPE TARGET FIRST LAST ATTEMPTS LINGER_MS
 *      scan-syn-driver discover SCOPE ATTEMPTS LINGER_MS TARGET...
 *      scan-syn-driver speed SCOPE TARGET COUNT [PACE]
 *
 * The environment's RATE is the rate that the method is told: above 300,000 it takes AF_XDP where it can. PACE is
 * packets a second, none is as fast as it goes. SCOPE is a network; the scope is that and what is always in it. Prints a line for each thing heard: KIND
 * REASON ADDRESS PORT ATTEMPT CANARY TTL RTT_US MAC; at last "sent N refused N received N dropped N forged N
 * stopped N fast N" (stopped: by the gate; fast: by AF_XDP).
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "scan/discover.h"

#define CHUNK 256

static const char *const kinds[] = {
        [HEARD_OPEN] = "open",
        [HEARD_CLOSED] = "closed",
        [HEARD_PROHIBITED] = "prohibited",
        [HEARD_UNREACHABLE] = "unreachable",
        [HEARD_SILENCE] = "silence",
        [HEARD_NOT_SENT] = "not-sent",
        [HEARD_ALIVE] = "alive",
        [HEARD_NEIGHBOUR] = "neighbour",
};

struct driver {
        struct range_set own, broadcast;
        struct estate estate;
        struct estate_network network;
        struct scope scope;
        struct gate gate;
        struct paths *paths;
        struct method_setup setup;
        bool quiet;
        struct heard last;
        uint64_t heard;
};

static void die(const char *what, const struct err *err)
{
        (void)fprintf(stderr, "%s: %s\n", what, err->text);
        exit(1);
}

static void hear(const struct heard *h, void *arg)
{
        struct driver *d = arg;
        char text[ADDRESS_TEXT_SIZE];

        d->last = *h;
        d->heard++;
        if (d->quiet)
                return;
        (void)printf("%s %d %s %u %u %d %u %u %02x:%02x:%02x:%02x:%02x:%02x\n", kinds[h->kind],
                     (int)h->reason, address_format(&h->from, text), h->port, h->attempt, h->canary, h->ttl,
                     h->rtt_us, h->mac[0], h->mac[1], h->mac[2], h->mac[3], h->mac[4], h->mac[5]);
}

static void print_statistics(const struct driver *d, const struct method_statistics *s)
{
        (void)printf(
                "sent %llu refused %llu received %llu dropped %llu forged %llu stopped %llu fast %llu\n",
                (unsigned long long)s->sent, (unsigned long long)s->refused_by_kernel,
                (unsigned long long)s->received, (unsigned long long)s->dropped,
                (unsigned long long)s->forged, (unsigned long long)d->gate.refused,
                (unsigned long long)s->fast);
}

static void open_driver(struct driver *d, const char *scope)
{
        struct err err;

        d->estate.networks = &d->network;
        d->estate.n_networks = 1;
        if (address_range_parse(scope, false, &d->network.range, NULL, &err) < 0 ||
            paths_own_addresses(&d->own, &d->broadcast, &err) < 0 || paths_open(&d->paths, &err) < 0)
                die("start", &err);
        scope_make(&d->scope, &d->estate, &d->own, &d->broadcast);
        d->gate.scope = &d->scope;
        d->setup = (struct method_setup){.rate = getenv("RATE") ? (uint32_t)strtoul(getenv("RATE"), NULL, 10)
                                                                : 0,
                                         .gate = &d->gate,
                                         .key = {{clock_monotonic_ns(), 0x9e3779b97f4a7c15}},
                                         .hearing = {hear, d}};
}

static void close_driver(struct driver *d)
{
        scope_release(&d->scope);
        range_set_release(&d->own);
        range_set_release(&d->broadcast);
        paths_free(d->paths);
}

static struct probe probe_of(struct driver *d, const char *target)
{
        struct probe probe = {0};
        char text[128];
        const char *zone = strchr(target, '%');
        struct err err;

        (void)snprintf(text, sizeof(text), "%.*s", zone ? (int)(zone - target) : 100, target);
        if (zone)
                probe.zone_index = if_nametoindex(zone + 1);
        if (address_parse(text, &probe.to) < 0)
                die("target", &(struct err){.text = "no address"});
        if (paths_find(d->paths, &probe.to, probe.zone_index, &probe.path, &err) < 0)
                (void)fprintf(stderr, "%s\n", err.text);
        return probe;
}

/* The next hop of a neighbour from discovery, of a gateway from the kernel, as an engine does. */
static void resolve(struct driver *d, struct probe *probe)
{
        struct discovery *discovery;
        struct err err;

        if (!probe->path || !probe->path->link_has_addresses)
                return;
        if (!probe->path->on_link) {
                (void)paths_neighbour(d->paths, probe->path, &probe->path->gateway, probe->mac);
                return;
        }
        d->quiet = true;
        if (discovery_open(&discovery, &d->setup, &err) < 0)
                die("discovery", &err);
        (void)discovery_send(discovery, probe, 1, 0);
        for (unsigned i = 0; i < 100 && !d->heard; i++) {
                struct pollfd fd;

                (void)poll(&fd, discovery_poll(discovery, &fd, 1), 10);
                discovery_receive(discovery, clock_monotonic_ns());
        }
        if (d->heard && d->last.kind == HEARD_NEIGHBOUR)
                memcpy(probe->mac, d->last.mac, sizeof(probe->mac));
        d->quiet = false;
        discovery_close(discovery);
}

static void linger(struct method_state *m, unsigned ms)
{
        uint64_t end = clock_monotonic_ns() + ms * 1000000ull;
        struct pollfd fd;

        while (clock_monotonic_ns() < end) {
                (void)poll(&fd, method_syn.poll(m, &fd, 1), 5);
                method_syn.receive(m, clock_monotonic_ns());
        }
}

static void send_all(struct method_state *m, const struct probe *probes, unsigned n)
{
        while (n) {
                struct pollfd fd;
                int r = method_syn.send(m, probes, n);

                if (r < 0)
                        exit(1);
                probes += r;
                n -= (unsigned)r;
                method_syn.receive(m, clock_monotonic_ns());
                if (n)
                        (void)poll(&fd, method_syn.poll(m, &fd, 1), 1);
        }
}

static struct method_state *open_syn(struct driver *d)
{
        struct method_state *m;
        struct err err;

        if (method_find("syn")->open(&m, &d->setup, &err) < 0)
                die("syn", &err);
        return m;
}

static void close_syn(struct driver *d, struct method_state *m)
{
        struct method_statistics statistics;

        method_syn.statistics(m, &statistics);
        print_statistics(d, &statistics);
        method_syn.close(m);
}

static void run_syn(struct driver *d, char **args)
{
        struct probe one = probe_of(d, args[0]), chunk[CHUNK];
        unsigned first = (unsigned)strtoul(args[1], NULL, 10), last = (unsigned)strtoul(args[2], NULL, 10);
        unsigned attempts = (unsigned)strtoul(args[3], NULL, 10), n = 0;
        struct method_state *m = open_syn(d);

        resolve(d, &one);
        for (unsigned attempt = 0; attempt < attempts; attempt++) {
                for (unsigned port = first; port <= last; port++) {
                        chunk[n] = one;
                        chunk[n].port = (uint16_t)port;
                        chunk[n].attempt = (uint8_t)attempt;
                        chunk[n++].canary = attempt == 2;
                        if (n == CHUNK || port == last) {
                                send_all(m, chunk, n);
                                n = 0;
                        }
                }
        }
        linger(m, (unsigned)strtoul(args[4], NULL, 10));
        close_syn(d, m);
}

/* Hear until the pace allows more: bursts of CHUNK. */
static void keep_pace(struct method_state *m, uint64_t until_ns)
{
        struct pollfd fd;

        while (clock_monotonic_ns() < until_ns) {
                (void)poll(&fd, method_syn.poll(m, &fd, 1), 1);
                method_syn.receive(m, clock_monotonic_ns());
        }
}

static void run_speed(struct driver *d, char **args, unsigned long pace)
{
        struct probe one = probe_of(d, args[0]), chunk[CHUNK];
        unsigned long count = strtoul(args[1], NULL, 10), sent = 0;
        struct method_state *m = open_syn(d);
        uint64_t start;
        double seconds;

        resolve(d, &one);
        d->quiet = true;
        d->heard = 0;
        start = clock_monotonic_ns();
        while (sent < count) {
                for (unsigned i = 0; i < CHUNK; i++, sent++) {
                        chunk[i] = one;
                        chunk[i].port = (uint16_t)(sent % 65535 + 1);
                        chunk[i].attempt = (uint8_t)(sent / 65535 % METHOD_TRIES_MAX);
                }
                send_all(m, chunk, CHUNK);
                keep_pace(m, pace ? start + sent * 1000000000ull / pace : 0);
        }
        seconds = (double)(clock_monotonic_ns() - start) / 1e9;
        linger(m, 200);
        (void)printf("speed %.0f packets/s, %llu heard\n", (double)sent / seconds,
                     (unsigned long long)d->heard);
        close_syn(d, m);
}

static void run_discover(struct driver *d, char **args, int n)
{
        unsigned attempts = (unsigned)strtoul(args[0], NULL, 10);
        uint64_t end;
        struct discovery *discovery;
        struct method_statistics statistics;
        struct pollfd fd;
        struct err err;

        if (discovery_open(&discovery, &d->setup, &err) < 0)
                die("discovery", &err);
        for (unsigned attempt = 0; attempt < attempts; attempt++)
                for (int i = 2; i < n; i++) {
                        struct probe probe = probe_of(d, args[i]);

                        if (discovery_send(discovery, &probe, 1, attempt) != 1)
                                exit(1);
                }
        end = clock_monotonic_ns() + strtoul(args[1], NULL, 10) * 1000000ull;
        while (clock_monotonic_ns() < end) {
                (void)poll(&fd, discovery_poll(discovery, &fd, 1), 5);
                discovery_receive(discovery, clock_monotonic_ns());
        }
        discovery_statistics(discovery, &statistics);
        print_statistics(d, &statistics);
        discovery_close(discovery);
}

int main(int argc, char **argv)
{
        struct driver d = {0};

        if (argc < 5)
                return 2;
        open_driver(&d, argv[2]);
        if (streq(argv[1], "syn") && argc == 8)
                run_syn(&d, argv + 3);
        else if (streq(argv[1], "speed") && (argc == 5 || argc == 6))
                run_speed(&d, argv + 3, argc == 6 ? strtoul(argv[5], NULL, 10) : 0);
        else if (streq(argv[1], "discover") && argc > 5)
                run_discover(&d, argv + 3, argc - 3);
        else
                return 2;
        close_driver(&d);
        return 0;
}
