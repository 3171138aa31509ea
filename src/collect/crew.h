/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Work that several processors share: the caller and some threads beside it, each with a state of its own. */
#pragma once

#include <stddef.h>

#define CREW_MAX 8u

/* How many may work on `tasks` tasks at once: one for each processor this thread may use, 1 to CREW_MAX. */
unsigned crew_size(size_t tasks);

/*
 * Calls work(member) for each of the n members (of `size` bytes, one after the other), the first in the calling thread,
 * and returns when all are done. For a thread that cannot be made there is no call: members take their tasks
 * from a common counter, so that those that run do its share.
 */
void crew_run(void (*work)(void *member), void *members, size_t size, unsigned n);
