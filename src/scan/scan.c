/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "scan/engine.h"

#include <errno.h>
#include <sys/random.h>
#include <time.h>

#include "base/clock.h"
#include "scan/payload.h"

#define MS                1000000ull
#define PROGRESS_EVERY_NS (250 * MS)
#define WINDOW_EVERY_NS   (1000 * MS)
#define REFRESH_EVERY_NS  (200 * MS) /* on a router routes may change all the time */
#define SLEEP_MOST_NS     (250 * MS)
#define SLEEP_LEAST_NS    60000u /* a timer takes about as long: looking again at once is nearer to the pace */
#define CONNECT_MS        1250u /* the kernel asks again after 1 s: one lost SYN is made good */
#define POLL_MAX          24u
#define NOT_ASKED_TOLD    (1u << 24) /* hosts that a stopped scan still lists */
#define RATE_LEAST        100u /* packets/s, however many answers are lost here */
#define HOSTS_MOST        ((uint64_t)1 << 48)

const struct scan_profile scan_profiles[] = {
        {"gentle",
         {.rate = 1000, .host_rate = 10},
         "10 packets/s to a host, 1,000 in all: for fragile devices"},
        {"normal", {.rate = 10000, .host_rate = 200}, "200 packets/s to a host, 10,000 in all"},
        {"fast", {.rate = 100000, .host_rate = 100000}, "as fast as --rate says, also to one host"},
        {0},
};

/* --- opening --------------------------------------------------------------------------------------- */

static void list_ports(struct scan *s, enum transport t)
{
        const struct port_set *set = &s->options.ports->of[t];

        s->n_ports[t] = port_set_count(set);
        s->ports[t] = xcalloc(s->n_ports[t] + 1, sizeof(*s->ports[t]));
        (void)port_set_list(set, s->ports[t]);
        s->port_index[t] = xcalloc(65536, sizeof(*s->port_index[t]));
        for (uint32_t i = 0; i < 65536; i++)
                s->port_index[t][i] = NO_INDEX;
        for (uint32_t i = 0; i < s->n_ports[t]; i++)
                s->port_index[t][s->ports[t][i]] = i;
}

/*
 * UDP ports in the order of registry_top, then the rest: the first few refusals a host allows are spent on
 * what matters.
 */
static void rank_udp(struct scan *s)
{
        size_t n_top;
        const uint16_t *top = registry_top(TRANSPORT_UDP, &n_top);
        struct port_set rest = s->options.ports->of[TRANSPORT_UDP];
        uint32_t n = 0;

        s->udp_first = xcalloc(s->n_ports[LANE_UDP] + 1, sizeof(*s->udp_first));
        for (size_t i = 0; i < n_top; i++) {
                if (!port_set_has(&rest, top[i]))
                        continue;
                port_set_remove(&rest, top[i]);
                s->udp_first[n++] = (uint16_t)s->port_index[LANE_UDP][top[i]];
        }
        for (uint32_t i = 0; i < s->n_ports[LANE_UDP]; i++)
                if (port_set_has(&rest, s->ports[LANE_UDP][i]))
                        s->udp_first[n++] = (uint16_t)i;
        s->udp_tries = PASS_LEAST;
        for (uint32_t i = 0; i < s->n_ports[LANE_UDP]; i++) {
                unsigned payloads = scan_payloads(s, s->ports[LANE_UDP][i]);

                s->udp_tries = payloads > s->udp_tries ? payloads : s->udp_tries;
        }
        if (s->udp_tries > METHOD_TRIES_MAX)
                s->udp_tries = METHOD_TRIES_MAX;
}

unsigned scan_payloads(const struct scan *s, uint16_t port)
{
        return s->options.all_payloads ? udp_payload_count(port) : udp_payload_usual(port);
}

static int open_batch(struct scan *s, struct batch *b, const struct method *method, struct err *err)
{
        struct method_setup setup = {
                .gate = &s->gate,
                .key = s->cookie,
                .hearing = {heard_take, s},
                .rate = s->options.pace.rate,
                .timeout_ms = CONNECT_MS,
        };

        b->method = method;
        return method->open(&b->state, &setup, err);
}

