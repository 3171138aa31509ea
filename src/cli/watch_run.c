/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/watch_run.h"

#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <time.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"

#define BATCH        256u          /* notes that are looked at together */
#define FLUSH_AT     (64u * 1024)
#define NS_PER_S     1000000000ull
#define STEPS_MAX    16384u        /* that are kept while a look goes on; some 160 bytes each */
#define LOOK_SHARE   10u           /* looking takes at most one in so many */

void watch_run_release(struct watch_run *run)
{
        watch_whole_release(&run->whole);
        vec_clear(&run->steps);
        known_freep(&run->known);
        watch_policy_release(&run->policy);
        exe_reader_release(&run->exes);
        watch_planned_release(&run->planned);
        inside_freep(&run->base);
        watch_output_release(&run->output);
}

static int64_t realtime_ns(void)
{
        struct timespec now = {0};

        (void)clock_gettime(CLOCK_REALTIME, &now);
        return (int64_t)now.tv_sec * (int64_t)NS_PER_S + now.tv_nsec;
}

/* --- output ---------------------------------------------------------------------------------------- */

static struct json begin_record(struct watch_run *run, const char *type)
{
        struct json j = json_to(&run->output.text);
        char time[CLOCK_TEXT_SIZE];

        json_open_record(&j, type, run->base->asset, "inside", clock_format(clock_now_s(), time));
        return j;
}

static void tell_gap(struct watch_run *run, const char *source, const char *reason, const char *capability,
                     uint64_t count)
{
        if (run->json) {
                struct json j = begin_record(run, "gap");

                json_str(&j, "source", source);
                json_str(&j, "reason", reason);
                json_str(&j, "capability", capability);
                json_bool(&j, "incomplete", false);
                json_u64(&j, "count", count);
                json_end_line(&j);
                return;
        }
        text_add_printable(&run->output.text, source);
        str_add(&run->output.text, ": ");
        text_add_printable(&run->output.text, reason);
        if (capability)
                str_addf(&run->output.text, " (needs %s)", capability);
        str_add_char(&run->output.text, '\n');
}

/* Whoever reads the file must not take it for all. */
static void tell_lost(struct watch_run *run)
{
        if (run->output.full || run->output.n_lost == run->lost_told)
                return;
        tell_gap(run, "watch", "there was no room to write some records", NULL,
                 run->output.n_lost - run->lost_told);
        run->lost_told = run->output.n_lost;
}

/* --- events ---------------------------------------------------------------------------------------- */

/* The judgement was made of the whole listener, when it was looked at. */
static void judge(struct watch_run *run, struct watch_event *e, const struct known_listener *now)
{
        e->judgement = now->judgement.verdict == VERDICT_NONE ? NULL : &now->judgement;
        e->event.planned = watch_planned_ticket(&run->planned, &e->event, run->base->hostname);
}

static void emit(struct watch_run *run, struct watch_event *e, const struct known_listener *now, int64_t when_ns)
{
        char id[48];

        e->event.seq = ++run->seq;
        e->event.time_s = when_ns / (int64_t)NS_PER_S;
        e->time_ms = (unsigned)(when_ns / 1000000 % 1000);
        (void)snprintf(id, sizeof(id), "%llx-%llu", (unsigned long long)run->started_ns,
                       (unsigned long long)run->seq);
        e->id = id;
        e->asset = run->base->asset;
        judge(run, e, now);
        *(e->by_reconcile ? &run->n_reconciled : &run->n_live) += 1;
        if (run->json)
                watch_event_json(&run->output.text, e);
        else
                watch_event_text(&run->output.text, e);
        watch_alert_event(run->alert, e);
        if (run->output.text.len >= FLUSH_AT)
                (void)watch_output_flush(&run->output, NULL);
}

/* --- notes ----------------------------------------------------------------------------------------- */

struct batch {
        struct watch_run *run;
        struct watch_note notes[BATCH];
        size_t n;
        struct inside *view; /* of the opened ones */
        struct assessment *assessment;
        int64_t ahead_ns; /* of the time of day, before CLOCK_MONOTONIC */
};

