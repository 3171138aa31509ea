/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where `watch` writes: standard output, or a file that is appended to, which several may do, and which is begun anew
 * when whoever rotates it moves it away.
 */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"

struct watch_output {
        const char *path; /* NULL: standard output. Set by the caller; all else is zero at first, but fd */
        int fd;           /* of path; -1 */
        struct str text;  /* to be written next */
        bool ended;       /* the reader went away: nothing is written any more */
};

void watch_output_release(struct watch_output *o);
/* Before anything is written: that the file cannot be is better said at once. 0 or negative errno. */
int watch_output_open(struct watch_output *o, struct err *err);
/* Write what there is. 0, also when the reader went away; or negative errno: then it is lost. */
int watch_output_flush(struct watch_output *o, struct err *err);
