/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What all share that look at this host: collect, join with the guide, ask the packet filter, write a report. */
#pragma once

#include <limits.h>

#include "assess/assess.h"
#include "cli/command.h"
#include "cli/config_dir.h"
#include "cli/output_file.h"
#include "report/report.h"

extern const char *const format_choices[];

/* Of commands that look at this host; `when` is "" or the word of the command it is for, as "save: ". */
#define NETNS_OPTION(when)                                                                                            \
        {                                                                                                             \
                .name = "netns", .kind = OPTION_WORD, .value = "WHICH",                                               \
                .help = when "look into `all` network namespaces (default), the own one (`self`), or NAME"            \
        }
#define NO_BPF_OPTION(when)                                                                                           \
        {                                                                                                             \
                .name = "no-bpf", .help = when "read owners from /proc even where BPF is permitted"                   \
        }

/* The options both have, for their tables. */
#define INSIDE_OPTIONS                                                                                                \
        NETNS_OPTION(""), {.name = "all", .letter = 'a', .help = "in text, also list sockets of clients"},            \
                NO_BPF_OPTION("")

struct inside_run {
        struct pool *pool; /* of the estate */
        struct estate estate;
        bool has_estate;
        struct knowledge *knowledge;
        struct inside *view;
        struct assessment *assessment;
        bool complete; /* nothing asked for is missing */
        uint64_t started_ns;
        struct output_file output; /* of --output, where inside_run_open_output opened it; then has_output */
        bool has_output;
        bool *written; /* shared with another process that puts the file in its place: set when it is whole; or NULL */
};

void inside_run_release(struct inside_run *run);

/*
 * Collect as the options say, join, and put each listener to the packet filter with the zones of the estate. 0 or
 * negative errno; -ENOENT and -EINVAL are the user's mistake.
 */
int inside_run_collect(struct inside_run *run, const struct invocation *in, bool all_services,
                       struct err *err);

/* Open the file of --output now, for reports written when no file can be opened any more. 0 or negative errno. */
int inside_run_open_output(struct inside_run *run, const struct invocation *in, struct err *err);

/* Write the report that `shape` describes (title and with_ flags; the rest is filled in here) where the options say. */
int inside_run_report(struct inside_run *run, const struct invocation *in, struct report_input shape,
                      struct err *err);

/* quaymaster-nft: installed, or beside us in a build folder. NULL when there is none. */
const char *inside_nft_program(char buf[PATH_MAX]);

/* The exit status for what went wrong while collecting or writing. */
int inside_run_failed(int r);
