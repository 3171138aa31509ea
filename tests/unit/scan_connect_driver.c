/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Drives the connect method and the second looks alone, for tests/integration/test_scan_connect.py:
 *
 *      scan-connect-driver connect  TIMEOUT-MS INFLIGHT ADDRESS[%ZONE] PORTS [INTERVAL-US]
 *      scan-connect-driver look     CLASS handshake|data ADDRESS[%ZONE] PORTS
 *      scan-connect-driver judge    CLASS ADDRESS[%ZONE] BASELINE-PORTS CANDIDATE-PORTS
 *
 * PORTS: "22,80,1000-1999". Only ADDRESS is in scope. `connect` prints "PORT KIND REASON RTT-US" a verdict
 * and a last line "sent N refused N received N ms N"; `look` prints what each look showed; `judge` prints
 * "recognised HOW" or "not recognised" and "PORT real|answered-for|unknown".
 */
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "base/vec.h"
#include "scan/middlebox.h"

static struct range_set in_scope;
static struct scope scope;
static struct gate gate = {.scope = &scope};

static void target_parse(char *text, struct address *ret, uint32_t *ret_zone)
{
        char *zone = strchr(text, '%');
        struct address_range range;

        if (zone)
                *zone++ = '\0';
        *ret_zone = zone ? if_nametoindex(zone) : 0;
        if (address_parse(text, ret) < 0) {
                fprintf(stderr, "'%s' is no address\n", text);
                exit(2);
        }
        range = (struct address_range){*ret, *ret};
        range_set_add(&in_scope, &range);
        range_set_normalize(&in_scope);
        scope.include = in_scope;
}

struct port_list {
        uint16_t *at;
        size_t n, room;
};

static void ports_parse(const char *text, struct port_list *ports)
{
        unsigned first, last;
        int used;

        while (sscanf(text, "%u%n", &first, &used) == 1) {
                text += used;
                last = first;
                if (*text == '-' && sscanf(text + 1, "%u%n", &last, &used) == 1)
                        text += 1 + used;
                for (unsigned port = first; port <= last && port <= 65535; port++)
                        *vec_push(ports) = (uint16_t)port;
                text += *text == ',';
        }
}

static unsigned number(const char *text)
{
        uint64_t value = 0;

        if (str_to_u64(text, UINT32_MAX, &value) < 0) {
                fprintf(stderr, "'%s' is no number\n", text);
                exit(2);
        }
        return (unsigned)value;
}

/* Until something is to be done, at most a second. */
static void wait_for(struct pollfd *fds, unsigned n, uint64_t deadline_ns)
{
        uint64_t now_ns = clock_monotonic_ns();
        uint64_t ms = deadline_ns <= now_ns ? 0 : (deadline_ns - now_ns) / 1000000 + 1;

        (void)poll(fds, n, ms < 1000 ? (int)ms : 1000);
}

static const char *const kinds[] = {
        [HEARD_OPEN] = "open",
        [HEARD_CLOSED] = "closed",
        [HEARD_PROHIBITED] = "prohibited",
        [HEARD_UNREACHABLE] = "unreachable",
        [HEARD_SILENCE] = "silence",
        [HEARD_NOT_SENT] = "not-sent",
};
static const char *const reasons[] = {
        [REASON_CONNECTED] = "connected",
        [REASON_REFUSED] = "refused",
        [REASON_PORT_UNREACHABLE] = "port-unreachable",
        [REASON_PROHIBITED] = "prohibited",
        [REASON_HOST_UNREACHABLE] = "host-unreachable",
        [REASON_NO_ROUTE] = "no-route",
        [REASON_NO_REPLY] = "no-reply",
        [REASON_LOCAL] = "local",
};

struct counts {
        unsigned heard;
        bool sending; /* nothing may be told from within send */
};

static void hear(const struct heard *heard, void *arg)
{
        struct counts *counts = arg;

        counts->heard++;
        printf("%u %s %s %u%s\n", heard->port, kinds[heard->kind], reasons[heard->reason], heard->rtt_us,
               counts->sending ? " from within send" : "");
}

