/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts of `policy`, one file each: cmd_policy_NAME.c. */
#pragma once

#include "base/str.h"
#include "cli/command.h"

/* As command.run; in->arguments[0] is the part's own name. */
int policy_init(const struct invocation *in, struct err *err);
int policy_check_file(const struct invocation *in, struct err *err);
int policy_approve(const struct invocation *in, struct err *err);
int policy_explain(const struct invocation *in, struct err *err);

/* What a part says, to standard output. `code`, or incomplete where it cannot be written. */
int policy_print(const struct str *out, int code, struct err *err);
