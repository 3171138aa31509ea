/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where `watch` writes its lines: standard output, or a file that is appended to, which several may do, and which is
 * begun anew when whoever rotates it moves it away. A full disk does not end the watch: what does not fit is kept, up
 * to WATCH_OUTPUT_KEPT, and tried again with the next lines.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

#define WATCH_OUTPUT_KEPT (1u << 20) /* bytes; the newest lines are given up when there is no room for more */

struct watch_output {
        const char *path; /* NULL: standard output. Set by the caller; all else is zero at first, but fd */
        int fd;           /* of path; -1 */
        struct str text;  /* whole lines, to be written next; but the first, when it is torn */
        bool torn;        /* the beginning of the first line is written */
        bool full;        /* the last time there was no room */
        bool ended;       /* the reader went away: nothing is written any more */
        uint64_t n_lost;  /* lines */
};

void watch_output_release(struct watch_output *o);
/* Before anything is written: that the file cannot be is better said at once. 0 or negative errno. */
int watch_output_open(struct watch_output *o, struct err *err);
/* Write what there is. 0, also when the reader went away or there is no room; or negative errno: then it is lost. */
int watch_output_flush(struct watch_output *o, struct err *err);
