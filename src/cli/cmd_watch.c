/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <systemd/sd-event.h>

#include "base/ambient.h"
#include "base/clock.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/config_dir.h"
#include "cli/inside_run.h"
#include "cli/watch_denied.h"
#include "cli/watch_install.h"
#include "cli/watch_run.h"
#include "base/fd.h"
#include "collect/firewall_notices.h"
#include "collect/unit_signals.h"

#define INTERVAL_S      120u /* with BPF the look at the whole is only to make sure */
#define INTERVAL_POLL_S 5u   /* without it, it is how openings are seen at all */
#define INTERVAL_MAX_S  86400u
#define SETTLE_US       (US_PER_S / 2) /* an installation tells of many units in a row */
#define FIREWALL_US     (10 * US_PER_S) /* between looks for the packet filter's sake: some change it all the time */
#define TICK_US         (60 * US_PER_S) /* the clock may jump: what hangs on it is looked at each minute */
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
        {.name = "test-sinks",
         .help = "send a marked test alert to each sink of sinks.yaml, and tell what became of it"},
        {.name = "no-bpf", .help = "do not use BPF even where it is permitted"},
        {.name = "denied", .help = "follow what the table of `harden` refuses, in place of listeners"},
        {.name = "install", .help = "write a systemd unit that runs this as a user of its own; does not start it"},
        {.name = "uninstall", .help = "remove that unit"},
        {.name = "now", .help = "with the two: also do what is left to do, start or stop it"},
};

struct loop {
        struct watch_run run;
        struct knowledge *knowledge;
        const struct invocation *in;
        sd_event *event;
        sd_event_source *timer, *tick, *on_bus, *on_firewall;
        int firewall_fd; /* -1: its changes are seen at the next look only */
        struct unit_signals *signals; /* NULL: no bus, services are looked at from time to time only */
        uint64_t settled_us;          /* when what systemd or nftables told will have settled; 0: nothing told */
        uint64_t filtered_us;         /* when a look for the packet filter's sake was last asked for, or will be due */
        uint64_t interval_us;
        struct err *err;
};

static void close_bus(struct loop *l)
{
        l->on_bus = sd_event_source_disable_unref(l->on_bus);
        l->signals = unit_signals_free(l->signals);
}

static void close_firewall(struct loop *l)
{
        l->on_firewall = sd_event_source_disable_unref(l->on_firewall);
        fd_close(&l->firewall_fd);
}

static void loop_release(struct loop *l)
{
        l->timer = sd_event_source_disable_unref(l->timer);
        l->tick = sd_event_source_disable_unref(l->tick);
        close_bus(l);
        close_firewall(l);
        l->event = sd_event_unref(l->event);
        l->run.alert = watch_alert_free(l->run.alert);
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

        if (watch_run_is_looking(&l->run)) /* the next is planned when this one is done */
                return 0;
        if (l->settled_us && l->settled_us < at)
                at = l->settled_us > soon ? l->settled_us : soon;
        if (l->run.look_soon)
                at = soon;
        (void)sd_event_source_set_time(l->timer, at);
        return sd_event_source_set_enabled(l->timer, SD_EVENT_ONESHOT);
}

static int on_notes(sd_event_source *source, int fd, uint32_t events, void *arg)
{
        struct loop *l = arg;
        int r = watch_run_notes(&l->run, l->err);

        if (r < 0 || l->run.output.ended)
                return fail(l, r);
        return l->run.look_soon ? plan_look(l) : 0;
}

/* Something tells that a look is worth while; what tells on for a while is waited for. */
static void settle(struct loop *l, uint64_t at_us)
{
        if (!l->settled_us || at_us < l->settled_us)
                l->settled_us = at_us;
}

static void take_signal(const char *unit, bool gone, void *arg)
{
        struct loop *l = arg;

        if (known_is_news(l->run.known, unit, gone))
                settle(l, clock_monotonic_ns() / 1000 + SETTLE_US);
}

static int on_bus(sd_event_source *source, int fd, uint32_t events, void *arg)
{
        struct loop *l = arg;
        struct err err = {0};

        if (unit_signals_read(l->signals, take_signal, l, &err) < 0)
                close_bus(l); /* the next tick tries again */
        return l->settled_us ? plan_look(l) : 0;
}

/* Without one, changes of services are seen at the next look. */
static void open_bus(struct loop *l)
{
        struct err err = {0};

        if (l->signals || unit_signals_open(&l->signals, &err) < 0)
                return;
        if (sd_event_add_io(l->event, &l->on_bus, unit_signals_fd(l->signals), EPOLLIN, on_bus, l) < 0)
                close_bus(l);
        else
                (void)on_bus(NULL, -1, 0, l); /* what came with the answers is in memory, not on the descriptor */
}

