/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the command line asks of `scan`, before anything is opened. */
#pragma once

#include "cli/command.h"
#include "report/scan_report.h"

#define SCAN_N_OPTIONS 23
extern const struct option_spec scan_option_specs[SCAN_N_OPTIONS];

struct scan_request {
        const struct scan_format *format;
        struct scan_pace pace;
        enum transport unprefixed; /* of ports without "T:" or "U:" */
        bool connect;              /* TCP by connect(2): asked for */
        bool method_given;
        bool discovery, confirm, dry_run, resume, yes_huge, no_inside, all_states,
                all_payloads, identify;
        const char *checkpoint; /* or NULL */
        const char *ports;
        int64_t until; /* seconds since 1970, INT64_MAX = no end */
};

/* 0, or -EINVAL with what would be right. `now`: seconds since 1970, for HH:MM. */
int scan_request_parse(const struct invocation *in, int64_t now, struct scan_request *ret, struct err *err);

/*
 * "2026-11-22T05:00:00Z", "2026-11-22T05:00:00+01:00", or "05:00", local: today, or tomorrow when that is over. 0 or
 * -EINVAL.
 */
int scan_until_parse(const char *text, int64_t now, int64_t *ret);