static bool base_has_netns(const struct watch_run *run, uint32_t inode)
{
        vec_foreach(ns, &run->base->netns)
                if (ns->inode == inode)
                        return true;
        return false;
}

/*
 * What a note cannot tell: the interfaces of a namespace that is new since the whole was looked at, and a port that
 * the kernel chose where the tables could not be read. Then the whole is looked at soon.
 */
static bool needs_look(const struct watch_run *run, const struct watch_note *note)
{
        return !note->closed && (!note->port || !base_has_netns(run, note->netns_inode));
}

static bool is_wanted(const struct watch_run *run, const struct watch_note *note)
{
        return !note->place || streq(run->options.netns, "all") || base_has_netns(run, note->netns_inode);
}

static void keep_wanted(struct batch *b)
{
        size_t n = 0;

        for (size_t i = 0; i < b->n; i++)
                if (is_wanted(b->run, &b->notes[i]))
                        b->notes[n++] = b->notes[i];
        b->n = n;
}

/* As `host` and `audit` see it: with what the packet filter lets in, and what the policy says to that. */
static struct assessment *assess(struct watch_run *run, const struct inside *view)
{
        struct assessment *assessment = assess_correlate(view, run->knowledge);
        const struct policy_run *rules = &run->policy.rules;

        assess_reach(assessment, rules->has_estate ? &rules->estate : NULL);
        vec_foreach(l, &assessment->listeners)
                l->judgement = watch_policy_judge(&run->policy, l);
        return assessment;
}

static void look_at_opened(struct batch *b)
{
        struct watch_note opened[BATCH];
        size_t n = 0;

        for (size_t i = 0; i < b->n; i++)
                if (!b->notes[i].closed && b->notes[i].port && !known_has_socket(b->run->known, b->notes[i].cookie))
                        opened[n++] = b->notes[i];
        if (!n)
                return;
        b->view = watch_look(b->run->base, b->run->options.exes, opened, n);
        b->assessment = assess(b->run, b->view);
}

static const char *role_of(const struct inside *view, uint32_t inode)
{
        if (view)
                vec_foreach(ns, &view->netns)
                        if (ns->inode == inode)
                                return ns->role;
        return NULL;
}

static const struct listener *find_listener(const struct batch *b, const struct watch_note *note)
{
        const char *role = role_of(b->view, note->netns_inode);

        if (b->assessment && role)
                vec_foreach(l, &b->assessment->listeners)
                        if (l->port == note->port && l->transport == note->transport &&
                            streq(l->netns->role, role) && address_compare(&l->address, &note->address) == 0)
                                return l;
        return NULL;
}

static struct watch_event event_of(enum event_kind kind, const struct known_listener *before,
                                   const struct known_listener *after)
{
        const struct known_listener *now = after ? after : before;

        return (struct watch_event){
                .event = {.kind = kind,
                          .before = before ? &before->item : NULL,
                          .after = after ? &after->item : NULL},
                .pid = now->pid,
                .process = now->process,
        };
}

/* What a look that goes on may not see any more. */
static void keep_step(struct watch_run *run, struct known_step step)
{
        if (run->whole.running && run->steps.n < STEPS_MAX)
                *vec_push(&run->steps) = step;
}

static void take_opened(struct batch *b, const struct watch_note *note)
{
        const struct listener *l = find_listener(b, note);
        const struct known_listener *known;
        struct watch_event e;

        if (!l || known_has_socket(b->run->known, note->cookie))
                return;
        known = known_open(b->run->known, l, note->cookie);
        if (note->time_ns >= b->run->whole.began_ns) /* else the look knows better: a note of its end may be lost */
                keep_step(b->run, known_step_opened(b->run->known, note->cookie));
        if (!known)
                return;
        e = event_of(EVENT_OPENED, NULL, known);
        e.listener = l;
        emit(b->run, &e, known, b->ahead_ns + (int64_t)note->time_ns);
}