static int open_discovery(struct scan *s, struct err *err)
{
        struct method_setup setup = {.gate = &s->gate,
                                     .key = s->cookie,
                                     .hearing = {heard_take, s},
                                     .rate = s->options.pace.rate};
        int r = discovery_open(&s->discovery, &setup, err);

        /* without raw sockets hosts are looked for by connections */
        return r == -EPERM && !(s->tcp.method && s->tcp.method->needs_raw) ? 0 : r;
}

static bool wants_full(const struct scan *s)
{
        const struct estate *estate = s->options.estate;
        bool no_syn = false;

        for (size_t i = 0; estate && i < estate->n_devices; i++)
                no_syn |= estate->devices[i].limits.no_syn;
        for (size_t i = 0; estate && i < estate->n_assets; i++)
                no_syn |= device_class_limits(estate->assets[i].class)->no_syn;
        return no_syn || !s->discovery;
}

static int open_methods(struct scan *s, struct err *err)
{
        int r = 0;

        if (s->n_ports[LANE_TCP])
                r = open_batch(s, &s->tcp, s->options.tcp, err);
        if (r == 0 && s->n_ports[LANE_UDP])
                r = open_batch(s, &s->udp, s->options.udp, err);
        if (r == 0)
                r = open_discovery(s, err);
        if (r == 0 && wants_full(s))
                r = open_batch(s, &s->full, &method_connect, err);
        if (r == 0)
                r = confirmer_open(&s->confirmer, &s->gate, 0, err);
        return r;
}

static int open_slots(struct scan *s, struct err *err)
{
        uint64_t each = (uint64_t)s->n_ports[0] + s->n_ports[1];
        uint64_t n = WINDOW_PROBES / (each ? each : 1);

        n = n < 16 ? 16 : n > WINDOW_HOSTS ? WINDOW_HOSTS : n;
        s->n_slots = (uint32_t)(n < s->n_hosts ? n : s->n_hosts) + 1; /* and REPLAY_SLOT */
        s->bits_each = (each + 3) / 4;
        for (s->n_buckets = 16; s->n_buckets < 2 * s->n_slots; s->n_buckets *= 2)
                ;
        s->buckets = xcalloc(s->n_buckets, sizeof(*s->buckets));
        for (uint32_t i = 0; i < s->n_buckets; i++)
                s->buckets[i] = NO_SLOT;
        s->details = xcalloc(s->n_slots, sizeof(*s->details));
        s->looks = xcalloc(s->n_slots, sizeof(*s->looks));
        s->middlebox = xcalloc(s->n_slots, sizeof(*s->middlebox));
        queue_init(&s->queue, s->n_slots * LANE_KINDS);
        return checkpoint_open(s, err);
}

static int open_random(struct scan *s, struct err *err)
{
        if (getrandom(&s->cookie, sizeof(s->cookie), 0) != sizeof(s->cookie) ||
            getrandom(&s->order_key, sizeof(s->order_key), 0) != sizeof(s->order_key))
                return err_errno(err, errno, "cannot get random numbers");
        return 0;
}

int scan_open(struct scan **ret, const struct scan_options *options, struct err *err)
{
        _cleanup_(scan_freep) struct scan *s = xcalloc(1, sizeof(*s));
        int r;

        s->options = *options;
        s->gate.scope = options->scope;
        s->n_hosts = range_set_count(&options->targets->ranges);
        if (s->n_hosts > HOSTS_MOST)
                return err_set(err, -E2BIG,
                               "more than 2^48 addresses cannot be asked one by one: name smaller networks");
        list_ports(s, TRANSPORT_TCP);
        list_ports(s, TRANSPORT_UDP);
        rank_udp(s);
        pace_set(&s->pace, options->pace.rate);
        r = open_random(s, err);
        if (r == 0)
                r = paths_open(&s->paths, err);
        if (r == 0)
                r = open_methods(s, err);
        if (r == 0)
                r = open_slots(s, err);
        if (r < 0)
                return r;
        s->host_order = permutation_of(s->n_hosts, s->order_key);
        *ret = take_ptr(s);
        return 0;
}

static void close_batch(struct batch *b)
{
        if (b->state)
                b->state = b->method->close(b->state);
}

