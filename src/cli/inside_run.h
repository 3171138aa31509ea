/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What `host` and `audit` share: look at this host, join with the guide, write a report. */
#pragma once

#include <limits.h>

#include "assess/assess.h"
#include "cli/command.h"
#include "cli/config_dir.h"
#include "report/report.h"

/* The options both have, for their tables. */
extern const char *const format_choices[];
#define INSIDE_OPTIONS(formats)                                                                             \
        {.name = "netns", .kind = OPTION_WORD, .value = "WHICH",                                            \
         .help = "look into `all` network namespaces (default), the own one (`self`), or NAME"},            \
                {.name = "json", .letter = 'j', .help = "NDJSON, one record a line: --format json"},        \
                {.name = "format", .letter = 'f', .kind = OPTION_WORD, .value = "FORMAT",                   \
                 .help = "how to write the report", .choices = formats},                                    \
                {.name = "output", .letter = 'o', .kind = OPTION_WORD, .value = "FILE",                     \
                 .help = "write to FILE (made with mode 0600) instead of the terminal"},                    \
                {.name = "all", .letter = 'a', .help = "in text, also list sockets of clients"},            \
                CONFIG_OPTION,                                                                              \
        {                                                                                                   \
                .name = "no-bpf", .help = "read owners from /proc even where BPF is permitted"              \
        }

struct inside_run {
        struct knowledge *knowledge;
        struct inside *view;
        struct assessment *assessment;
        bool complete; /* nothing asked for is missing */
        uint64_t started_ns;
};

void inside_run_release(struct inside_run *run);

/* Collect and correlate as the options say. 0 or negative errno; -ENOENT and -EINVAL are the user's mistake. */
int inside_run_collect(struct inside_run *run, const struct invocation *in, bool all_services, struct err *err);

/* Write the report that `shape` describes (title and with_ flags; the rest is filled in here) where the options say. */
int inside_run_report(const struct inside_run *run, const struct invocation *in, struct report_input shape,
                      struct err *err);

/* quaymaster-nft: installed, or beside us in a build folder. NULL when there is none. */
const char *inside_nft_program(char buf[PATH_MAX]);

/* The exit status for what went wrong while collecting or writing. */
int inside_run_failed(int r);
