/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ports that the packet filter forwards. The ruleset comes from quaymaster-nft, which runs beside the
 * other collectors: one collector starts it, another reads it.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <linux/capability.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/launch.h"
#include "collect/collector.h"
#include "collect/forwards.h"
#include "collect/netns.h"
#include "collect/ruleset_json.h"
#include "collect/ruleset_parse.h"

#define SOURCE      "firewall"
#define MAX_NETNS   LAUNCH_MAX_FDS
#define MAX_TIME_NS (5 * UINT64_C(1000000000))
#define PIPE_SIZE   (1 << 20) /* so that it seldom has to wait for us */

struct firewall_run {
        pid_t pid; /* 0: none */
        int output;
        int start_error; /* negative errno, 0 = it runs */
        uint64_t deadline_ns;
        uint32_t netns[MAX_NETNS]; /* in the order they were given */
        int fds[MAX_NETNS];
        size_t n, n_left_out;
        struct str text;
};

/* One that cannot be opened is told of where its sockets are looked for. */
static void add_netns(struct firewall_run *run, const struct collection *c, uint32_t index)
{
        int fd;

        if (run->n == MAX_NETNS) {
                run->n_left_out++;
                return;
        }
        fd = netns_open(c, index);
        if (fd < 0)
                return;
        run->netns[run->n] = index;
        run->fds[run->n++] = fd;
}

static void close_netns(struct firewall_run *run)
{
        for (size_t i = 0; i < run->n; i++)
                fd_close(&run->fds[i]);
}

/* A process group of its own, since it has children: all of them can be ended. They end with us in any case. */
static int start_program(struct firewall_run *run, const char *program)
{
        const char *argv[2 + 2 * MAX_NETNS + 1] = {program, "list"};
        const struct launch how = {
                .program = program,
                .argv = argv,
                .fds = run->fds,
                .n_fds = run->n,
                .lend = CAP_NET_ADMIN, /* without it the ruleset is not shown; it needs no other */
                .own_group = true,
        };
        char numbers[MAX_NETNS][4];
        int r;

        for (size_t i = 0; i < run->n; i++) {
                (void)snprintf(numbers[i], sizeof(numbers[i]), "%zu", LAUNCH_FIRST_FD + i);
                argv[2 + 2 * i] = "--netns-fd";
                argv[3 + 2 * i] = numbers[i];
        }
        r = launch(&how, &run->pid, &run->output);
        if (r == 0)
                (void)fcntl(run->output, F_SETPIPE_SZ, PIPE_SIZE);
        return r;
}

static struct firewall_run *start(struct collection *c)
{
        struct firewall_run *run = xcalloc(1, sizeof(*run));
        const char *program = c->options->nft_program;

        run->output = -1;
        run->deadline_ns = clock_monotonic_ns() + MAX_TIME_NS;
        if (!program) {
                run->start_error = -ENOENT;
                return run;
        }
        /* those that any user can make come last, where there are more than are looked at */
        for (int of_process = 0; of_process <= 1; of_process++)
                for (uint32_t i = 0; i < c->view->netns.n; i++) {
                        const struct netns *ns = &c->view->netns.at[i];

                        if (!ns->no_tables && (ns->kind == NETNS_PROCESS) == of_process)
                                add_netns(run, c, i);
                }
        if (run->n)
                run->start_error = start_program(run, program);
        close_netns(run);
        return run;
}

static int collect_start(struct collection *c, struct err *err)
{
        if (!c->firewall)
                c->firewall = start(c);
        return 0;
}

/* It runs too long, or is not needed any more: nothing is left for it to do. */
static void stop(struct firewall_run *run)
{
        if (run->pid > 0) {
                (void)kill(-run->pid, SIGKILL);
                (void)launch_wait(run->pid, -1);
        }
        run->pid = 0;
        fd_close(&run->output);
}

static int left_ms(const struct firewall_run *run)
{
        uint64_t now = clock_monotonic_ns();

        return now >= run->deadline_ns ? 0 : (int)((run->deadline_ns - now) / 1000000) + 1;
}

static int wait_readable(const struct firewall_run *run)
{
        struct pollfd poll_fd = {.fd = run->output, .events = POLLIN};
        int left = left_ms(run), r;

        if (!left)
                return -ETIMEDOUT;
        r = poll(&poll_fd, 1, left);
        if (r < 0)
                return errno == EINTR ? -EAGAIN : -errno;
        return r == 0 ? -ETIMEDOUT : 0;
}

static int read_output(struct firewall_run *run)
{
        for (;;) {
                int r = wait_readable(run);
                ssize_t n;

                if (r == -EAGAIN)
                        continue;
                if (r < 0)
                        return r;
                str_reserve(&run->text, 64 << 10);
                n = read(run->output, run->text.text + run->text.len, run->text.room - run->text.len - 1);
                if (n < 0 && errno != EINTR)
                        return -errno;
                if (n == 0)
                        return 0;
                if (n > 0)
                        run->text.len += (size_t)n;
                run->text.text[run->text.len] = '\0';
                if (run->text.len > RULESET_MAX_JSON)
                        return -EFBIG;
        }
}

