/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * audit --verify: what the listeners of this network namespace speak, by asking them over this machine's own addresses.
 * Whoever runs a listener says what is parsed then, so all from there on happens in a process of its own that is
 * confined (scan/confine.h); the one that was started waits, and puts the report in its place.
 */
#pragma once

#include "cli/inside_run.h"

enum verify_result {
        VERIFY_GO_ON, /* this is the confined process: listeners are verified; judge, report and end */
        VERIFY_OVER,  /* all is done, or failed: end with *ret_status */
};

/* After inside_run_collect. */
enum verify_result verify_listeners(struct inside_run *audit, const struct invocation *in, int *ret_status,
                                    struct err *err);
