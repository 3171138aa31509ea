/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The engine against a network made up here: a method that loses, delays, limits and forges as told, on
 * addresses of the loopback network, to which nothing is really sent.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/vec.h"
#include "scan/checkpoint.h"
#include "scan/scan.h"

#define HOSTS_MOST 8
#define MS         1000000ull

/* The network, in memory that a killed child shares. */
static struct network {
        double loss; /* each way */
        uint64_t delay_ns;
        double limit;   /* RST a second of a host, 0 = all */
        bool filtered;  /* closed ports say nothing */
        unsigned forge; /* answers of hosts and ports that were not asked, with each batch */
        uint16_t open[64];
        unsigned n_open;
        uint64_t dropped; /* what the method says it lost itself */
        unsigned drop_after;
        uint32_t probes[HOSTS_MOST][65536];
        uint64_t sent;
        double tokens[HOSTS_MOST];
        uint64_t filled_ns[HOSTS_MOST];
} * net;

struct method_state {
        struct method_setup setup;
        vec(struct heard) coming; /* by when_ns */
        size_t next;
};

static int fake_open(struct method_state **ret, const struct method_setup *setup, struct err *err)
{
        *ret = xcalloc(1, sizeof(**ret));
        (*ret)->setup = *setup;
        return 0;
}

static bool is_open(uint16_t port)
{
        for (unsigned i = 0; i < net->n_open; i++)
                if (net->open[i] == port)
                        return true;
        return false;
}

static bool limited(unsigned host, uint64_t now_ns)
{
        double more;

        if (net->limit == 0)
                return false;
        more = (double)(now_ns - net->filled_ns[host]) / 1e9 * net->limit;
        net->tokens[host] =
                net->filled_ns[host] == 0 || net->tokens[host] + more > 5 ? 5 : net->tokens[host] + more;
        net->filled_ns[host] = now_ns;
        if (net->tokens[host] < 1)
                return true;
        net->tokens[host]--;
        return false;
}

static void answer(struct method_state *m, const struct probe *p, uint64_t now_ns)
{
        bool open = is_open(p->port);

        if (drand48() < net->loss || (!open && (net->filtered || limited(p->to.bytes[3] & 7, now_ns))) ||
            drand48() < net->loss)
                return;
        *vec_push(&m->coming) = (struct heard){
                .kind = open ? HEARD_OPEN : HEARD_CLOSED,
                .reason = open ? REASON_SYN_ACK : REASON_RST,
                .from = p->to,
                .transport = TRANSPORT_TCP,
                .port = p->port,
                .attempt = p->attempt,
                .canary = p->canary,
                .when_ns = now_ns + net->delay_ns,
        };
}

static int fake_send(struct method_state *m, const struct probe *probes, unsigned n)
{
        uint64_t now_ns = clock_monotonic_ns();

        for (unsigned i = 0; i < n; i++) {
                assert_true(gate_frame_allowed(m->setup.gate, &probes[i].to));
                net->probes[probes[i].to.bytes[3] & 7][probes[i].port]++;
                net->sent++;
                answer(m, &probes[i], now_ns);
        }
        for (unsigned i = 0; i < net->forge; i++) {
                struct heard forged = {.kind = HEARD_OPEN,
                                       .from = probes[0].to,
                                       .port = (uint16_t)(30000 + i),
                                       .when_ns = now_ns};

                forged.from.bytes[3] = (uint8_t)(i & 1 ? 200 : forged.from.bytes[3]);
                *vec_push(&m->coming) = forged;
        }
        if (net->drop_after && net->sent > net->drop_after) {
                net->dropped += 10;
                net->drop_after = 0;
        }
        return (int)n;
}

static unsigned fake_poll(struct method_state *m, struct pollfd *fds, unsigned max)
{
        return 0;
}

static void fake_receive(struct method_state *m, uint64_t now_ns)
{
        while (m->next < m->coming.n && m->coming.at[m->next].when_ns <= now_ns) {
                struct heard heard = m->coming.at[m->next++];

                m->setup.hearing.hear(&heard, m->setup.hearing.arg);
        }
}

static uint64_t fake_deadline(struct method_state *m)
{
        return m->next < m->coming.n ? m->coming.at[m->next].when_ns : UINT64_MAX;
}

static void fake_statistics(struct method_state *m, struct method_statistics *ret)
{
        *ret = (struct method_statistics){.dropped = net->dropped};
}

static struct method_state *fake_close(struct method_state *m)
{
        vec_clear(&m->coming);
        free(m);
        return NULL;
}

static const struct method fake = {
        .name = "fake",
        .transport = TRANSPORT_TCP,
        .open = fake_open,
        .send = fake_send,
        .poll = fake_poll,
        .receive = fake_receive,
        .deadline = fake_deadline,
        .statistics = fake_statistics,
        .close = fake_close,
};

/* --- a scan and what it said ------------------------------------------------------------------------ */

