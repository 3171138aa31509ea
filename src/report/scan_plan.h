/* SPDX-License-Identifier: GPL-2.0-or-later */
/* scan --dry-run: exactly what would be probed, an address a line, and what would not be and why. */
#pragma once

#include "report/scan_report.h"

struct scan_plan {
        const struct scan_head *head;
        const struct estate *estate; /* or NULL */
        bool json;
        uint64_t estimate_ms;
};

/* 0 or the negative errno of writing. */
int scan_plan_write(const struct scan_plan *plan, int fd, struct err *err);
