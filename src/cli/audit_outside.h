/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `audit TARGET`: the outside view, identified, judged, and joined with the inside where there is one. */
#pragma once

#include "cli/command.h"

/* An enum exit_status. */
int audit_outside(const struct invocation *in, struct err *err);
