/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/commands.h"

/* In the order of the help. */
static const struct command *const commands[] = {
        &command_audit,
        &command_host,
        &command_scan,
        &command_watch,
        &command_import,
        &command_snapshot,
        &command_diff,
        &command_baseline,
        &command_change,
        &command_explain,
        &command_policy,
        &command_harden,
        &command_completion,
        NULL,
};

const struct command *const *commands_all(void)
{
        return commands;
}
