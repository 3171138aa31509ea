/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a System V init script says of itself, without running it. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/pool.h"

struct sysv_text {
        bool is_script;          /* starts with "#!" */
        const char *provides;    /* first name of the LSB header's Provides:, or NULL */
        const char *description; /* Short-Description:, or "# description:" of chkconfig */
        const char *daemon;      /* absolute path of the program it starts, or NULL */
        const char *pid_file;    /* absolute path, or NULL */
};

/*
 * Read the LSB header, and assignments of plain text (DAEMON=, PIDFILE= and those they use as $NAME or
 * ${NAME}); where these are missing, the options of start-stop-daemon. What would need a shell is left out.
 * Strings go to the pool.
 */
void sysv_text_parse(struct sysv_text *ret, struct pool *pool, const char *text, size_t len);
