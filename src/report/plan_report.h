/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A plan as text for people and as NDJSON. What comes from the host is made safe here. */
#pragma once

#include "assess/assess.h"
#include "model/action.h"

struct plan_report {
        const struct plan *plan;
        const struct assessment *assessment;
        const struct action *const *chosen; /* what is shown, in order */
        size_t n_chosen;
        bool complete; /* nothing asked for is missing */
        bool has_policy;
        unsigned width; /* of the terminal in columns; 0: not a terminal */
        bool colour;
};

void plan_text_add(const struct plan_report *report, struct str *to);
/* Records "action", one "untouched" for each finding that no action closes, and "summary". */
void plan_json_add(const struct plan_report *report, struct str *to);

/* How many findings the actions close together; each counts once. `suggested`: only those actions. */
size_t plan_report_closed(const struct plan_report *report, bool suggested);