static int on_firewall(sd_event_source *source, int fd, uint32_t events, void *arg)
{
        struct loop *l = arg;
        struct err err = {0};
        uint64_t at = clock_monotonic_ns() / 1000 + SETTLE_US;
        int r = firewall_notices_read(fd, &err);

        if (r < 0)
                close_firewall(l); /* the next tick tries again */
        if (r <= 0)
                return 0;
        if (at > l->filtered_us) /* else that look is still to come */
                l->filtered_us = at > l->filtered_us + FIREWALL_US ? at : l->filtered_us + FIREWALL_US;
        settle(l, l->filtered_us);
        return plan_look(l);
}

/* Without it, changes of the packet filter are seen at the next look. */
static void open_firewall(struct loop *l)
{
        struct err err = {0};

        if (l->firewall_fd >= 0)
                return;
        l->firewall_fd = firewall_notices_open(&err);
        if (l->firewall_fd >= 0 &&
            sd_event_add_io(l->event, &l->on_firewall, l->firewall_fd, EPOLLIN, on_firewall, l) < 0)
                close_firewall(l);
}

/* A shortage that passes must not end a watch of weeks. */
static void tell_no_look(struct loop *l, const struct err *err)
{
        fprintf(stderr, "quaymaster watch: cannot look at the whole, will try again: %s\n", err->text);
        l->run.looked_ns = clock_monotonic_ns();
}

static int on_timer(sd_event_source *source, uint64_t usec, void *arg)
{
        struct loop *l = arg;
        struct err err = {0};

        if (watch_run_is_looking(&l->run))
                return 0;
        l->settled_us = 0;
        if (watch_run_look(&l->run, &err) == 0)
                return 0;
        tell_no_look(l, &err);
        return plan_look(l);
}

static int on_looked(sd_event_source *source, int fd, uint32_t events, void *arg)
{
        struct loop *l = arg;
        struct err err = {0};
        int r;

        if (!watch_run_is_looking(&l->run)) /* a reload was in between, and looked itself */
                return 0;
        r = watch_run_looked(&l->run, &err);
        if (l->run.output.ended)
                return fail(l, 0);
        if (r < 0)
                tell_no_look(l, &err);
        return plan_look(l);
}

static int plan_tick(struct loop *l)
{
        (void)sd_event_source_set_time(l->tick, clock_monotonic_ns() / 1000 + TICK_US);
        return sd_event_source_set_enabled(l->tick, SD_EVENT_ONESHOT);
}

static int on_tick(sd_event_source *source, uint64_t usec, void *arg)
{
        struct loop *l = arg;
        int r = watch_run_tick(&l->run, l->err);

        if (r < 0 || l->run.output.ended)
                return fail(l, r);
        if (l->run.look_soon)
                (void)plan_look(l);
        open_bus(l);
        open_firewall(l);
        return plan_tick(l);
}

static int on_end(sd_event_source *source, const struct signalfd_siginfo *info, void *arg)
{
        return fail(arg, 0);
}

/* Errors name what stands in the files. */
static void tell_reload(const char *what, const char *why)
{
        _cleanup_str_ struct str safe = {0};

        text_add_printable(&safe, why);
        fprintf(stderr, "quaymaster watch: %s%s\n", what, str_text(&safe));
}

/* All that can be read anew, or nothing: what is broken leaves the old in force. */
static int on_reload(sd_event_source *source, const struct signalfd_siginfo *info, void *arg)
{
        struct loop *l = arg;
        struct knowledge *old = l->knowledge;
        _cleanup_(knowledge_freep) struct knowledge *knowledge = NULL;
        _cleanup_(watch_policy_release) struct watch_policy policy = {0};
        struct err err = {0};
        int r = config_open_knowledge(l->in, &knowledge, &err);

        if (r == 0)
                r = watch_policy_open(&policy, l->in, &err);
        if (r == 0) {
                l->run.knowledge = knowledge;
                r = watch_run_change_policy(&l->run, &policy, &err);
        }
        if (r < 0) {
                l->run.knowledge = old;
                tell_reload("configuration not reloaded, the old stays: ", err.text);
                return 0;
        }
        l->knowledge = take_ptr(knowledge);
        knowledge_freep(&old);
        tell_reload("configuration reloaded", "");
        if (watch_alert_reload(l->in, &l->run.alert, l->event, &err) < 0)
                tell_reload("sinks not reloaded, the old stay: ", err.text);
        return l->run.output.ended ? fail(l, 0) : plan_look(l);
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
        int r = sd_event_add_io(l->event, NULL, watch_fd(l->run.source), EPOLLIN, on_notes, l);
        if (r >= 0)
                r = sd_event_add_io(l->event, NULL, l->run.whole.done_fd, EPOLLIN, on_looked, l);
        if (r >= 0)
                r = sd_event_add_time(l->event, &l->timer, CLOCK_MONOTONIC, UINT64_MAX, 1000, on_timer, l);
        if (r >= 0)
                r = sd_event_add_time(l->event, &l->tick, CLOCK_MONOTONIC, UINT64_MAX, 1000000, on_tick, l);
        if (r >= 0)
                r = plan_tick(l);
        if (r >= 0)
                r = sd_event_add_signal(l->event, NULL, SIGINT, on_end, l);
        if (r >= 0)
                r = sd_event_add_signal(l->event, NULL, SIGTERM, on_end, l);
        if (r >= 0)
                r = sd_event_add_signal(l->event, NULL, SIGHUP, on_reload, l);
        if (r >= 0 && (r = watch_alert_attach(l->run.alert, l->event, err)) < 0)
                return r;
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
        if (r == 0)
                r = watch_policy_open(&l->run.policy, l->in, err);
        if (r == 0)
                r = watch_alert_open(l->in, &l->run.alert, err);
        if (r < 0)
                return -EINVAL; /* a bad file, also one that may not be read: trying again does not mend it */
        l->run.knowledge = l->knowledge;
        block_signals();
        r = open_source(l, err);
        if (r < 0)
                return r;
        r = sd_event_default(&l->event);
        if (r < 0)
                return err_errno(err, -r, "cannot set up the event loop");
        open_firewall(l); /* before the first look, as the source */
        r = watch_run_begin(&l->run, err);
        if (r == 0)
                r = start_loop(l, err);
        if (r == 0)
                open_bus(l);
        return r;
}

