/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <systemd/sd-event.h>

#include "base/clock.h"
#include "cli/commands.h"
#include "cli/config_dir.h"
#include "cli/inside_run.h"
#include "cli/watch_denied.h"
#include "cli/watch_run.h"

#define INTERVAL_S      120u /* with BPF the look at the whole is only to make sure */
#define INTERVAL_POLL_S 5u   /* without it, it is how openings are seen at all */
#define INTERVAL_MAX_S  86400u
#define US_PER_S        1000000ull

static const struct option_spec options[] = {
        {.name = "json", .letter = 'j', .help = "NDJSON, one record a line, each written at once"},
        {.name = "output", .letter = 'o', .kind = OPTION_WORD, .value = "FILE",
         .help = "append to FILE (made with mode 0600); begun anew when it is moved away"},
        {.name = "netns", .kind = OPTION_WORD, .value = "WHICH",
         .help = "watch `all` network namespaces (default), the own one (`self`), or NAME"},
        {.name = "interval", .kind = OPTION_WORD, .value = "SECONDS",
         .help = "look at the whole so often (default 120; without BPF 5)"},
        CONFIG_OPTION,
        {.name = "no-bpf", .help = "do not use BPF even where it is permitted"},
        {.name = "denied", .help = "follow what the table of `harden` refuses, in place of listeners"},
};

struct loop {
        struct watch_run run;
        struct knowledge *knowledge;
        const struct invocation *in;
        sd_event *event;
        sd_event_source *timer;
        uint64_t interval_us;
        struct err *err;
};

static void loop_release(struct loop *l)
{
        l->timer = sd_event_source_disable_unref(l->timer);
        l->event = sd_event_unref(l->event);
        watch_run_release(&l->run);
        l->run.source = watch_free(l->run.source);
        knowledge_freep(&l->knowledge);
}

static int fail(struct loop *l, int r)
{
        return sd_event_exit(l->event, r);
}

/* The next look: soon when something waits for it, yet not before the last one has been paid for. */
static int plan_look(struct loop *l)
{
        uint64_t at = l->run.looked_ns / 1000 + l->interval_us, soon = watch_run_next_look(&l->run) / 1000;

        if (l->run.look_soon)
                at = soon;
        (void)sd_event_source_set_time(l->timer, at);
        return sd_event_source_set_enabled(l->timer, SD_EVENT_ONESHOT);
}

static int on_notes(sd_event_source *source, int fd, uint32_t events, void *arg)
{
        struct loop *l = arg;
        int r = watch_run_notes(&l->run, l->err);

        if (r < 0 || l->run.output_ended)
                return fail(l, r);
        return l->run.look_soon ? plan_look(l) : 0;
}

static int on_timer(sd_event_source *source, uint64_t usec, void *arg)
{
        struct loop *l = arg;
        struct err err = {0};
        int r = watch_run_look(&l->run, &err);

        if (l->run.output_ended)
                return fail(l, 0);
        if (r < 0) { /* a shortage that passes must not end a watch of weeks */
                fprintf(stderr, "quaymaster watch: cannot look at the whole, will try again: %s\n", err.text);
                l->run.looked_ns = clock_monotonic_ns();
        }
        return plan_look(l);
}

static int on_end(sd_event_source *source, const struct signalfd_siginfo *info, void *arg)
{
        return fail(arg, 0);
}

/* All that can be read anew, or nothing: what is broken leaves the old in force. */
static int on_reload(sd_event_source *source, const struct signalfd_siginfo *info, void *arg)
{
        struct loop *l = arg;
        struct knowledge *knowledge = NULL;
        struct err err = {0};

        if (config_open_knowledge(l->in, &knowledge, &err) < 0) {
                fprintf(stderr, "quaymaster watch: configuration not reloaded, the old stays: %s\n", err.text);
                return 0;
        }
        knowledge_freep(&l->knowledge);
        l->knowledge = knowledge;
        l->run.knowledge = knowledge;
        fprintf(stderr, "quaymaster watch: configuration reloaded\n");
        return 0;
}

