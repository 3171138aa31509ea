/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/help.h"

#include "base/str.h"
#include "cli/command.h"
#include "cli/terminal.h"
#include "collect/bpf_sockets.h"
#include "config.h"
#include "report/layout.h"

void help_version(FILE *to)
{
        (void)fprintf(to, "quaymaster %s\n", QM_VERSION);
        (void)fputs(bpf_sockets_built() ? "with BPF iterators\n"
                                        : "without BPF iterators (built without clang or bpftool): owners are "
                                          "read from /proc, which is slower\n",
                    to);
}

void help_overview(FILE *to)
{
        (void)fputs("quaymaster - which ports, protocols and services are open here, and should they be?\n\n"
                    "Usage: quaymaster COMMAND [OPTIONS] [ARGUMENTS]\n\n",
                    to);
        for (const struct command *const *c = commands_all(); *c; c++)
                (void)fprintf(to, "  %-12s %s\n", (*c)->name, (*c)->summary);
        (void)fputs("\n  help COMMAND  how to use one of them; --version says what this build can do\n\n"
                    "Start with `quaymaster audit`, as root to see everything. It changes nothing and sends nothing.\n",
                    to);
}

/* Broken at the width of a terminal, with the text in a column; in a file each option is one line. */
static void help_option(FILE *to, const struct option_spec *option)
{
        _cleanup_str_ struct str lead = {0}, text = {0}, line = {0};
        char left[80];

        (void)snprintf(left, sizeof(left), "%c%c%s--%s%s%s", option->letter ? '-' : ' ',
                       option->letter ? option->letter : ' ', option->letter ? ", " : "  ", option->name,
                       option->value ? " " : "", option->value ? option->value : "");
        str_addf(&lead, "  %-25s  ", left);
        str_add(&text, option->help);
        for (const char *const *choice = option->choices; choice && *choice; choice++)
                str_addf(&text, "%s%s", choice == option->choices ? ": " : ", ", *choice);
        layout_paragraph(&line, lead.text, text.text, terminal_of(fileno(to)).width);
        (void)fputs(line.text, to);
}

void help_command(FILE *to, const struct command *command)
{
        (void)fprintf(to, "quaymaster %s - %s\n\nUsage: quaymaster %s%s%s%s\n", command->name, command->summary,
                      command->name, command->n_options ? " [OPTIONS]" : "", command->arguments[0] ? " " : "",
                      command->arguments);
        if (command->n_options)
                (void)fputs("\nOptions:\n", to);
        for (size_t i = 0; i < command->n_options; i++)
                help_option(to, &command->options[i]);
        if (command->details)
                (void)fprintf(to, "\n%s", command->details);
}
