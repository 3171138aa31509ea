/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What every request works with: the folder of applies, systemd, the root of the file system. */
#pragma once

#include <limits.h>

#include "enforce/run.h"

#define LOCK_MS   2000u /* how long a request waits for another to end */
#define SECOND_NS UINT64_C(1000000000)

struct desk {
        struct folder folder;
        sd_bus *bus;
        int root_fd;
        char program[PATH_MAX];
};

/*
 * 0 or negative errno, to be released in both cases: -EPERM for who is not root, -ENOENT where there is no folder yet
 * (with `make` it is made).
 */
int desk_open(struct desk *desk, bool make, struct err *err);
void desk_release(struct desk *desk);

struct run run_of(struct desk *desk, struct apply *apply);
/* Of this boot, with the deadline so many seconds from now. */
struct pending pending_of(const char *id, enum pending_state state, uint64_t seconds);
/* "asked for, by uid 0" */
void by_whom(const char *what, struct str *to);
