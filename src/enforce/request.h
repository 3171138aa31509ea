/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The requests that quaymaster-harden takes (enforce.h), each as a program's run: it tells all it does, see tell.h. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct asked {
        uint64_t confirm_s;
        const char *plan, *id;
        bool at_console;
};

/* All of them: the exit status. */
int request_apply(const struct asked *asked);
int request_confirm(const struct asked *asked);
int request_proved(const struct asked *asked);
int request_undo(const struct asked *asked);
int request_status(const struct asked *asked);
int request_rollback(const struct asked *asked);
int request_boot(const struct asked *asked);
int request_load(const struct asked *asked);
