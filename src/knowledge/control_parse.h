/* SPDX-License-Identifier: GPL-2.0-or-later */
/* data/frameworks/controls.yaml, for the build. Pure. Form: data/schema/frameworks.schema.json. */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "base/pool.h"
#include "base/vec.h"
#include "model/finding.h"

struct parsed_control {
        struct control control;
        bool baseline; /* every finding about an open port touches it */
};

struct parsed_controls {
        vec(struct parsed_control) list;
};

static inline void parsed_controls_release(struct parsed_controls *controls)
{
        vec_clear(&controls->list);
}

/* Sorted by framework, then id. 0, or -EINVAL, -EFBIG with "file:line: field 'x': what to do". */
int control_parse(const char *text, size_t len, const char *file, struct pool *pool,
                  struct parsed_controls *controls, struct err *err);