static void take_closed(struct batch *b, const struct watch_note *note)
{
        struct item key = {
                .transport = (uint8_t)note->transport,
                .address = note->address,
                .port = note->port,
                .netns = role_of(b->run->base, note->netns_inode),
        };
        bool has_key = note->place && key.netns && !note->ifindex; /* its device has no name here */
        const struct known_listener *known = known_close(b->run->known, note->cookie, has_key ? &key : NULL);
        struct watch_event e;

        keep_step(b->run, (struct known_step){note->cookie, .closed = true, .has_key = has_key, .key = key});
        if (!known)
                return;
        e = event_of(EVENT_CLOSED, known, NULL);
        emit(b->run, &e, known, b->ahead_ns + (int64_t)note->time_ns);
}

static int take_batch(struct batch *b, struct err *err)
{
        keep_wanted(b);
        watch_policy_freshen(&b->run->policy, b->run->base);
        watch_planned_freshen(&b->run->planned, clock_monotonic_ns());
        watch_find_ports(b->notes, b->n);
        for (size_t i = 0; i < b->n; i++)
                b->run->look_soon |= needs_look(b->run, &b->notes[i]);
        look_at_opened(b);
        b->ahead_ns = realtime_ns() - (int64_t)clock_monotonic_ns();
        for (size_t i = 0; i < b->n; i++)
                if (b->notes[i].closed)
                        take_closed(b, &b->notes[i]);
                else
                        take_opened(b, &b->notes[i]);
        assess_freep(&b->assessment);
        inside_freep(&b->view);
        return watch_output_flush(&b->run->output, err);
}

static void tell_dropped(struct watch_run *run)
{
        uint64_t dropped = watch_dropped(run->source);

        if (dropped == run->dropped_told)
                return;
        tell_gap(run, "watch", "notes were lost in a burst; looking at the whole to find what they were of", NULL,
                 dropped - run->dropped_told);
        run->dropped_told = dropped;
        run->look_soon = true;
}

int watch_run_notes(struct watch_run *run, struct err *err)
{
        int r = 0;

        for (;;) {
                struct batch b = {.run = run};
                int n = watch_read(run->source, b.notes, BATCH, err);

                if (n <= 0) {
                        r = n;
                        break;
                }
                b.n = (size_t)n;
                r = take_batch(&b, err);
                if (r < 0 || run->output.ended || n < (int)BATCH)
                        break;
        }
        run->look_soon |= known_is_crowded(run->known);
        if (r == 0)
                tell_dropped(run);
        if (r == 0)
                r = watch_output_flush(&run->output, err);
        watch_planned_note(&run->planned, clock_monotonic_ns());
        return r;
}

/* --- the whole ------------------------------------------------------------------------------------- */

static void each_difference(enum event_kind kind, const struct known_listener *before,
                            const struct known_listener *after, const char *what, void *arg)
{
        struct watch_run *run = arg;
        struct watch_event e = event_of(kind, before, after);

        e.event.what = what;
        e.by_reconcile = true;
        emit(run, &e, after ? after : before, realtime_ns());
}

static struct known *know(struct watch_run *run, const struct inside *view, uint64_t began_ns)
{
        struct assessment *assessment;
        struct known *known;

        watch_policy_begin(&run->policy, view);
        assessment = assess(run, view);
        known = known_of(assessment);
        assess_freep(&assessment);
        run->looked_ns = clock_monotonic_ns();
        run->look_cost_ns = run->looked_ns - began_ns;
        return known;
}

/* At once, with events waiting. */
static int look(struct watch_run *run, struct inside **ret_view, struct known **ret_known, struct err *err)
{
        uint64_t began = clock_monotonic_ns();
        int r = collect_inside(&run->options, ret_view, err);

        if (r < 0)
                return r;
        run->look_soon = false;
        *ret_known = know(run, *ret_view, began);
        return 0;
}

uint64_t watch_run_next_look(const struct watch_run *run)
{
        return run->looked_ns + run->look_cost_ns * LOOK_SHARE;
}

