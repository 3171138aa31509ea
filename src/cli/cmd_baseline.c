/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/str.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/inside_run.h"
#include "cli/snapshot_find.h"
#include "cli/snapshot_now.h"
#include "cli/state_store.h"
#include "drift/drift.h"
#include "drift/expect.h"

static const struct option_spec options[] = {
        NETNS_OPTION(""),
        NO_BPF_OPTION(""),
        CONFIG_OPTION,
};

struct run {
        const struct invocation *in;
        struct pool *pool;
        struct snapshot baseline, now;
        struct drift drift;
};

static void run_release(struct run *run)
{
        drift_release(&run->drift);
        snapshot_release(&run->baseline);
        snapshot_release(&run->now);
        pool_freep(&run->pool);
}

static int keep(const struct snapshot *s, struct err *err)
{
        const struct store_engine *engine;
        struct store *store;
        int r = state_store_open(&store, &engine, STORE_CREATE, err);

        if (r == 0)
                r = engine->save(store, s, BASELINE, BASELINE, true, err);
        (void)engine->close(store);
        return r;
}

static int set(struct run *run, struct err *err)
{
        const char *word = run->in->n_arguments > 1 ? run->in->arguments[1] : "now";
        int r = streq(word, "now") ? 0 : snapshot_refuse_now(run->in, word, err);

        if (r == 0)
                r = snapshot_find(&run->now, word, run->in, err);
        if (r == 0)
                r = keep(&run->now, err);
        if (r == 0)
                (void)printf("The baseline is %s: %zu items%s\n",
                             streq(word, "now") ? "this host as it is now" : word, run->now.items.n,
                             run->now.complete ? "" : "; incomplete, so what it lacks may have been there");
        return r;
}

static int load(struct run *run, struct err *err)
{
        int r = state_store_load(BASELINE, &run->baseline, err);

        return r == -ENOENT
                       ? err_set(err, r, "there is no baseline yet: `quaymaster baseline set` keeps one")
                       : r;
}

static int show(struct run *run, struct err *err)
{
        _cleanup_str_ struct str text = {0};
        char time[CLOCK_TEXT_SIZE];
        int r;

        r = load(run, err);
        if (r < 0)
                return r;
        text_add_printable(&text, run->baseline.hostname ? run->baseline.hostname : "several hosts");
        (void)printf(
                "Baseline of %s, taken %s: %zu items%s\n"
                "`quaymaster snapshot show baseline` lists them, `quaymaster diff baseline now` compares.\n",
                str_text(&text), clock_format(run->baseline.time_s, time), run->baseline.items.n,
                run->baseline.complete ? "" : ", incomplete");
        return 0;
}

/* All of them when no place is named. */
static bool is_accepted(struct run *run, const struct event *e, bool used[])
{
        bool found = run->in->n_arguments == 1;

        for (size_t i = 1; i < run->in->n_arguments; i++)
                if ((e->before && expect_is_place(run->in->arguments[i], e->before)) ||
                    (e->after && expect_is_place(run->in->arguments[i], e->after)))
                        found = used[i] = true;
        return found;
}

static int compare_pointers(const void *a, const void *b)
{
        const struct item *x = *(const struct item *const *)a, *y = *(const struct item *const *)b;

        return x < y ? -1 : x > y;
}

/* The baseline with what was accepted in the place of what was there. */
static void apply(struct run *run, bool used[], struct snapshot *to, size_t *ret_n)
{
        vec(const struct item *) out = {0};
        vec(const struct item *) in = {0};

        *ret_n = 0;
        vec_foreach(e, &run->drift.events) {
                if (!is_accepted(run, e, used))
                        continue;
                ++*ret_n;
                if (e->before)
                        *vec_push(&out) = e->before;
                if (e->after)
                        *vec_push(&in) = e->after;
        }
        vec_sort(&out, compare_pointers);
        vec_sort(&in, compare_pointers);
        vec_foreach(item, &run->baseline.items)
                if (!out.n || !bsearch(&item, out.at, out.n, sizeof(*out.at), compare_pointers))
                        *vec_push(&to->items) = *item;
        for (size_t i = 0; i < in.n; i++)
                if (!i || in.at[i] != in.at[i - 1]) /* several things of one changed */
                        *vec_push(&to->items) = *in.at[i];
        vec_clear(&out);
        vec_clear(&in);
}

