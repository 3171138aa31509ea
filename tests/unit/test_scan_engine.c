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
#include <time.h>
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
        bool all_open, mute_decoys; /* ports from 49152 on */
        uint64_t late_ns;           /* more, for ports from 21000 on that are no decoys */
        unsigned faults;            /* tries of each port that cannot be sent */
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
        bool open = net->all_open || is_open(p->port);
        uint64_t round_trip = net->delay_ns + (p->port >= 21000 && p->port < 49152 ? net->late_ns : 0);

        if (net->mute_decoys && p->port >= 49152)
                return;
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
                .rtt_us = (uint32_t)(round_trip / 1000), /* as methods measure it: without, all is waited for */
                .when_ns = now_ns + round_trip,
        };
}

static int fake_send(struct method_state *m, const struct probe *probes, unsigned n)
{
        uint64_t now_ns = clock_monotonic_ns();

        for (unsigned i = 0; i < n; i++) {
                assert_true(gate_frame_allowed(m->setup.gate, &probes[i].to));
                net->probes[probes[i].to.bytes[3] & 7][probes[i].port]++;
                net->sent++;
                if (net->probes[probes[i].to.bytes[3] & 7][probes[i].port] <= net->faults)
                        *vec_push(&m->coming) = (struct heard){.kind = HEARD_NOT_SENT,
                                                               .reason = REASON_NO_ROUTE,
                                                               .from = probes[i].to,
                                                               .port = probes[i].port,
                                                               .attempt = probes[i].attempt,
                                                               .canary = probes[i].canary,
                                                               .when_ns = now_ns};
                else
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

static int compare_when(const void *pa, const void *pb)
{
        const struct heard *a = pa, *b = pb;

        return a->when_ns < b->when_ns ? -1 : a->when_ns > b->when_ns;
}

static void fake_receive(struct method_state *m, uint64_t now_ns)
{
        if (net->late_ns && m->coming.n > m->next)
                qsort(m->coming.at + m->next, m->coming.n - m->next, sizeof(*m->coming.at), compare_when);
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

static const struct method fake_each = {
        .name = "fake",
        .transport = TRANSPORT_TCP,
        .answers_each = true,
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
        const struct method *method; /* NULL: fake */
        const struct estate *estate;
        int64_t until; /* 0: none */
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
                              .tcp = plan->method ? plan->method : &fake,
                              .estate = plan->estate,
                              .udp = &method_udp,
                              .pace = {.rate = plan->rate, .host_rate = plan->rate},
                              .until = plan->until ? plan->until : INT64_MAX,
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
        assert_in_range(net->sent, 8000 + 4, 8000 + 4 * 3); /* and at most three decoys a host */
        assert_int_equal(result.refused_by_gate, 0);
        assert_int_equal(said->coverage[2].by_state[0][ENDPOINT_OPEN], 20);
        assert_true(said->coverage[2].loss == 0);
        assert_int_equal(result.forged, 0); /* answers to decoys that come after the end of their host are not */
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
        assert_in_range(result.elapsed_ms, 1900, 8000); /* (980 - 5) / 500 s, in real time */
        assert_true(net->sent < 1300); /* few are asked in vain */
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
        result = run(&(struct plan){1, 601, 1400, 2000});
        assert_true(result.local_drops == 10);
        assert_true(net->probes[0][605] > 2);
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

/* Runs the plan in a child that is killed when `sent` probes have left. */
static void killed_at(const struct plan *plan, uint64_t sent)
{
        pid_t child = fork();
        int status;

        if (child == 0) {
                run(plan);
                _exit(0);
        }
        while (net->sent < sent)
                usleep(500);
        kill(child, SIGKILL);
        waitpid(child, &status, 0);
        assert_true(WIFSIGNALED(status));
}

static void checkpoint_name(char path[static 32])
{
        int fd;

        strcpy(path, "/tmp/qm-test-checkpoint-XXXXXX");
        fd = mkstemp(path);
        close(fd);
        unlink(path);
}

/* All ports were answered, and only the decoys were still out. */
static void test_killed_while_decoys_are_asked(void **state)
{
        char path[32];
        struct plan plan = {1, 1000, 1100, 100000};

        checkpoint_name(path);
        plan.checkpoint = path;
        net->mute_decoys = true;
        killed_at(&plan, 101 + 3);
        plan.resume = true;
        assert_true(run(&plan).complete);
        assert_right(1, 1000, 1100, ENDPOINT_CLOSED);
        assert_int_equal(said->open, 3);
        unlink(path);
}

/* The pace of a limiter is not in the checkpoint: it has to be found again, before all ports are asked in vain. */
static void test_killed_under_a_limiter(void **state)
{
        char path[32];
        struct plan plan = {1, 1001, 1800, 100000};
        struct scan_result result;

        checkpoint_name(path);
        plan.checkpoint = path;
        net->limit = 500;
        killed_at(&plan, 300);
        plan.resume = true;
        result = run(&plan);
        assert_right(1, 1001, 1800, ENDPOINT_CLOSED);
        assert_true(result.complete);
        assert_true(result.why & COVERAGE_RST_LIMIT);
        assert_true(net->sent < 1300);
        unlink(path);
}

static void test_resumed_when_time_is_up(void **state)
{
        char path[32];
        struct plan plan = {4, 1, 1500, 4000};
        struct scan_result result;

        checkpoint_name(path);
        plan.checkpoint = path;
        killed_at(&plan, 1000);
        plan.resume = true;
        plan.until = 1;
        result = run(&plan);
        assert_false(result.complete);
        assert_int_equal(said->hosts, 4);
        plan.until = 0;
        plan.rate = 100000;
        memset(said, 0, sizeof(*said));
        assert_true(run(&plan).complete);
        assert_right(4, 1, 1500, ENDPOINT_CLOSED);
        unlink(path);
}

/* A window that is never open now: the hosts are not asked, and are by a scan that goes on later. */
static void test_resumed_in_the_next_window(void **state)
{
        char path[32];
        struct plan plan = {4, 1, 1500, 4000};
        int64_t now = clock_now_s();
        struct tm local;
        struct estate_window window = {.days = 0x7f};
        struct estate estate = {.file = "estate.yaml", .windows = &window, .n_windows = 1};

        localtime_r(&now, &local);
        window.from = (uint16_t)((local.tm_hour * 60 + local.tm_min + 600) % 1440);
        window.to = (uint16_t)(window.from + 60 > 1440 ? 1440 : window.from + 60);
        checkpoint_name(path);
        plan.checkpoint = path;
        killed_at(&plan, 1000);
        plan.resume = true;
        plan.estate = &estate;
        for (unsigned i = 0; i < 2; i++) {
                struct scan_result result = run(&plan);

                assert_false(result.complete);
                assert_true(result.why & COVERAGE_WINDOW);
                assert_int_equal(said->hosts, 4 * (i + 1));
        }
        plan.estate = NULL;
        plan.rate = 100000;
        memset(said, 0, sizeof(*said));
        assert_true(run(&plan).complete);
        assert_right(4, 1, 1500, ENDPOINT_CLOSED);
        assert_int_equal(said->hosts, 4);
        unlink(path);
}

static void test_decoys_among_the_ports(void **state)
{
        const struct method *methods[] = {&fake, &fake_each};

        for (unsigned i = 0; i < 2; i++) {
                struct scan_result result;

                setup(state);
                net->open[0] = 50000;
                result = run(&(struct plan){1, 49152, 65535, 200000, .method = methods[i]});
                assert_right(1, 49152, 65535, ENDPOINT_CLOSED);
                assert_true(result.complete);
                assert_true(result.loss == 0);
                assert_in_range(net->sent, 16384, 16384 + 3);
        }
}

/* SYN-ACKs that come when the middlebox is known already are no open ports. */
static void test_late_answers_of_a_middlebox(void **state)
{
        struct scan_result result;

        net->all_open = true;
        net->late_ns = 900 * MS;
        result = run(&(struct plan){1, 20001, 22000, 5000});
        assert_true(result.why & COVERAGE_MIDDLEBOX);
        assert_int_equal(said->open, 0);
        assert_int_equal(result.open, 0);
        assert_false(result.complete);
}

static void test_drops_of_a_short_pass_are_seen(void **state)
{
        net->filtered = true;
        net->drop_after = 300;
        run(&(struct plan){1, 901, 1400, 100000});
        assert_true(net->probes[0][901] > 2);
}

static void test_what_was_not_sent_is_no_try(void **state)
{
        struct scan_result result;

        net->filtered = true;
        net->faults = 1;
        result = run(&(struct plan){1, 901, 1400, 100000});
        assert_true(result.complete);
        assert_true(net->probes[0][901] >= 3);
        assert_true(result.loss == 0);
        setup(state);
        net->faults = 100;
        result = run(&(struct plan){1, 901, 1400, 100000});
        assert_false(result.complete);
        assert_int_equal(said->coverage[0].by_state[0][ENDPOINT_UNDECIDED], 500);
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
                TEST(test_killed_while_decoys_are_asked),
                TEST(test_killed_under_a_limiter),
                TEST(test_resumed_when_time_is_up),
                TEST(test_resumed_in_the_next_window),
                TEST(test_decoys_among_the_ports),
                TEST(test_late_answers_of_a_middlebox),
                TEST(test_drops_of_a_short_pass_are_seen),
                TEST(test_what_was_not_sent_is_no_try),
        };
        int failed = cmocka_run_group_tests_name("scan-engine", tests, NULL, NULL);

        free(said);
        return failed;
}
