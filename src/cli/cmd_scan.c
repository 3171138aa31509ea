/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The outside view alone. */
#include "cli/commands.h"
#include "cli/outside_run.h"

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
        .options = scan_option_specs,
        .n_options = SCAN_N_OPTIONS,
        .max_arguments = MAX_ARGUMENTS,
        .run = outside_run,
};