struct scan *scan_free(struct scan *s)
{
        if (!s)
                return NULL;
        close_batch(&s->tcp);
        close_batch(&s->udp);
        close_batch(&s->full);
        s->discovery = discovery_close(s->discovery);
        s->confirmer = s->confirmer ? confirmer_close(s->confirmer) : NULL;
        vec_clear(&s->routes);
        s->paths = paths_free(s->paths);
        checkpoint_close(s, s->result.complete);
        for (uint32_t i = 0; s->details && i < s->n_slots; i++) {
                vec_clear(&s->details[i]);
                vec_clear(&s->looks[i]);
        }
        for (unsigned t = 0; t < 2; t++) {
                free(s->ports[t]);
                free(s->port_index[t]);
        }
        for (size_t i = 0; i < s->kinds.n; i++)
                free(s->kinds.at[i]);
        vec_clear(&s->kinds);
        queue_release(&s->queue);
        vec_clear(&s->free_slots);
        vec_clear(&s->ended);
        vec_clear(&s->wanted_looks);
        free(s->udp_first);
        free(s->buckets);
        free(s->details);
        free(s->looks);
        free(s->middlebox);
        free(s);
        return NULL;
}

/* --- running ---------------------------------------------------------------------------------------- */

/* Slots from the checkpoint go on with their last pass; the others are free. */
static void begin_slots(struct scan *s, uint64_t now_ns)
{
        for (uint32_t slot = s->n_slots; --slot > REPLAY_SLOT;) {
                struct host *h = &s->hosts[slot];

                if (!h->used) {
                        *vec_push(&s->free_slots) = slot;
                        continue;
                }
                if (h->seq >= s->next_host)
                        s->next_host = h->seq + 1;
                s->used_slots++;
                hosts_go_on(s, slot, now_ns);
        }
        hosts_fill(s, now_ns);
}

static void hear_all(struct scan *s, uint64_t now_ns)
{
        struct batch *batches[] = {&s->tcp, &s->udp, &s->full};

        for (unsigned i = 0; i < array_len(batches); i++)
                if (batches[i]->state)
                        batches[i]->method->receive(batches[i]->state, now_ns);
        if (s->discovery)
                discovery_receive(s->discovery, now_ns);
}

static void add_statistics(struct scan *s, uint64_t now_ns)
{
        struct batch *batches[] = {&s->tcp, &s->udp, &s->full};
        uint64_t drops = 0, forged = s->forged_here;
        struct method_statistics stats;

        for (unsigned i = 0; i < array_len(batches); i++) {
                if (!batches[i]->state)
                        continue;
                stats = (struct method_statistics){0};
                batches[i]->method->statistics(batches[i]->state, &stats);
                drops += stats.dropped;
                forged += stats.forged;
        }
        if (s->discovery) {
                stats = (struct method_statistics){0};
                discovery_statistics(s->discovery, &stats);
                drops += stats.dropped;
                forged += stats.forged;
        }
        s->drops = drops;
        s->drops_looked_ns = now_ns;
        s->result.local_drops = drops;
        s->result.forged = forged;
}

void scan_look_for_drops(struct scan *s, uint64_t now_ns)
{
        if (now_ns - s->drops_looked_ns > MS)
                add_statistics(s, now_ns);
}

/* Answers were lost here: half as fast from now on, but never so slow that there is no end. */
static void slow_down(struct scan *s)
{
        double least = s->options.pace.rate < RATE_LEAST ? s->options.pace.rate : RATE_LEAST;
        double rate = pace_rate(&s->pace) / 2;

        if (s->drops > s->drops_paced)
                pace_set(&s->pace, rate < least ? least : rate);
        s->drops_paced = s->drops;
}

static uint64_t left_ms(const struct scan *s, uint64_t elapsed_ns)
{
        uint64_t all = s->n_hosts * ((uint64_t)s->n_ports[0] + s->n_ports[1]);
        double done;

        if (s->hosts_told == 0 && s->result.sent < 100)
                return UINT64_MAX;
        done = (double)(s->hosts_told ? s->hosts_told : 0) / (double)s->n_hosts;
        if (done < (double)s->decided / (double)all)
                done = (double)s->decided / (double)all;
        if (done < (double)s->result.sent / (double)(2 * all) &&
            s->hosts_told == 0) /* silent ports take two passes */
                done = (double)s->result.sent / (double)(2 * all);
        return done <= 0 ? UINT64_MAX : (uint64_t)((double)elapsed_ns / 1e6 * (1 - done) / done);
}