static int take_look(struct watch_run *run, struct inside *view, struct known *known, struct err *err)
{
        int r;

        vec_foreach(step, &run->steps)
                known_catch_up(known, run->known, step);
        vec_clear(&run->steps); /* their keys point into the old view */
        inside_freep(&run->base);
        run->base = view;
        watch_planned_freshen(&run->planned, clock_monotonic_ns());
        known_compare(run->known, known, each_difference, run);
        known_freep(&run->known);
        run->known = known;
        (void)malloc_trim(0); /* a look takes far more for a moment than is kept of it */
        r = watch_output_flush(&run->output, err);
        watch_planned_note(&run->planned, clock_monotonic_ns());
        return r;
}

bool watch_run_is_looking(const struct watch_run *run)
{
        return run->whole.running;
}

static int look_and_take(struct watch_run *run, struct err *err)
{
        struct inside *view = NULL;
        struct known *known = NULL;
        int r = look(run, &view, &known, err);

        return r < 0 ? r : take_look(run, view, known, err);
}

int watch_run_look(struct watch_run *run, struct err *err)
{
        int r = watch_whole_start(&run->whole, &run->options, err);

        if (r < 0)
                return r;
        run->looking_for = run->look_soon;
        run->look_soon = false; /* what comes from now on may be too late for it */
        return 0;
}

/* The thread's work is thrown away, and steps are about nothing any more. */
static void give_up_look(struct watch_run *run)
{
        struct inside *view = NULL;
        struct err err;

        if (!run->whole.running)
                return;
        if (watch_whole_take(&run->whole, &view, &err) == 0)
                inside_freep(&view);
        run->look_soon |= run->looking_for;
        vec_clear(&run->steps);
}

int watch_run_looked(struct watch_run *run, struct err *err)
{
        struct inside *view = NULL;
        struct err why = {0};
        int r;

        (void)watch_run_notes(run, &why); /* what the look saw and a note tells, too, is told by the note */
        if (run->steps.n == STEPS_MAX) { /* more came and went than could be kept */
                give_up_look(run);
                return look_and_take(run, err);
        }
        r = watch_whole_take(&run->whole, &view, err);
        if (r < 0) {
                vec_clear(&run->steps);
                run->look_soon |= run->looking_for;
                return r;
        }
        return take_look(run, view, know(run, view, run->whole.began_ns), err);
}

int watch_run_change_policy(struct watch_run *run, struct watch_policy *policy, struct err *err)
{
        struct watch_policy old = run->policy;
        struct inside *view = NULL;
        struct known *known = NULL;
        int r;

        give_up_look(run);
        run->policy = *policy;
        r = look(run, &view, &known, err);
        *policy = r < 0 ? run->policy : old;
        if (r < 0) {
                run->policy = old;
                return r;
        }
        (void)take_look(run, view, known, NULL); /* what is known points to the old rules until then */
        return 0;
}

static void tell_missed(struct watch_run *run, const struct store_change *change)
{
        if (run->json) {
                struct json j = begin_record(run, "change");

                json_str(&j, "ticket", change->ticket);
                json_str(&j, "expect", change->expect);
                json_bool(&j, "happened", false);
                json_end_line(&j);
                return;
        }
        str_add(&run->output.text, "planned, but did not happen: ");
        text_add_printable(&run->output.text, change->ticket);
        str_add(&run->output.text, ": ");
        text_add_printable(&run->output.text, change->expect);
        str_add_char(&run->output.text, '\n');
}

static void tell_trouble(struct watch_run *run)
{
        const char *why = watch_planned_trouble(&run->planned, clock_monotonic_ns());
        _cleanup_str_ struct str reason = {0};

        if (!why)
                return;
        str_addf(&reason, "planned changes cannot be read, so what was planned of late is told as if it was not: %s",
                 why);
        tell_gap(run, "watch", str_text(&reason), NULL, 1);
}

int watch_run_tick(struct watch_run *run, struct err *err)
{
        const struct store_change *change;
        int64_t now = clock_now_s();
        size_t i = 0;

        run->look_soon |= watch_policy_day_changed(&run->policy);
        watch_planned_freshen(&run->planned, clock_monotonic_ns());
        while ((change = watch_planned_missed(&run->planned, &i, now)))
                tell_missed(run, change);
        watch_planned_checked(&run->planned, now);
        watch_planned_note(&run->planned, clock_monotonic_ns());
        tell_trouble(run);
        tell_lost(run);
        return watch_output_flush(&run->output, err);
}

