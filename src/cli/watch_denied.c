/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/watch_denied.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include <systemd/sd-event.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/json.h"
#include "base/json_read.h"
#include "base/launch.h"
#include "cli/config_dir.h"
#include "cli/denied_groups.h"
#include "cli/inside_run.h"
#include "cli/watch_output.h"
#include "collect/asset.h"
#include "firewall/spec.h"
#include "report/denied_report.h"

#define LINE_MAX_LEN 4096u
#define TICK_US      1000000u
#define END_MS       5000 /* for it to end once it has closed its output */
#define MS_PER_S     1000

struct follow {
        const struct invocation *in;
        struct inside *view; /* for the names of this host only */
        struct pool *pool;
        struct estate estate;
        bool json, ready, lost;
        sd_event *event;
        sd_event_source *timer;
        int from; /* what quaymaster-nft writes */
        pid_t child;
        struct str partial;
        struct watch_output output;
        struct denied_groups groups;
        struct err *err;
};

static void follow_release(struct follow *f)
{
        f->timer = sd_event_source_disable_unref(f->timer);
        f->event = sd_event_unref(f->event);
        if (f->child > 0) {
                (void)kill(f->child, SIGKILL);
                (void)launch_wait(f->child, -1);
        }
        fd_close(&f->from);
        str_release(&f->partial);
        watch_output_release(&f->output);
        denied_groups_release(&f->groups);
        inside_freep(&f->view);
        pool_freep(&f->pool);
}

static int64_t now_ms(void)
{
        struct timespec now = {0};

        (void)clock_gettime(CLOCK_REALTIME, &now);
        return (int64_t)now.tv_sec * MS_PER_S + now.tv_nsec / 1000000;
}

/* --- the helper ---------------------------------------------------------------------------------- */

/* -1: the own one. */
static int open_netns(const char *name, int *ret, struct err *err)
{
        char path[PATH_MAX];

        *ret = -1;
        if (!name || streq(name, "self"))
                return 0;
        if (streq(name, "all"))
                return err_set(err, -EINVAL,
                               "--denied follows the log of one namespace: --netns self or NAME");
        if (!*name || strchr(name, '/') || *name == '.')
                return err_set(err, -EINVAL, "--netns '%s': no network namespace is called so", name);
        (void)snprintf(path, sizeof(path), "/run/netns/%s", name);
        *ret = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
        return *ret < 0 ? err_set(err, -EINVAL, "--netns '%s': cannot be opened: %s", name, strerror(errno)) : 0;
}

static int start_helper(struct follow *f, struct err *err)
{
        _cleanup_close_ int netns = -1;
        char path[PATH_MAX], group[8], number[8];
        const char *program = inside_nft_program(path);
        const char *argv[] = {program, "denied", "--group", group, NULL, number, NULL};
        struct launch how = {
                .program = program, .argv = argv, .fds = &netns, .lend = CAP_NET_ADMIN, .own_group = true};
        int r;

        if (!program)
                return err_set(err, -ENOENT, "this installation has no quaymaster-nft, which reads the log");
        r = open_netns(invocation_get(f->in, "netns"), &netns, err);
        if (r < 0)
                return r;
        (void)snprintf(group, sizeof(group), "%u", FIREWALL_LOG_GROUP);
        (void)snprintf(number, sizeof(number), "%d", LAUNCH_FIRST_FD);
        if (netns >= 0) {
                argv[4] = "--netns-fd";
                how.n_fds = 1;
        }
        r = launch(&how, &f->child, &f->from);
        if (r < 0)
                return err_errno(err, -r, "starting quaymaster-nft");
        (void)fcntl(f->from, F_SETFL, O_NONBLOCK);
        return 0;
}

/* --- what it tells ------------------------------------------------------------------------------- */

static bool copy_text(const struct json_text *from, char *to, size_t size)
{
        if (!from->at || from->len >= size)
                return false;
        memcpy(to, from->at, from->len);
        to[from->len] = '\0';
        return true;
}

static void read_address(struct json_read *r, struct address *ret)
{
        char buf[ADDRESS_TEXT_SIZE];
        struct json_text text;

        if (json_read_text(r, &text) && copy_text(&text, buf, sizeof(buf)))
                (void)address_parse(buf, ret);
}

static uint64_t read_number(struct json_read *r, uint64_t max)
{
        uint64_t n = 0;

        return json_read_u64(r, &n) && n <= max ? n : 0;
}

