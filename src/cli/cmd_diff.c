/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/inside_run.h"
#include "cli/output_file.h"
#include "cli/planned.h"
#include "cli/snapshot_find.h"
#include "cli/state_store.h"
#include "cli/terminal.h"
#include "drift/drift.h"
#include "report/drift_report.h"

static const struct option_spec options[] = {
        {.name = "json", .letter = 'j', .help = "write NDJSON: an event a line, and a summary"},
        OUTPUT_OPTION,
        NETNS_OPTION("now: "),
        NO_BPF_OPTION("now: "),
        CONFIG_OPTION,
};

struct run {
        const struct invocation *in;
        struct pool *pool;
        struct snapshot sides[2];
        struct drift drift;
        struct planned planned;
};

static void run_release(struct run *run)
{
        planned_release(&run->planned);
        drift_release(&run->drift);
        snapshot_release(&run->sides[0]);
        snapshot_release(&run->sides[1]);
        pool_freep(&run->pool);
}

static int read_sides(struct run *run, struct err *err)
{
        const char *const words[] = {run->in->arguments[0], run->in->arguments[1]};

        if (streq(run->in->arguments[0], "-") && streq(run->in->arguments[1], "-"))
                return err_set(err, -EINVAL, "standard input ('-') can be only one of the two");
        for (size_t i = 0; i < array_len(run->sides); i++)
                snapshot_init(&run->sides[i], run->pool);
        return snapshot_find_two(run->sides, words, run->in, err);
}

static int write_report(const struct run *run, const struct drift_report *report, int fd, struct err *err)
{
        return invocation_has(run->in, "json") ? drift_report_json(report, fd, err)
                                               : drift_report_text(report, fd, err);
}

static int write_file(const struct run *run, const struct drift_report *report, const char *path,
                      struct err *err)
{
        _cleanup_(output_file_release) struct output_file file = {.fd = -1};
        int r = output_file_open(&file, path, err);

        if (r == 0)
                r = write_report(run, report, file.fd, err);
        return r < 0 ? r : output_file_place(&file, err);
}

static int tell(const struct run *run, struct drift_report *report, struct err *err)
{
        const char *path = invocation_get(run->in, "output");
        const struct terminal terminal = terminal_of(STDOUT_FILENO);
        int r;

        if (path)
                return write_file(run, report, path, err);
        report->width = terminal.width;
        report->colour = terminal.colour;
        r = write_report(run, report, STDOUT_FILENO, err);
        if (r == -EPIPE) /* the reader had enough */
                err->text[0] = '\0';
        return r;
}

static int run_diff(const struct invocation *in, struct err *err)
{
        _cleanup_(run_release) struct run run = {.in = in, .pool = pool_new()};
        struct drift_report report = {.before = &run.sides[0], .after = &run.sides[1], .drift = &run.drift};
        int r;

        mem_for_one_report();
        r = read_sides(&run, err);
        if (r < 0)
                return state_store_failed(r);
        drift_compare(report.before, report.after, &run.drift);
        r = planned_file(&run.planned, &run.drift, report.before, report.after, err);
        if (r < 0)
                return state_store_failed(r);
        report.planned = run.planned.n;
        report.missed = run.planned.missed.at;
        if (tell(&run, &report, err) < 0)
                return QM_EXIT_INCOMPLETE;
        if (run.drift.events.n > report.planned)
                return QM_EXIT_FINDINGS;
        return run.drift.complete ? QM_EXIT_DONE : QM_EXIT_INCOMPLETE;
}

const struct command command_diff = {
        .name = "diff",
        .arguments = "BEFORE AFTER",
        .files = true,
        .summary = "what changed between two looks: opened, closed, moved, another owner or version",
        .details =
                "BEFORE and AFTER are each one of\n"
                "  NAME       a snapshot (see: quaymaster snapshot list), its time, or `last`\n"
                "  baseline   what `baseline set` kept\n"
                "  now        this host as it is\n"
                "  FILE       records that `host`, `audit` or `scan` wrote with --json, or what `import` knows,\n"
                "             such as XML of nmap; - is standard input. Write ./FILE where a snapshot has the name.\n\n"
                "A daemon that was restarted is no change. What is not known on one side is none either: the output\n"
                "says what could not be compared. A listing (of ss, netstat ...) does not say whose it is: it is\n"
                "taken to be of the host of the other side.\n\n"
                "Exit status: 0 nothing changed but what a `change` expected, 1 something did, 2 wrong usage or\n"
                "a file that cannot be read, 3 nothing changed in what was seen, and a side is incomplete, or the two\n"
                "have nothing that can be compared.\n",
        .options = options,
        .n_options = array_len(options),
        .min_arguments = 2,
        .max_arguments = 2,
        .run = run_diff,
};