static void tell_progress(struct scan *s, uint64_t now_ns)
{
        double seconds = (double)(now_ns - s->progress_ns) / 1e9;
        struct scan_progress p = {
                .probes = s->n_hosts * ((uint64_t)s->n_ports[0] + s->n_ports[1]),
                .decided = s->decided,
                .sent = s->result.sent,
                .received = s->result.received,
                .hosts = (uint32_t)(s->n_hosts > UINT32_MAX ? UINT32_MAX : s->n_hosts),
                .hosts_done = s->hosts_told,
                .hosts_found = s->result.hosts_found,
                .open = s->result.open,
                .rate = (double)(s->result.sent - s->progress_sent) / seconds,
                .loss = s->result.loss,
                .elapsed_ms = (now_ns - s->started_ns) / MS,
                .left_ms = left_ms(s, now_ns - s->started_ns),
        };

        s->progress_ns = now_ns;
        s->progress_sent = s->result.sent;
        if (s->options.progress)
                s->options.progress(&p, s->options.arg);
}

static void check_until(struct scan *s)
{
        if (clock_now_s() >= s->options.until)
                s->stop_reason |= COVERAGE_STOPPED;
}

/* Time is up for all, or for hosts whose scan window closes. */
static void check_windows(struct scan *s)
{
        int64_t now_s = clock_now_s();

        check_until(s);
        if (!s->options.estate || s->options.estate->n_windows == 0)
                return;
        for (uint32_t slot = 0; slot < s->n_slots; slot++) {
                struct host *h = &s->hosts[slot];

                if (!h->used || h->over || estate_window_open(s->options.estate, &h->address, now_s, NULL))
                        continue;
                h->why |= COVERAGE_WINDOW;
                hosts_end(s, slot);
        }
}

static void stop_all(struct scan *s, uint64_t now_ns)
{
        s->stopping = true;
        for (uint32_t slot = 0; slot < s->n_slots; slot++) {
                if (!s->hosts[slot].used || s->hosts[slot].over)
                        continue;
                s->hosts[slot].why |= s->stop_reason;
                hosts_end(s, slot);
        }
        hosts_finish_ended(s, now_ns);
        checkpoint_next_host(s);
        for (uint64_t seq; checkpoint_next_again(s, &seq);)
                settle_not_asked(s, seq);
        for (uint64_t seq = s->next_host; seq < s->n_hosts && seq - s->next_host < NOT_ASKED_TOLD; seq++)
                settle_not_asked(s, seq);
        if (s->n_hosts - s->next_host > NOT_ASKED_TOLD && s->options.warn)
                s->options.warn("most of the hosts that were not asked are not listed: there are too many",
                                s->options.arg);
}

static unsigned poll_all(struct scan *s, struct pollfd *fds)
{
        struct batch *batches[] = {&s->tcp, &s->udp, &s->full};
        unsigned n = 0;

        for (unsigned i = 0; i < array_len(batches); i++)
                if (batches[i]->state)
                        n += batches[i]->method->poll(batches[i]->state, fds + n, POLL_MAX - n);
        if (s->discovery)
                n += discovery_poll(s->discovery, fds + n, POLL_MAX - n);
        n += confirmer_poll(s->confirmer, fds + n, POLL_MAX - n);
        if (n < POLL_MAX)
                fds[n++] = (struct pollfd){.fd = paths_fd(s->paths), .events = POLLIN};
        return n;
}

static uint64_t sooner(uint64_t a, uint64_t b)
{
        return a < b ? a : b;
}

