/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The few settings of a unit file that tell how it starts and what it starts (systemd.syntax(7)). Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/pool.h"
#include "base/vec.h"

struct unit_listen {
        const char *type; /* as D-Bus names it: "Stream", "Datagram", "SequentialPacket" */
        const char *text; /* "22", "[::]:22", "/run/x" */
};

/* One unit: its file and then its drop-ins, parsed in that order into the same struct. */
struct unit_text {
        vec(const char *) aliases; /* Alias= */
        unsigned n_wanted_by, n_required_by, n_upheld_by, n_also;
        const char *default_instance;
        const char *description, *exec; /* first ExecStart=: the program without its arguments */
        const char *service;            /* Service= of a socket */
        vec(struct unit_listen) listens;
        bool accept; /* Accept= of a socket */
        bool v6only; /* BindIPv6Only=ipv6-only */
};

void unit_text_release(struct unit_text *unit); /* frees the arrays; strings are the pool's */

/*
 * Add what len bytes of text say; an empty assignment takes back the list before it, as systemd has it. 0,
 * or -EBADMSG for a broken section header, for which systemd takes the whole unit as bad (what was read
 * before it stays).
 */
int unit_text_parse(struct unit_text *unit, struct pool *pool, const char *text, size_t len);