static void read_member(struct json_read *r, const struct json_text *key, struct denied *ret)
{
        struct json_text text;

        if (json_text_is(key, "source"))
                read_address(r, &ret->source);
        else if (json_text_is(key, "destination"))
                read_address(r, &ret->destination);
        else if (json_text_is(key, "protocol"))
                ret->protocol = (uint8_t)read_number(r, UINT8_MAX);
        else if (json_text_is(key, "source_port"))
                ret->source_port = (uint16_t)read_number(r, UINT16_MAX);
        else if (json_text_is(key, "port")) {
                ret->has_ports = true;
                ret->port = (uint16_t)read_number(r, UINT16_MAX);
        } else if (json_text_is(key, "device")) {
                if (json_read_text(r, &text))
                        (void)copy_text(&text, ret->device, sizeof(ret->device));
        } else
                json_read_skip(r);
}

bool denied_parse(const char *line, size_t len, struct denied *ret)
{
        struct json_read r = {0};
        struct json_text key;
        bool whole;

        *ret = (struct denied){0};
        json_read_init(&r, line, len);
        json_read_open(&r, '{');
        while (json_read_key(&r, &key))
                read_member(&r, &key, ret);
        whole = json_read_end(&r) && ret->source.family && ret->destination.family;
        json_read_release(&r);
        return whole;
}

static void tell(struct follow *f, struct denied_group *g)
{
        struct denied_context context = {.asset = f->view->asset,
                                         .vantage = "inside",
                                         .zone = estate_zone(&f->estate, &g->last.source)};

        if (f->json)
                denied_json(&f->output.text, g, &context);
        else
                denied_text(&f->output.text, g, &context);
        denied_groups_told(g, now_ms());
}

static struct json begin_record(struct follow *f, const char *type)
{
        struct json j = json_to(&f->output.text);
        char time[CLOCK_TEXT_SIZE];

        json_open_record(&j, type, f->view->asset, "inside", clock_format(clock_now_s(), time));
        return j;
}

static void tell_ready(struct follow *f)
{
        f->ready = true;
        if (f->json) {
                struct json j = begin_record(f, "watch");

                json_str(&j, "source", "nflog");
                json_u64(&j, "group", FIREWALL_LOG_GROUP);
                json_end_line(&j);
        } else
                (void)fprintf(
                        stderr,
                        "quaymaster watch: following what the firewall of `harden apply` refuses (NFLOG group %d); "
                        "without it nothing is told\n",
                        FIREWALL_LOG_GROUP);
}

/* {"netns_fd":N,"error":"words","errno":E} */
static int take_error(struct follow *f, const char *line, size_t len)
{
        char words[256] = "quaymaster-nft failed";
        struct json_text key, text;
        struct json_read r = {0};
        uint64_t error = EIO;

        json_read_init(&r, line, len);
        json_read_open(&r, '{');
        while (json_read_key(&r, &key))
                if (json_text_is(&key, "error") && json_read_text(&r, &text))
                        (void)copy_text(&text, words, sizeof(words));
                else if (json_text_is(&key, "errno"))
                        error = read_number(&r, 4095);
                else
                        json_read_skip(&r);
        json_read_release(&r);
        if (error == EPERM)
                return err_set(f->err, -EPERM, "%s; CAP_NET_ADMIN is needed (sudo)", words);
        if (error == EBUSY)
                return err_set(f->err, -EBUSY, "%s: another program follows it already", words);
        return err_set(f->err, error ? -(int)error : -EIO, "%s", words);
}

static int take_line(struct follow *f, const char *line, size_t len)
{
        struct denied packet;
        struct denied_group *g;
        bool is_new;

        if (denied_parse(line, len, &packet)) {
                packet.time_ms = now_ms();
                g = denied_groups_add(&f->groups, &packet, &is_new);
                if (is_new)
                        tell(f, g);
                return 0;
        }
        if (memmem(line, len, "\"ready\"", 7))
                tell_ready(f);
        else if (memmem(line, len, "\"lost\"", 6))
                f->lost = true;
        else
                return take_error(f, line, len);
        return 0;
}

static int take_lines(struct follow *f)
{
        char *at = f->partial.text, *stop;
        size_t left = f->partial.len;
        int r = 0;

        while (r == 0 && left && (stop = memchr(at, '\n', left))) {
                r = take_line(f, at, (size_t)(stop - at));
                left -= (size_t)(stop + 1 - at);
                at = stop + 1;
        }
        if (left && at != f->partial.text)
                memmove(f->partial.text, at, left);
        f->partial.len = left > LINE_MAX_LEN ? 0 : left;
        return r;
}

/* --- the loop -------------------------------------------------------------------------------------- */

/* It has nobody to say more to: its standard error is /dev/null. */
static int ended_early(struct follow *f)
{
        char words[LAUNCH_WORDS_SIZE];
        int status = launch_wait(f->child, END_MS);

        f->child = 0;
        return err_set(f->err, -EIO, "quaymaster-nft follows no more: %s", launch_words(status, words));
}