static void note_result(struct inside *view, uint32_t netns, int result, const struct err *err)
{
        const char *role = view->netns.at[netns].role;

        if (result == -EPERM)
                inside_gap(view, SOURCE, "CAP_NET_ADMIN", true,
                           "rules of the packet filter may not be read, so forwarded ports are missing");
        else if (result < 0)
                inside_gap(view, SOURCE, NULL, true, "forwarded ports of namespace '%s': %s", role,
                           err->text);
        else if (result > 0)
                inside_gap(view, SOURCE, NULL, false,
                           "%d rules that forward ports in namespace '%s' were not understood", result,
                           role);
}

static void read_line(struct inside *view, uint32_t netns, const char *line, size_t len)
{
        struct err err = {0};
        _cleanup_(json_release) json_t *objects = ruleset_json(line, len, &err);

        note_result(view, netns, objects ? forwards_read(objects, netns, view, &err) : err.code, &err);
        if (objects)
                view->netns.at[netns].ruleset = ruleset_read(view->pool, objects);
}

/* One line a namespace, in the order they were given. How many there were. */
static size_t read_lines(struct firewall_run *run, struct inside *view)
{
        const char *at = str_text(&run->text), *end = at + run->text.len, *stop;
        size_t i;

        for (i = 0; i < run->n && (stop = memchr(at, '\n', (size_t)(end - at))); i++) {
                char head[32];
                int len = snprintf(head, sizeof(head), "{\"netns_fd\":%zu,", LAUNCH_FIRST_FD + i);

                if (stop - at < len || memcmp(at, head, (size_t)len) != 0)
                        break;
                read_line(view, run->netns[i], at, (size_t)(stop - at));
                at = stop + 1;
        }
        return i;
}

/* Tables of the old iptables interface are not nftables'; the file is only there with it. Listeners tell of it, too. */
static void note_legacy(struct collection *c)
{
        static const char *const files[] = {"net/ip_tables_names", "net/ip6_tables_names"};

        for (size_t i = 0; i < array_len(files); i++) {
                _cleanup_str_ struct str names = {0};

                if (fd_read_file(c->proc_fd, files[i], 4096, &names) < 0)
                        continue;
                if (str_after(str_text(&names), "nat\n") || strstr(str_text(&names), "\nnat\n"))
                        inside_gap(
                                c->view, SOURCE, NULL, true,
                                "rules of legacy iptables are not read, so ports they forward are missing");
        }
}

static void note_start_error(struct inside *view, int error)
{
        if (error == -ENOENT)
                inside_gap(view, SOURCE, NULL, false,
                           "this installation has no quaymaster-nft, so forwarded ports are not listed");
        else
                inside_gap(view, SOURCE, NULL, true, "starting quaymaster-nft failed: %s",
                           strerrordesc_np(-error) ? strerrordesc_np(-error) : "unknown error");
}

static const char *why_missing(int result, char buf[LAUNCH_WORDS_SIZE])
{
        return result == -ETIMEDOUT ? "it took too long"
               : result == -EFBIG   ? "the rulesets are too large"
               : result == 0        ? "its answer is not understood"
                                    : launch_words(result, buf);
}

static void note_missing(struct inside *view, const struct firewall_run *run, size_t n_lines, int result)
{
        char words[LAUNCH_WORDS_SIZE];

        if (run->n_left_out)
                inside_gap(view, SOURCE, NULL, true,
                           "forwarded ports of %zu more namespaces were not read (at most %d are)",
                           run->n_left_out, MAX_NETNS);
        if (n_lines < run->n)
                inside_gap(view, SOURCE, NULL, true, "quaymaster-nft told nothing of %zu of %zu namespaces: %s",
                           run->n - n_lines, run->n, why_missing(result, words));
}

/* All it wrote. How it ended, as launch_wait() tells; other than -ETIMEDOUT, negative errno is of reading. */
static int read_to_end(struct firewall_run *run)
{
        int r = run->pid ? read_output(run) : 0;

        if (r == 0 && run->pid) {
                r = launch_wait(run->pid, left_ms(run));
                run->pid = 0;
        }
        stop(run);
        return r;
}

static int collect_finish(struct collection *c, struct err *err)
{
        struct firewall_run *run;
        size_t n_lines;
        int r;

        (void)collect_start(c, err);
        run = c->firewall;
        note_legacy(c);
        if (run->start_error) {
                note_start_error(c->view, run->start_error);
                return 0;
        }
        r = read_to_end(run);
        n_lines = read_lines(run, c->view);
        note_missing(c->view, run, n_lines, r);
        return 0;
}

static void end(struct collection *c)
{
        if (!c->firewall)
                return;
        stop(c->firewall);
        str_release(&c->firewall->text);
        free(c->firewall);
        c->firewall = NULL;
}

const struct collector collector_firewall_start = {
        .name = "firewall-start",
        .what = "starts quaymaster-nft, which reads nftables beside the other collectors",
        .collect = collect_start,
};

const struct collector collector_firewall = {
        .name = SOURCE,
        .what = "ports forwarded by nftables and iptables rules",
        .collect = collect_finish,
        .end = end,
};