static int watch_listeners(const struct invocation *in, struct err *err)
{
        const char *netns = invocation_get(in, "netns");
        char nft_program[PATH_MAX];
        _cleanup_(loop_release) struct loop l = {
                .in = in,
                .firewall_fd = -1,
                .err = err,
                .run = {
                        .options = {.netns = netns ? netns : "all",
                                    .all_services = true,
                                    .no_bpf = invocation_has(in, "no-bpf"),
                                    .nft_program = inside_nft_program(nft_program)},
                        .json = invocation_has(in, "json"),
                        .output = {.path = invocation_get(in, "output"), .fd = -1},
                        .whole = WATCH_WHOLE_INIT,
                },
        };
        int r = start(&l, err);

        if (r < 0)
                return inside_run_failed(r);
        r = sd_event_loop(l.event);
        if (watch_run_is_looking(&l.run)) /* so that the last record says all that is known */
                (void)watch_run_looked(&l.run, &(struct err){0});
        watch_alert_end(l.run.alert);
        if (r < 0)
                return QM_EXIT_INCOMPLETE;
        return watch_run_end(&l.run) ? QM_EXIT_DONE : QM_EXIT_INCOMPLETE;
}

static int test_sinks(const struct invocation *in, struct err *err)
{
        return watch_alert_test(in, invocation_has(in, "json"), err);
}

static int install(const struct invocation *in, struct err *err)
{
        int r = watch_install(invocation_has(in, "now"), err);

        return r < 0 ? QM_EXIT_USAGE : r;
}

static int uninstall(const struct invocation *in, struct err *err)
{
        int r = watch_uninstall(invocation_has(in, "now"), err);

        return r < 0 ? QM_EXIT_USAGE : r;
}

#define LISTENERS_TAKE STR_LIST("json", "output", "netns", "interval", "config", "no-bpf")

/* What else it does when one of these options is given, and which go with that; the last: what it does without. */
static const struct mode {
        const char *option;
        const char *const *takes;
        int (*run)(const struct invocation *in, struct err *err);
} modes[] = {
        {"denied", STR_LIST("json", "output", "netns", "config"), watch_denied},
        {"test-sinks", LISTENERS_TAKE, test_sinks}, /* as one adds it to the words of the watch it is for */
        {"install", STR_LIST("now"), install},
        {"uninstall", STR_LIST("now"), uninstall},
        {NULL, LISTENERS_TAKE, watch_listeners},
};

/* An option that would do nothing is a misunderstanding. */
static int check_mode(const struct mode *mode, const struct invocation *in, struct err *err)
{
        for (size_t i = 0; i < array_len(options); i++) {
                const char *option = options[i].name;

                if (!invocation_has(in, option) || streq_ptr(mode->option, option) ||
                    str_in_list(option, mode->takes))
                        continue;
                return mode->option
                               ? err_set(err, -EINVAL, "'--%s' does not go with '--%s'", option, mode->option)
                               : err_set(err, -EINVAL, "'--%s' is for --install and --uninstall", option);
        }
        return 0;
}

static int run(const struct invocation *in, struct err *err)
{
        const struct mode *mode = modes;

        while (mode->option && !invocation_has(in, mode->option))
                mode++;
        if (check_mode(mode, in, err) < 0)
                return QM_EXIT_USAGE;
        ambient_clear(); /* programs that are started get what they need, and no more */
        return mode->run(in, err);
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