static int open_source(struct loop *l, struct err *err)
{
        struct err why = {0};
        int r = l->run.options.no_bpf ? -EPERM : watch_open_bpf(&l->run.source, &why);

        if (r == 0)
                return 0;
        if (!l->run.options.no_bpf)
                fprintf(stderr, "quaymaster watch: no BPF: %s\n", why.text);
        if (!invocation_has(l->in, "interval"))
                l->interval_us = INTERVAL_POLL_S * US_PER_S;
        fprintf(stderr, "quaymaster watch: openings are seen after up to %u s\n",
                (unsigned)(l->interval_us / US_PER_S));
        return watch_open_notices(&l->run.source, err);
}

static int start_loop(struct loop *l, struct err *err)
{
        int r = sd_event_default(&l->event);

        if (r >= 0)
                r = sd_event_add_io(l->event, NULL, watch_fd(l->run.source), EPOLLIN, on_notes, l);
        if (r >= 0)
                r = sd_event_add_time(l->event, &l->timer, CLOCK_MONOTONIC, UINT64_MAX, 1000, on_timer, l);
        if (r >= 0)
                r = sd_event_add_signal(l->event, NULL, SIGINT, on_end, l);
        if (r >= 0)
                r = sd_event_add_signal(l->event, NULL, SIGTERM, on_end, l);
        if (r >= 0)
                r = sd_event_add_signal(l->event, NULL, SIGHUP, on_reload, l);
        return r < 0 ? err_errno(err, -r, "cannot set up the event loop") : plan_look(l);
}

static int parse_interval(const struct invocation *in, uint64_t *ret_us, struct err *err)
{
        const char *word = invocation_get(in, "interval");
        uint64_t seconds = INTERVAL_S;

        if (word && (str_to_u64(word, INTERVAL_MAX_S, &seconds) < 0 || !seconds))
                return err_set(err, -EINVAL, "--interval '%s': give seconds, 1 to %u", word, INTERVAL_MAX_S);
        *ret_us = seconds * US_PER_S;
        return 0;
}

static void block_signals(void)
{
        sigset_t set;

        (void)sigemptyset(&set);
        (void)sigaddset(&set, SIGINT);
        (void)sigaddset(&set, SIGTERM);
        (void)sigaddset(&set, SIGHUP);
        (void)sigprocmask(SIG_BLOCK, &set, NULL);
}

/* The source first: what happens while the whole is looked at for the first time waits in the ring. */
static int start(struct loop *l, struct err *err)
{
        int r = parse_interval(l->in, &l->interval_us, err);

        if (r == 0)
                r = config_open_knowledge(l->in, &l->knowledge, err);
        if (r < 0)
                return r;
        l->run.knowledge = l->knowledge;
        block_signals();
        r = open_source(l, err);
        if (r < 0)
                return r;
        r = watch_run_begin(&l->run, err);
        return r < 0 ? r : start_loop(l, err);
}

static int watch_listeners(const struct invocation *in, struct err *err)
{
        const char *netns = invocation_get(in, "netns");
        char nft_program[PATH_MAX];
        _cleanup_(loop_release) struct loop l = {
                .in = in,
                .err = err,
                .run = {
                        .options = {.netns = netns ? netns : "all",
                                    .all_services = true,
                                    .no_bpf = invocation_has(in, "no-bpf"),
                                    .nft_program = inside_nft_program(nft_program)},
                        .json = invocation_has(in, "json"),
                        .output = invocation_get(in, "output"),
                        .out_fd = -1,
                },
        };
        int r = start(&l, err);

        if (r < 0)
                return inside_run_failed(r);
        r = sd_event_loop(l.event);
        if (r < 0)
                return QM_EXIT_INCOMPLETE;
        return watch_run_end(&l.run) ? QM_EXIT_DONE : QM_EXIT_INCOMPLETE;
}

static int run(const struct invocation *in, struct err *err)
{
        return invocation_has(in, "denied") ? watch_denied(in, err) : watch_listeners(in, err);
}

const struct command command_watch = {
        .name = "watch",
        .arguments = "",
        .summary = "tell live which listeners open and close on this host, and who did it",
        .details =
                "Runs until it is interrupted. New TCP listeners and UDP binds of every network namespace are told as\n"
                "they happen, by BPF; from time to time the whole is looked at, so that nothing is lost. Without the\n"
                "right to BPF only that look finds what was opened. SIGHUP reads the configuration again.\n\n"
                "Exit status: 0 ended by a signal, 2 wrong usage or bad file, 3 something could not be seen.\n",
        .options = options,
        .n_options = array_len(options),
        .run = run,
};