static int check_used(const struct run *run, const bool used[], struct err *err)
{
        for (size_t i = 1; i < run->in->n_arguments; i++)
                if (!used[i])
                        return err_set(
                                err, -ENOENT,
                                "nothing changed at '%s' (see: quaymaster diff baseline now); the baseline stays "
                                "as it was",
                                run->in->arguments[i]);
        return 0;
}

static int accept_into(struct run *run, struct snapshot *to, struct err *err)
{
        _cleanup_free_ bool *used = xcalloc(run->in->n_arguments, sizeof(*used));
        size_t n;
        int r;

        apply(run, used, to, &n);
        r = check_used(run, used, err);
        if (r == 0 && n)
                r = keep(to, err);
        if (r == 0)
                (void)printf("%zu change%s accepted into the baseline\n", n, n == 1 ? "" : "s");
        return r;
}

static int accept_drift(struct run *run, struct err *err)
{
        struct snapshot accepted;
        int r = load(run, err);

        if (r == 0)
                r = snapshot_find(&run->now, "now", run->in, err);
        if (r < 0)
                return r;
        drift_compare(&run->baseline, &run->now, &run->drift);
        accepted = run->baseline;
        memset(&accepted.items, 0, sizeof(accepted.items));
        accepted.time_s = run->now.time_s;
        r = accept_into(run, &accepted, err);
        vec_clear(&accepted.items);
        return r;
}

#define ARGUMENTS_MAX 256u

enum { SET, SHOW, ACCEPT };

static const struct command_part parts[] = {
        [SET] = {"set", .most = 1, .arguments = "[SNAPSHOT|FILE]", .takes = STR_LIST("netns", "no-bpf", "config")},
        [SHOW] = {"show", .arguments = "", .takes = STR_LIST()},
        [ACCEPT] = {"accept", .most = ARGUMENTS_MAX - 1, .arguments = "[PLACE...]",
                    .takes = STR_LIST("netns", "no-bpf", "config")},
};

static int run_baseline(const struct invocation *in, struct err *err)
{
        static int (*const runs[])(struct run *run, struct err *err) = {
                [SET] = set, [SHOW] = show, [ACCEPT] = accept_drift};
        _cleanup_(run_release) struct run run = {.in = in, .pool = pool_new()};
        int r;

        snapshot_init(&run.baseline, run.pool);
        snapshot_init(&run.now, run.pool);
        r = runs[in->part](&run, err);
        return r < 0 ? state_store_failed(r) : run.now.complete ? QM_EXIT_DONE : QM_EXIT_INCOMPLETE;
}

const struct command command_baseline = {
        .name = "baseline",
        .arguments = "set|show|accept [...]",
        .parts = parts,
        .n_parts = array_len(parts),
        .summary = "the state that was agreed on, which `diff baseline now` compares with",
        .details =
                "  set [SNAPSHOT|FILE]   this host as it is now, or what is named, is the baseline\n"
                "  show                  of when it is\n"
                "  accept [PLACE...]     take what changed since into the baseline: all, or what is named, as\n"
                "                        8443/tcp or nginx.service\n\n"
                "Exit status: 0 done, 2 wrong usage or no baseline, 3 something could not be seen, or there was\n"
                "no room to keep it.\n",
        .options = options,
        .n_options = array_len(options),
        .min_arguments = 1,
        .max_arguments = ARGUMENTS_MAX,
        .run = run_baseline,
};