/* Until a packet comes or something is due. */
static void sleep_until(struct scan *s, uint64_t due_ns)
{
        struct batch *batches[] = {&s->tcp, &s->udp, &s->full};
        struct pollfd fds[POLL_MAX];
        uint64_t now_ns = clock_monotonic_ns(), wait;
        struct timespec ts;
        bool stuck = false;

        for (unsigned i = 0; i < array_len(batches); i++) {
                if (batches[i]->state && batches[i]->method->deadline)
                        due_ns = sooner(due_ns, batches[i]->method->deadline(batches[i]->state));
                stuck |= batches[i]->n > 0;
        }
        for (unsigned i = 0; i < FIND_ATTEMPTS; i++)
                stuck |= s->find[i].n > 0;
        if (stuck) /* a queue of the kernel is full */
                due_ns = now_ns + MS;
        if (confirmer_pending(s->confirmer))
                due_ns = sooner(due_ns, confirmer_deadline(s->confirmer));
        if (s->wanted_looks.n)
                due_ns = sooner(due_ns, now_ns + MS);
        if (due_ns < now_ns + SLEEP_LEAST_NS)
                return;
        wait = sooner(due_ns - now_ns, SLEEP_MOST_NS);
        ts = (struct timespec){.tv_nsec = (long)wait};
        (void)ppoll(fds, poll_all(s, fds), &ts, NULL);
}

/* One turn: hear, decide, send. Whether there is more to do. */
static int turn(struct scan *s, struct err *err)
{
        uint64_t now_ns = clock_monotonic_ns(), due_ns;
        int r;

        s->now_ns = now_ns;
        hear_all(s, now_ns);
        suspect_run(s, now_ns);
        hosts_finish_ended(s, now_ns);
        if (now_ns - s->window_checked_ns > WINDOW_EVERY_NS) {
                s->window_checked_ns = now_ns;
                check_windows(s);
        }
        if (now_ns - s->progress_ns > PROGRESS_EVERY_NS) {
                add_statistics(s, now_ns);
                slow_down(s);
                tell_progress(s, now_ns);
        }
        if ((s->options.stop && *s->options.stop) || s->stop_reason) {
                s->stop_reason |= COVERAGE_STOPPED;
                return 0;
        }
        if (s->used_slots == 0 && s->next_host >= s->n_hosts && !checkpoint_has_again(s))
                return 0;
        s->paths_stale |= paths_changed(s->paths);
        if (s->paths_stale && now_ns - s->refreshed_ns > REFRESH_EVERY_NS) {
                s->paths_stale = false;
                s->refreshed_ns = now_ns;
                routes_refresh(s, now_ns);
        }
        routes_gateways(s, now_ns);
        routes_canaries(s, now_ns);
        due_ns = lanes_work(s, now_ns);
        r = lanes_flush(s, now_ns);
        if (r < 0)
                return err_set(err, r, "cannot send");
        if (s->ended.n == 0)
                sleep_until(s, due_ns);
        return 1;
}

int scan_run(struct scan *s, struct scan_result *ret, struct err *err)
{
        uint64_t now_ns = clock_monotonic_ns();
        int r;

        s->started_ns = s->progress_ns = s->now_ns = now_ns;
        s->result.complete = true;
        check_until(s);
        r = checkpoint_replay(s, err);
        if (r < 0)
                return r;
        begin_slots(s, now_ns);
        do
                r = turn(s, err);
        while (r > 0);
        if (s->stop_reason)
                stop_all(s, clock_monotonic_ns());
        add_statistics(s, clock_monotonic_ns());
        s->result.refused_by_gate = s->gate.refused;
        s->result.elapsed_ms = (clock_monotonic_ns() - s->started_ns) / MS;
        s->result.complete &= r == 0;
        *ret = s->result;
        return r;
}

uint64_t scan_estimate_ms(const struct scan_options *o)
{
        double hosts = (double)range_set_count(&o->targets->ranges);
        double ports = port_set_count(&o->ports->of[0]) + port_set_count(&o->ports->of[1]);
        double by_rate = hosts * ports / o->pace.rate, by_host = ports / o->pace.host_rate;
        double at_once = (double)WINDOW_PROBES / (ports > 0 ? ports : 1);
        double rounds = hosts / (at_once < WINDOW_HOSTS ? at_once : WINDOW_HOSTS);
        double seconds = by_rate > by_host * (rounds > 1 ? rounds : 1) ? by_rate
                                                                       : by_host * (rounds > 1 ? rounds : 1);

        return seconds > 1e15 ? UINT64_MAX : (uint64_t)(seconds * 1000);
}