static struct said {
        enum endpoint_state state[HOSTS_MOST][65536];
        unsigned hosts, endpoints, open, twice;
        struct host_coverage coverage[HOSTS_MOST];
        uint64_t stop_at_endpoints;
} * said;

static volatile sig_atomic_t stop;

static void on_endpoint(const struct endpoint *e, void *arg)
{
        enum endpoint_state *state = &said->state[e->address.bytes[3] & 7][e->port];

        said->twice += *state != 0 && *state != e->state;
        *state = e->state;
        said->endpoints++;
        said->open += e->state == ENDPOINT_OPEN;
}

static void on_host(const struct host_coverage *c, void *arg)
{
        said->coverage[c->address.bytes[3] & 7] = *c;
        said->hosts++;
}

static void on_progress(const struct scan_progress *p, void *arg)
{
        if (said->stop_at_endpoints && p->sent >= said->stop_at_endpoints)
                stop = 1;
}

struct plan {
        unsigned hosts;
        uint16_t first_port, last_port;
        uint32_t rate;
        const char *checkpoint;
        bool resume;
};

static struct scan_result run(const struct plan *plan)
{
        struct range_set own = {0};
        struct scope scope = {0};
        struct targets targets = {0};
        struct scan_ports ports = {0};
        struct scan_result result = {0};
        struct err err = {0};
        struct scan *s = NULL;
        char word[32];
        const char *words[] = {word};
        int r;

        snprintf(word, sizeof(word), "127.9.0.0-%u", plan->hosts - 1);
        scope_make(&scope, NULL, &own, &own);
        r = targets_parse(&targets, words, 1, NULL, 0,
                          &(struct targets_context){.scope = &scope, .broadcast = &own}, &err);
        if (r < 0)
                fail_msg("%s", err.text);
        port_set_add_range(&ports.of[TRANSPORT_TCP], plan->first_port, plan->last_port);
        r = scan_open(&s,
                      &(struct scan_options){
                              .targets = &targets,
                              .ports = &ports,
                              .scope = &scope,
                              .tcp = &fake,
                              .udp = &method_udp,
                              .pace = {.rate = plan->rate, .host_rate = plan->rate},
                              .until = INT64_MAX,
                              .stop = &stop,
                              .checkpoint = plan->checkpoint,
                              .resume = plan->resume,
                              .words = "scan\0x",
                              .words_len = 6,
                              .endpoint = on_endpoint,
                              .host = on_host,
                              .progress = on_progress,
                      },
                      &err);
        if (r < 0)
                fail_msg("%s", err.text);
        r = scan_run(s, &result, &err);
        if (r < 0)
                fail_msg("%s", err.text);
        s = scan_free(s);
        targets_release(&targets);
        scope_release(&scope);
        return result;
}

