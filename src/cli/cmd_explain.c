/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/fd.h"
#include "cli/command.h"
#include "cli/config_dir.h"
#include "cli/explain.h"
#include "cli/terminal.h"

#define WIDTH_MAX 100u /* longer lines are hard to read */
#define WIDTH_MIN 40u

static struct explain_style style_of(const struct terminal *terminal)
{
        struct explain_style style = {.width = 80, .colour = terminal->colour};

        if (terminal->width)
                style.width = terminal->width > WIDTH_MAX   ? WIDTH_MAX
                              : terminal->width < WIDTH_MIN ? WIDTH_MIN
                                                            : terminal->width;
        return style;
}

static int run(const struct invocation *in, struct err *err)
{
        _cleanup_(knowledge_freep) struct knowledge *knowledge = NULL;
        const struct terminal terminal = terminal_of(STDOUT_FILENO);
        _cleanup_(explained_release) struct explained found = {0};
        _cleanup_str_ struct str out = {0};
        struct explain_style style = style_of(&terminal);
        int rc = config_open_knowledge(in, &knowledge, err);

        if (rc == 0)
                rc = explain_find(knowledge, in->arguments[0], &found, err);
        if (rc < 0)
                return QM_EXIT_USAGE;
        if (invocation_has(in, "json"))
                explain_json(&found, &out);
        else
                explain_text(&found, &style, &out);
        rc = fd_write_all(STDOUT_FILENO, str_text(&out), out.len);
        if (rc < 0 && rc != -EPIPE) { /* a pager that was left is no error */
                (void)err_errno(err, -rc, "cannot write the page");
                return QM_EXIT_USAGE;
        }
        return QM_EXIT_DONE;
}

static const struct option_spec options[] = {
        {"json", 'j', OPTION_FLAG, NULL, "one JSON record a page, and a summary", NULL},
        CONFIG_OPTION,
};

const struct command command_explain = {
        .name = "explain",
        .arguments = "PORT|PORT/TRANSPORT|NAME",
        .summary = "the guide's page on a port, protocol, program or package",
        .details =
                "Says what a port or protocol is, whether it is expected, what the risk is from where, what to do\n"
                "about it, and which better protocol there is. NAME is a protocol (telnet), a service name of the\n"
                "IANA registry (microsoft-ds), a program (sshd) or a Debian package (openssh-server); case does not\n"
                "matter.\n\n"
                "Pages in knowledge.d/*.yaml of the configuration folder (--config, else /etc/quaymaster) replace\n"
                "or add to the built-in ones.\n\n"
                "Exit status: 0 found, also where only the registry knows the number; 2 wrong usage, or a word that\n"
                "nothing is known by.\n",
        .options = options,
        .n_options = array_len(options),
        .min_arguments = 1,
        .max_arguments = 1,
        .run = run,
};
