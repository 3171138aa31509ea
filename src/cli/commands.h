/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The commands, for the registry in commands.c. */
#pragma once

#include "cli/command.h"

extern const struct command command_audit, command_baseline, command_change, command_completion, command_diff,
        command_explain, command_harden, command_host, command_import, command_policy, command_scan,
        command_snapshot, command_watch;
