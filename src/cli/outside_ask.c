/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the outside view is asked: targets, ports, what is left out. */
#include "cli/outside_run.h"

#include <errno.h>

#include "base/clock.h"
#include "cli/config_dir.h"
#include "cli/scan_words.h"
#include "scan/checkpoint.h"

/* "10.0.0.5,10.0.1.0/24" */
static int parse_exclude(struct outside_run *run)
{
        const char *list = invocation_get(run->in, "exclude");
        _cleanup_free_ char *copy = list ? xstrdup(list) : NULL;
        char *rest = copy;

        for (const char *word; (word = strsep(&rest, ","));) {
                struct address_range range;

                if (address_range_parse(word, false, &range, NULL, run->err) < 0)
                        return err_prefix(run->err, "'--exclude %s'", list);
                range_set_add(&run->exclude, &range);
        }
        range_set_normalize(&run->exclude);
        return 0;
}

/* An address that was named alone is not left out in silence. */
static int check_singles(struct outside_run *run)
{
        char text[ADDRESS_TEXT_SIZE];

        for (size_t i = 0; i < run->targets.n_single; i++)
                if (range_set_has(&run->exclude, &run->targets.single[i].address))
                        return err_set(run->err, -EPERM,
                                       "%s is a target, and excluded by --exclude: leave out one of them",
                                       address_format(&run->targets.single[i].address, text));
        return 0;
}

static void refuse(struct outside_run *run, const struct address_range *range)
{
        struct targets *t = &run->targets;
        struct target_refused *refused = pool_alloc(run->pool, (t->n_refused + 1) * sizeof(*refused));

        if (t->n_refused)
                memcpy(refused, t->refused, t->n_refused * sizeof(*refused));
        refused[t->n_refused++] = (struct target_refused){*range, "excluded by --exclude"};
        t->refused = refused;
}

/* Taken out of the targets, so that it is told; and out of the scope, so that the gate stops it. */
static int apply_exclude(struct outside_run *run)
{
        _cleanup_(range_set_release) struct range_set without = {0}, gone = {0};
        int r = check_singles(run);

        for (size_t i = 0; i < run->exclude.n; i++)
                range_set_add(&run->scope.exclude, &run->exclude.at[i]);
        range_set_normalize(&run->scope.exclude);
        for (size_t i = 0; i < run->targets.ranges.n; i++) {
                range_set_add(&without, &run->targets.ranges.at[i]);
                range_set_add(&gone, &run->targets.ranges.at[i]);
        }
        range_set_subtract(&without, &run->exclude);
        range_set_subtract(&gone, &without);
        for (size_t i = 0; i < gone.n; i++)
                refuse(run, &gone.at[i]);
        range_set_subtract(&run->targets.ranges, &run->exclude);
        if (r == 0 && !run->targets.ranges.n)
                r = err_set(run->err, -EPERM, "nothing is left to probe: '--exclude' takes out all targets");
        return r;
}

static int parse_targets(struct outside_run *run)
{
        const char *file = invocation_get(run->in, "input");
        struct targets_context context = {
                .estate = outside_estate(run),
                .scope = &run->scope,
                .broadcast = &run->broadcast,
        };
        int r;

        if (!file && !run->in->n_arguments)
                return err_set(run->err, -EINVAL,
                               "needs a target: an address, network (10.0.0.0/24), range, name or "
                               "@asset, or --input FILE");
        r = parse_exclude(run);
        if (r == 0)
                r = targets_parse(&run->targets, run->in->arguments, run->in->n_arguments, &file,
                                  file ? 1 : 0, &context, run->err);
        return r == 0 && run->exclude.n ? apply_exclude(run) : r;
}

/* `scan --resume FILE` alone: the words come from the file. */
static int take_words(struct outside_run *run)
{
        const char *file = invocation_get(run->in, "resume");
        int r;

        if (!file || run->in->n_arguments || invocation_has(run->in, "input"))
                return 0;
        r = checkpoint_words(file, &run->kept, run->err);
        if (r == 0)
                r = scan_words_join(&run->kept, run->in, &run->resumed, run->err);
        if (r == 0)
                run->in = &run->resumed;
        return r;
}

int outside_ask(struct outside_run *run)
{
        int r = take_words(run);

        if (r == 0)
                r = scan_request_parse(run->in, clock_now_s(), &run->request, run->err);
        if (r == 0)
                r = config_open_knowledge(run->in, &run->knowledge, run->err);
        if (r == 0)
                r = config_open_estate(run->in, run->pool, &run->estate, &run->has_estate, run->err);
        if (r == 0)
                r = scan_ports_parse(&run->ports, run->request.ports, run->request.unprefixed,
                                     run->knowledge, run->err);
        if (r < 0)
                return QM_EXIT_USAGE;
        if (paths_own_addresses(&run->own, &run->broadcast, run->err) < 0)
                return QM_EXIT_INCOMPLETE;
        scope_make(&run->scope, outside_estate(run), &run->own, &run->broadcast);
        return parse_targets(run) < 0 ? QM_EXIT_USAGE : QM_EXIT_DONE;
}