static int drive_connect(char **argv, const char *interval)
{
        struct counts counts = {0};
        struct method_setup setup = {
                .gate = &gate,
                .hearing = {hear, &counts},
                .timeout_ms = number(argv[0]),
                .max_inflight = number(argv[1]),
        };
        unsigned interval_us = interval ? number(interval) : 0;
        uint64_t start_ns = clock_monotonic_ns();
        struct method_statistics statistics;
        struct port_list ports = {0};
        struct method_state *m;
        struct probe probe = {0};
        struct err err = {0};
        size_t next = 0;

        target_parse(argv[2], &probe.to, &probe.zone_index);
        ports_parse(argv[3], &ports);
        if (method_connect.open(&m, &setup, &err) < 0) {
                fprintf(stderr, "%s\n", err.text);
                return 1;
        }
        while (counts.heard < ports.n) {
                struct probe batch[64];
                unsigned n = 0;
                struct pollfd fd;

                for (; n < array_len(batch) && next + n < ports.n; n++) {
                        batch[n] = probe;
                        batch[n].port = ports.at[next + n];
                }
                counts.sending = true;
                next += (size_t)method_connect.send(m, batch, n);
                counts.sending = false;
                if (interval_us)
                        (void)usleep(interval_us);
                n = method_connect.poll(m, &fd, 1);
                wait_for(&fd, n, next < ports.n ? clock_monotonic_ns() : method_connect.deadline(m));
                method_connect.receive(m, clock_monotonic_ns());
        }
        method_connect.statistics(m, &statistics);
        printf("sent %lu refused %lu received %lu ms %lu\n", statistics.sent, statistics.refused_by_kernel,
               statistics.received, (clock_monotonic_ns() - start_ns) / 1000000);
        (void)method_connect.close(m);
        vec_clear(&ports);
        return 0;
}

struct looks {
        struct confirm_look *at;
        size_t n, room;
};

static void keep(const struct confirm_look *look, void *arg)
{
        struct looks *looks = arg;

        *vec_push(looks) = *look;
}

/* In the order of the ports. */
static void look_at(struct looks *ret, enum confirm_kind kind, enum device_class class,
                    const struct address *to, uint32_t zone_index, const struct port_list *ports)
{
        struct looks come = {0};
        struct confirmer *c;
        struct err err = {0};

        if (confirmer_open(&c, &gate, 0, &err) < 0) {
                fprintf(stderr, "%s\n", err.text);
                exit(1);
        }
        vec_foreach(port, ports)
                confirmer_add(c, kind, to, zone_index, *port, class);
        while (confirmer_pending(c)) {
                struct pollfd fd;
                unsigned n = confirmer_poll(c, &fd, 1);

                wait_for(&fd, n, confirmer_deadline(c));
                confirmer_run(c, clock_monotonic_ns(), keep, &come);
        }
        (void)confirmer_close(c);
        vec_foreach(port, ports)
                vec_foreach(look, &come)
                        if (look->port == *port)
                                *vec_push(ret) = *look;
        vec_clear(&come);
}

static int drive_look(char **argv)
{
        struct port_list ports = {0};
        struct looks looks = {0};
        struct address to;
        uint32_t zone_index;

        target_parse(argv[2], &to, &zone_index);
        ports_parse(argv[3], &ports);
        look_at(&looks, streq(argv[1], "data") ? CONFIRM_DATA : CONFIRM_HANDSHAKE, number(argv[0]), &to,
                zone_index, &ports);
        vec_foreach(l, &looks)
                printf("%u %s%s%s%s%s%s%s%s\n", l->port,
                       l->connect_errno ? strerrorname_np(l->connect_errno) : "OK",
                       l->local_fault ? " local" : "", l->sent ? " sent" : "",
                       l->acknowledged ? " acknowledged" : "", l->reset ? " reset" : "",
                       l->closed ? " closed" : "", l->banner_hash ? " banner" : "",
                       l->answer_hash ? " answer" : "");
        vec_clear(&looks);
        vec_clear(&ports);
        return 0;
}

static int drive_judge(char **argv)
{
        static const char *const words[] = {"unknown", "real", "answered-for"};
        struct port_list baseline = {0}, candidates = {0};
        struct looks first = {0}, second = {0};
        struct middlebox_verdict verdict;
        enum middlebox_port *ports;
        struct address to;
        uint32_t zone_index;

        target_parse(argv[1], &to, &zone_index);
        ports_parse(argv[2], &baseline);
        ports_parse(argv[3], &candidates);
        look_at(&first, CONFIRM_DATA, number(argv[0]), &to, zone_index, &baseline);
        look_at(&second, CONFIRM_DATA, number(argv[0]), &to, zone_index, &candidates);
        ports = xcalloc(second.n + 1, sizeof(*ports));
        verdict = middlebox_judge(first.at, first.n, 0, second.at, second.n, ports);
        printf("%s%s\n", verdict.recognised ? "recognised " : "not recognised",
               verdict.how ? verdict.how : "");
        for (size_t i = 0; i < second.n; i++)
                printf("%u %s\n", second.at[i].port, words[ports[i]]);
        free(ports);
        vec_clear(&first);
        vec_clear(&second);
        vec_clear(&baseline);
        vec_clear(&candidates);
        return 0;
}

int main(int argc, char **argv)
{
        int r = 2;

        if (argc >= 6 && streq(argv[1], "connect"))
                r = drive_connect(argv + 2, argv[6]);
        else if (argc == 6 && streq(argv[1], "look"))
                r = drive_look(argv + 2);
        else if (argc == 6 && streq(argv[1], "judge"))
                r = drive_judge(argv + 2);
        range_set_release(&in_scope);
        return r;
}
