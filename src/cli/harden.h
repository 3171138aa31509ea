/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts of `harden`, one file each: cmd_harden_NAME.c, and a line in the table of cmd_harden.c. */
#pragma once

#include "cli/command.h"

/* As command.run; in->arguments[0] is the part's own name. */
int harden_show_plan(const struct invocation *in, struct err *err);
int harden_apply(const struct invocation *in, struct err *err);
int harden_confirm(const struct invocation *in, struct err *err);
int harden_undo(const struct invocation *in, struct err *err);
int harden_status(const struct invocation *in, struct err *err);
int harden_make_kit(const struct invocation *in, struct err *err);
int harden_show_profiles(const struct invocation *in, struct err *err);
