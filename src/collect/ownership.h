/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who holds which socket, as found. A process may hold as many sockets as it likes, and so may each child it
 * forks: how long such a list gets is up to others, so it ends somewhere.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/vec.h"

#define MAX_OWNERSHIPS (1u << 20) /* 1,000 workers that share 1,000 sockets; 16 MiB */

struct ownership {
        uint64_t inode;
        pid_t pid;
};

struct ownership_list {
        struct ownership *at;
        size_t n, room;
        bool cut; /* some were left out; each socket has one holder in the list all the same */
};