static const char *const how[] = {
        [WATCH_TCP_UDP] = "TCP and UDP live by BPF",
        [WATCH_TCP] = "TCP live by BPF; UDP only when the whole is looked at, as no cgroup2 root can be attached to",
        [WATCH_STOPS] = "without BPF: openings are seen when the whole is looked at, stops in this namespace at once",
};

/* One of many that lack the same: a line for each of a host's hundreds of containers says no more than their number. */
static bool is_repeated(const struct inside *view, const struct gap *gap, size_t *ret_like)
{
        bool first = true;

        *ret_like = 0;
        vec_foreach(other, &view->gaps) {
                if (!gap->capability || !streq(other->source, gap->source) ||
                    !streq_ptr(other->capability, gap->capability))
                        continue;
                first = first && (*ret_like > 0 || other == gap);
                ++*ret_like;
        }
        return !first;
}

static void tell_gaps(struct watch_run *run)
{
        vec_foreach(gap, &run->base->gaps) {
                _cleanup_str_ struct str reason = {0};
                size_t like;

                if (is_repeated(run->base, gap, &like))
                        continue;
                str_add(&reason, gap->reason);
                if (like > 1)
                        str_addf(&reason, "; likewise %zu more", like - 1);
                tell_gap(run, gap->source, str_text(&reason), gap->capability, gap->count);
        }
}

static void tell_ready(struct watch_run *run)
{
        const char *words = how[watch_reach(run->source)];

        if (run->json) {
                struct json j = begin_record(run, "watch");

                json_str(&j, "by", watch_reach(run->source) == WATCH_STOPS ? "sock_diag" : "bpf");
                json_str(&j, "reach", words);
                json_u64(&j, "listeners", known_count(run->known));
                json_end_line(&j);
        } else {
                str_addf(&run->output.text, "watching %zu listener%s on ", known_count(run->known),
                         known_count(run->known) == 1 ? "" : "s");
                text_add_printable(&run->output.text, run->base->hostname);
                str_addf(&run->output.text, ": %s\n", words);
        }
        tell_gaps(run);
}

int watch_run_begin(struct watch_run *run, struct err *err)
{
        int r;

        run->started_ns = realtime_ns();
        run->exes = EXE_READER_INIT;
        run->options.exes = run->options.no_bpf ? NULL : &run->exes;
        watch_planned_checked(&run->planned, clock_now_s());
        watch_planned_freshen(&run->planned, clock_monotonic_ns());
        r = watch_output_open(&run->output, err);
        if (r == 0)
                r = watch_whole_open(&run->whole, err);
        if (r == 0)
                r = look(run, &run->base, &run->known, err);
        if (r < 0)
                return r;
        (void)malloc_trim(0);
        tell_ready(run);
        return watch_output_flush(&run->output, err);
}

bool watch_run_end(struct watch_run *run)
{
        bool complete = !run->look_soon && !run->output.n_lost;

        vec_foreach(gap, &run->base->gaps)
                complete = complete && !gap->incomplete;
        tell_lost(run);
        if (run->json) {
                struct json j = begin_record(run, "summary");

                json_bool(&j, "complete", complete);
                json_open_array(&j, "incomplete");
                vec_foreach(gap, &run->base->gaps)
                        if (gap->incomplete)
                                json_str(&j, NULL, gap->reason);
                if (run->look_soon)
                        json_str(&j, NULL, "ended before what notes could not tell was looked at");
                if (run->output.n_lost)
                        json_str(&j, NULL, "there was no room to write some records");
                json_end(&j);
                json_u64(&j, "events", run->seq);
                json_u64(&j, "live", run->n_live);
                json_u64(&j, "by_reconcile", run->n_reconciled);
                json_u64(&j, "dropped", watch_dropped(run->source));
                json_u64(&j, "listeners", known_count(run->known));
                json_end_line(&j);
        }
        (void)watch_output_flush(&run->output, NULL);
        return complete && !run->output.full;
}
