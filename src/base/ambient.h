/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ambient capabilities of the calling thread: what a program it starts has from the beginning (capabilities(7)). */
#pragma once

#include <stdbool.h>

/* Programs that are started from now on get none. What we may do ourselves stays. */
void ambient_clear(void);
/* Lend one (CAP_ of linux/capability.h) that is permitted and inheritable. True when it was not lent already. */
bool ambient_raise(unsigned capability);
void ambient_lower(unsigned capability);
