/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What `watch --denied` tells: a group of refused packets as a record or as a line for people. */
#pragma once

#include "base/str.h"
#include "model/denied.h"

struct denied_context {
        const char *asset, *vantage;
        const char *zone; /* of the source, or NULL */
};

void denied_json(struct str *to, const struct denied_group *g, const struct denied_context *context);
/* "08:31:02Z  10.20.1.5 (office) -> tcp 8443 at 10.20.1.10 by eth0, 3 packets", and how to approve it; safe to show. */
void denied_text(struct str *to, const struct denied_group *g, const struct denied_context *context);
/* The command that approves it, with gaps for need and owner; false for many ports, and what has none. */
bool denied_approval(struct str *to, const struct denied_group *g, const struct denied_context *context);