static int on_output(sd_event_source *source, int fd, uint32_t events, void *arg)
{
        struct follow *f = arg;
        char buf[16384];
        ssize_t n = read(fd, buf, sizeof(buf));
        int r = 0;

        if (n < 0)
                return errno == EAGAIN || errno == EINTR ? 0 : sd_event_exit(f->event, -errno);
        if (!n)
                return sd_event_exit(f->event, ended_early(f));
        str_add_n(&f->partial, buf, (size_t)n);
        r = take_lines(f);
        if (r == 0)
                r = watch_output_flush(&f->output, f->err);
        return r < 0 || f->output.ended ? sd_event_exit(f->event, r) : 0;
}

static void recap(struct follow *f, bool all)
{
        struct denied_group *g;
        size_t i = 0;

        while ((g = denied_groups_due(&f->groups, now_ms(), all, &i)))
                tell(f, g);
}

static int on_tick(sd_event_source *source, uint64_t usec, void *arg)
{
        struct follow *f = arg;
        int r;

        recap(f, false);
        r = watch_output_flush(&f->output, f->err);
        (void)sd_event_source_set_time_relative(source, TICK_US);
        (void)sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
        return r < 0 || f->output.ended ? sd_event_exit(f->event, r) : 0;
}

static int on_end(sd_event_source *source, const struct signalfd_siginfo *info, void *arg)
{
        struct follow *f = arg;

        return sd_event_exit(f->event, 0);
}

static int add_sources(struct follow *f)
{
        static const int ends[] = {SIGINT, SIGTERM};
        sigset_t set;
        int r = sd_event_default(&f->event);

        (void)sigemptyset(&set);
        for (size_t i = 0; i < array_len(ends); i++)
                (void)sigaddset(&set, ends[i]);
        (void)sigprocmask(SIG_BLOCK, &set, NULL);
        if (r >= 0)
                r = sd_event_add_io(f->event, NULL, f->from, EPOLLIN, on_output, f);
        if (r >= 0)
                r = sd_event_add_time_relative(f->event, &f->timer, CLOCK_MONOTONIC, TICK_US, TICK_US / 10,
                                               on_tick, f);
        for (size_t i = 0; i < array_len(ends) && r >= 0; i++)
                r = sd_event_add_signal(f->event, NULL, ends[i], on_end, f);
        return r;
}

/* why: it did not end because it was told to; or NULL. */
static void tell_summary(struct follow *f, const char *why)
{
        recap(f, true);
        if (f->json) {
                struct json j = begin_record(f, "summary");

                json_bool(&j, "complete", !f->lost && !why && !f->output.n_lost);
                json_open_array(&j, "incomplete");
                if (why)
                        json_str(&j, NULL, why);
                if (f->lost)
                        json_str(&j, NULL, "the kernel had more refused packets than could be read");
                if (f->output.n_lost)
                        json_str(&j, NULL, "there was no room to write some records");
                json_end(&j);
                json_u64(&j, "packets", f->groups.n_packets);
                json_u64(&j, "groups_forgotten", f->groups.n_forgotten);
                json_end_line(&j);
        } else if (f->lost)
                (void)fprintf(stderr, "quaymaster watch: some packets were not told: there were too many\n");
        (void)watch_output_flush(&f->output, NULL);
}

static int start(struct follow *f, struct err *err)
{
        bool found;
        int r;

        f->pool = pool_new();
        f->view = inside_new();
        asset_identify(f->view);
        r = config_open_estate(f->in, f->pool, &f->estate, &found, err);
        if (r == 0)
                r = watch_output_open(&f->output, err);
        if (r == 0)
                r = start_helper(f, err);
        if (r < 0)
                return r;
        r = add_sources(f);
        return r < 0 ? err_errno(err, -r, "cannot set up the event loop") : 0;
}

int watch_denied(const struct invocation *in, struct err *err)
{
        _cleanup_(follow_release) struct follow f = {
                .in = in,
                .err = err,
                .from = -1,
                .json = invocation_has(in, "json"),
                .output = {.path = invocation_get(in, "output"), .fd = -1},
        };
        int r = start(&f, err);

        if (r < 0)
                return inside_run_failed(r);
        r = sd_event_loop(f.event);
        if (f.ready)
                tell_summary(&f, r < 0 ? err->text : NULL);
        if (r < 0)
                return inside_run_failed(r);
        return f.lost || f.output.n_lost || f.output.full ? QM_EXIT_INCOMPLETE : QM_EXIT_DONE;
}