static int setup(void **state)
{
        if (!net)
                net = mmap(NULL, sizeof(*net), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        memset(net, 0, sizeof(*net));
        free(said);
        said = xcalloc(1, sizeof(*said));
        stop = 0;
        srand48(11);
        net->delay_ns = MS / 2;
        for (unsigned i = 0; i < 20; i++)
                net->open[net->n_open++] = (uint16_t)(1000 + 37 * i);
        return 0;
}

static void assert_right(unsigned hosts, uint16_t first, uint16_t last, enum endpoint_state otherwise)
{
        for (unsigned h = 0; h < hosts; h++)
                for (unsigned port = first; port <= last; port++)
                        assert_int_equal(said->state[h][port],
                                         is_open((uint16_t)port) ? ENDPOINT_OPEN : otherwise);
}

static void test_every_port_once_without_loss(void **state)
{
        struct scan_result result = run(&(struct plan){4, 1, 2000, 200000});

        assert_right(4, 1, 2000, ENDPOINT_CLOSED);
        assert_true(result.complete);
        assert_int_equal(said->hosts, 4);
        assert_int_equal(said->endpoints, 8000);
        assert_int_equal(result.open, 80);
        for (unsigned h = 0; h < 4; h++)
                for (unsigned port = 1; port <= 2000; port++)
                        assert_int_equal(net->probes[h][port], 1);
        assert_int_equal(net->sent, 8000 + 4 * 3); /* and three decoys a host */
        assert_int_equal(result.refused_by_gate, 0);
        assert_int_equal(said->coverage[2].by_state[0][ENDPOINT_OPEN], 20);
        assert_true(said->coverage[2].loss == 0);
}

static void test_loss_misses_nothing(void **state)
{
        struct scan_result result;

        net->loss = 0.1;
        result = run(&(struct plan){3, 1, 2000, 200000});
        assert_right(3, 1, 2000, ENDPOINT_CLOSED);
        assert_true(result.complete);
        assert_true(result.loss > 0.1 && result.loss < 0.3);
        assert_true(net->sent < 3 * 2000 * 2);
}

static void test_silence_costs_two_tries(void **state)
{
        struct scan_result result;

        net->filtered = true;
        result = run(&(struct plan){2, 900, 1900, 200000});
        assert_right(2, 900, 1900, ENDPOINT_FILTERED);
        assert_true(result.complete && result.loss == 0);
        assert_int_equal(net->probes[1][901], 2);
        assert_int_equal(net->probes[1][1000], 1);
}

static void test_limiter_is_waited_for(void **state)
{
        struct scan_result result;

        net->limit = 500;
        result = run(&(struct plan){1, 1001, 2000, 100000});
        assert_right(1, 1001, 2000, ENDPOINT_CLOSED);
        assert_true(result.complete);
        assert_true(said->coverage[0].why & COVERAGE_RST_LIMIT);
        assert_in_range(result.elapsed_ms, 1900, 3300); /* (980 - 5) / 500 s */
        assert_true(net->sent < 1500);
}

static void test_forged_answers_change_nothing(void **state)
{
        net->forge = 3;
        run(&(struct plan){2, 1, 1200, 200000});
        assert_right(2, 1, 1200, ENDPOINT_CLOSED);
        assert_int_equal(said->open, 2 * 6);
        assert_int_equal(said->hosts, 2);
}

static void test_late_answers_are_not_loss(void **state)
{
        struct scan_result result;

        net->delay_ns = 400 * MS;
        result = run(&(struct plan){1, 1, 500, 100000});
        assert_right(1, 1, 500, ENDPOINT_CLOSED);
        assert_true(result.loss == 0);
        assert_true(result.elapsed_ms < 1000);
}

static void test_answers_lost_here_are_asked_for_again(void **state)
{
        struct scan_result result;

        net->filtered = true;
        net->drop_after = 900;
        result = run(&(struct plan){1, 1, 800, 2000});
        assert_true(result.local_drops == 10);
        assert_true(net->probes[0][5] > 2);
        assert_true(result.complete);
}

static void test_stopped_says_so(void **state)
{
        struct scan_result result;

        said->stop_at_endpoints = 500;
        result = run(&(struct plan){4, 1, 2000, 4000});
        assert_false(result.complete);
        assert_true(result.why & COVERAGE_STOPPED);
        assert_int_equal(said->hosts, 4);
        for (unsigned h = 0; h < 4; h++) {
                assert_false(said->coverage[h].complete);
                assert_int_equal(port_set_count(&said->coverage[h].undecided[0]),
                                 said->coverage[h].by_state[0][ENDPOINT_UNDECIDED]);
        }
}

static void test_killed_and_resumed(void **state)
{
        char path[] = "/tmp/qm-test-checkpoint-XXXXXX";
        struct plan plan = {4, 1, 1500, 4000, path, false};
        uint32_t *before = xcalloc(HOSTS_MOST * 65536, sizeof(*before));
        struct str words = {0};
        struct err err = {0};
        pid_t child;
        int fd = mkstemp(path), status;

        close(fd);
        unlink(path);
        child = fork();
        if (child == 0) {
                run(&plan);
                _exit(0);
        }
        while (net->sent < 3000)
                usleep(1000);
        kill(child, SIGKILL);
        waitpid(child, &status, 0);
        assert_true(WIFSIGNALED(status));
        assert_int_equal(checkpoint_words(path, &words, &err), 0);
        assert_int_equal(words.len, 6);
        str_release(&words);
        memcpy(before, net->probes, sizeof(net->probes));
        plan.resume = true;
        plan.rate = 100000;
        assert_true(run(&plan).complete);
        assert_right(4, 1, 1500, ENDPOINT_CLOSED);
        assert_int_equal(said->hosts, 4);
        for (unsigned again = 0, h = 0, port; h < 4; h++) {
                for (port = 1; port <= 1500; port++)
                        again += before[h * 65536 + port] && net->probes[h][port] > 1;
                if (h == 3)
                        assert_in_range(again, 0, 4 + 100); /* what was on the wire; canaries and decoys */
        }
        free(before);
        unlink(path);
}

static void test_resume_refuses_others(void **state)
{
        char path[] = "/tmp/qm-test-checkpoint-XXXXXX";
        struct str words = {0};
        struct err err = {0};
        int fd = mkstemp(path);

        assert_int_equal(write(fd, "no checkpoint", 13), 13);
        close(fd);
        assert_int_equal(checkpoint_words(path, &words, &err), -EBADMSG);
        unlink(path);
        assert_int_equal(checkpoint_words(path, &words, &err), -ENOENT);
        str_release(&words);
}

#define TEST(f) cmocka_unit_test_setup(f, setup)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(test_every_port_once_without_loss),
                TEST(test_loss_misses_nothing),
                TEST(test_silence_costs_two_tries),
                TEST(test_limiter_is_waited_for),
                TEST(test_forged_answers_change_nothing),
                TEST(test_late_answers_are_not_loss),
                TEST(test_answers_lost_here_are_asked_for_again),
                TEST(test_stopped_says_so),
                TEST(test_killed_and_resumed),
                TEST(test_resume_refuses_others),
        };
        int failed = cmocka_run_group_tests_name("scan-engine", tests, NULL, NULL);

        free(said);
        return failed;
}
