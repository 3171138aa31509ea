/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/inside_run.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/companion.h"
#include "base/fd.h"
#include "base/mem.h"
#include "cli/config_dir.h"
#include "cli/terminal.h"
#include "collect/collect.h"
#include "config.h"

#define LARGE_PIPE (1024 * 1024) /* what the kernel grants without privilege (pipe(7), pipe-max-size) */

const char *const format_choices[] = {"text", "json", "csv", "html", NULL};

void inside_run_release(struct inside_run *run)
{
        assess_freep(&run->assessment);
        inside_freep(&run->view);
        knowledge_freep(&run->knowledge);
        pool_freep(&run->pool);
        if (run->has_output)
                output_file_release(&run->output);
}

const char *inside_nft_program(char buf[PATH_MAX])
{
        _cleanup_close_ int fd = companion_open("quaymaster-nft", QM_LIBEXECDIR, buf, NULL);

        return fd >= 0 && access(buf, X_OK) == 0 ? buf : NULL;
}

/* One report can't be in two formats. */
static int check_format(const struct invocation *in, struct err *err)
{
        const char *format = invocation_get(in, "format");

        if (!format || !invocation_has(in, "json") || streq(format, "json"))
                return 0;
        return err_set(err, -EINVAL, "'--json' and '--format %s' contradict each other; give one of them",
                       format);
}

/* Whatever is wrong with the file is the user's mistake. */
static int open_estate(struct inside_run *run, const struct invocation *in, struct err *err)
{
        run->pool = pool_new();
        return config_open_estate(in, run->pool, &run->estate, &run->has_estate, err) < 0 ? -EINVAL : 0;
}

int inside_run_collect(struct inside_run *run, const struct invocation *in, bool all_services,
                       struct err *err)
{
        const char *netns = invocation_get(in, "netns");
        char nft_program[PATH_MAX];
        struct collect_options options = {
                .netns = netns ? netns : "all",
                .all_services = all_services,
                .no_bpf = invocation_has(in, "no-bpf"),
                .nft_program = inside_nft_program(nft_program),
        };
        int r = check_format(in, err);

        if (r < 0)
                return r;
        mem_for_one_report();
        run->started_ns = clock_monotonic_ns();
        r = config_open_knowledge(in, &run->knowledge, err);
        if (r == 0)
                r = open_estate(run, in, err);
        if (r == 0)
                r = collect_inside(&options, &run->view, err);
        if (r < 0)
                return r;
        run->assessment = assess_correlate(run->view, run->knowledge);
        assess_reach(run->assessment, run->has_estate ? &run->estate : NULL);
        run->complete = true;
        vec_foreach(gap, &run->view->gaps)
                run->complete = run->complete && !gap->incomplete;
        return 0;
}

int inside_run_failed(int r)
{
        return r == -ENOENT || r == -EINVAL ? QM_EXIT_USAGE : QM_EXIT_INCOMPLETE;
}

int inside_run_open_output(struct inside_run *run, const struct invocation *in, struct err *err)
{
        const char *path = invocation_get(in, "output");
        int r;

        if (!path || run->has_output)
                return 0;
        r = output_file_open(&run->output, path, err);
        run->has_output = r == 0;
        return r;
}

/* The report replaces FILE only when it is whole. */
static int write_file(struct inside_run *run, const struct report_format *format,
                      const struct report_input *input, struct err *err)
{
        int r = format->write(input, run->output.fd, err);

        if (r == 0)
                r = output_file_place(&run->output, err);
        if (r == 0 && run->written)
                *run->written = true;
        return r;
}

int inside_run_report(struct inside_run *run, const struct invocation *in, struct report_input shape,
                      struct err *err)
{
        const char *name = invocation_get(in, "format");
        const struct terminal terminal = terminal_of(STDOUT_FILENO);
        const struct report_format *format;
        int r;

        if (invocation_has(in, "json"))
                name = "json";
        format = report_find(name ? name : "text");
        shape.assessment = run->assessment;
        shape.view = run->view;
        shape.knowledge = run->knowledge;
        shape.all = invocation_has(in, "all");
        shape.complete = run->complete;
        shape.elapsed_ms = (double)(clock_monotonic_ns() - run->started_ns) / 1e6;
        r = inside_run_open_output(run, in, err);
        if (r < 0)
                return r;
        if (run->has_output)
                return write_file(run, format, &shape, err);
        /* with the usual 64 KiB, writer and reader take turns instead of working side by side; no pipe, no harm */
        (void)fcntl(STDOUT_FILENO, F_SETPIPE_SZ, LARGE_PIPE);
        shape.width = terminal.width;
        shape.colour = terminal.colour;
        r = format->write(&shape, STDOUT_FILENO, err);
        if (r == -EPIPE) /* `quaymaster host | head`: the reader had enough */
                err->text[0] = '\0';
        return r;
}
