/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The outside view alone, written as it comes. */
#include "cli/commands.h"
#include "cli/config_dir.h"
#include "cli/outside_run.h"

static const struct option_spec options[] = {
        SCAN_OPTIONS,
        {.name = "identify",
         .help = "ask each open port what really speaks there: protocol, encryption, product"},
        {.name = "checkpoint",
         .kind = OPTION_WORD,
         .value = "FILE",
         .help = "keep the state in FILE, for --resume; else long scans keep it where state is kept"},
        {.name = "resume",
         .kind = OPTION_WORD,
         .value = "FILE",
         .help = "go on with the scan that left this checkpoint"},
        OUTPUT_OPTIONS(scan_formats),
        CONFIG_OPTION,
};

static int begin(struct outside_run *run)
{
        outside_written(
                scan_writer_begin(&run->writer, run->request.format, &run->head, run->output.fd, run->err));
        return 0;
}

static void write_endpoint(const struct endpoint *endpoint, const struct identity *identity,
                           struct outside_run *run)
{
        progress_clear(&run->progress);
        outside_written(scan_writer_observed(
                &run->writer, &(struct observed){.endpoint = *endpoint, .identity = identity}));
}

static void write_host(const struct host_coverage *coverage, struct outside_run *run)
{
        progress_clear(&run->progress);
        outside_written(scan_writer_host(&run->writer, coverage));
}

static int end(struct outside_run *run, struct scan_end *how)
{
        return scan_writer_end(&run->writer, how);
}

static int run(const struct invocation *in, struct err *err)
{
        static const struct outside_use use = {
                .keeps_state = true,
                .begin = begin,
                .endpoint = write_endpoint,
                .host = write_host,
                .end = end,
        };

        return outside_run(in, &use, NULL, err);
}

const struct command command_scan = {
        .name = "scan",
        .arguments = "TARGET...",
        .summary = "which ports of your hosts are open, asked from here over the network",
        .details =
                "A target is an address, a network (10.0.0.0/24), a range (10.0.0.5-9), a name, or @NAME: an asset or\n"
                "a tag of estate.yaml. Only what estate.yaml calls yours is ever probed, and this machine itself; see\n"
                "quaymaster-estate(5). Half-open connections (syn) need root or CAP_NET_RAW; without it full ones\n"
                "(connect) are made.\n\n"
                "Profiles: gentle 10 packets/s to one host; normal 200, and 10000 in all; fast as --rate says.\n\n"
                "Exit status: 0 all was asked and decided, 2 wrong usage or a target that is not yours (nothing was\n"
                "sent), 3 incomplete: the output says what is missing.\n",
        .options = options,
        .n_options = array_len(options),
        .max_arguments = MAX_ARGUMENTS,
        .run = run,
};
