/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One line on standard error, redrawn, for anything that takes over a second: only where that is a terminal. */
#pragma once

#include "base/str.h"
#include "scan/scan.h"

struct progress {
        int fd;         /* the terminal; -1: there is none */
        unsigned width; /* columns */
        bool drawn;
        struct str line;
};

struct progress progress_to(int fd);
/* Draw how far the scan is; nothing in its first second. */
void progress_draw(struct progress *p, const struct scan_progress *at);
/* The same for ports that are asked what speaks there. */
void progress_draw_identify(struct progress *p, size_t done, size_t all);
/* Take the line away, so that other text may be written. */
void progress_clear(struct progress *p);
void progress_release(struct progress *p);

/* The line itself, without ends and not cut. Pure. */
void progress_format(struct str *to, const struct scan_progress *at);
