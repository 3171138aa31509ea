/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/commands.h"
#include "cli/inside_run.h"

static const struct option_spec options[] = {
        {.name = "services", .letter = 's', .help = "list services instead: state, start-up, what they listen on"},
        INSIDE_OPTIONS,
        OUTPUT_OPTIONS(format_choices),
        CONFIG_OPTION,
};

static int run(const struct invocation *in, struct err *err)
{
        _cleanup_(inside_run_release) struct inside_run host = {0};
        bool services = invocation_has(in, "services");
        int r = inside_run_collect(&host, in, services, err);

        if (r < 0)
                return inside_run_failed(r);
        if (services)
                assess_services(host.assessment);
        r = inside_run_report(&host, in,
                              (struct report_input){
                                      .title = "host",
                                      .with_listeners = !services,
                                      .with_services = services,
                              },
                              err);
        if (r < 0)
                return inside_run_failed(r);
        return host.complete ? QM_EXIT_DONE : QM_EXIT_INCOMPLETE;
}

const struct command command_host = {
        .name = "host",
        .arguments = "",
        .summary = "what listens on this host: port, process, unit, package, container, exposure",
        .details =
                "Joins what ss, lsof, systemctl and dpkg -S say, in every network namespace. Run it as root to see\n"
                "everything; as another user it shows what that user may see and names the rest.\n\n"
                "Exit status: 0 all asked for was seen, 2 wrong usage, 3 something asked for could not be seen.\n",
        .options = options,
        .n_options = array_len(options),
        .run = run,
};
