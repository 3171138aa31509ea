/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parsers of the texts that describe a process. Pure. Sources: proc(5), passwd(5). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/map.h"
#include "base/pool.h"

/* /proc/PID/status: the name (as the kernel escaped it) and the effective user. */
bool process_parse_status(const char *text, size_t len, char *ret_name, size_t size, uint32_t *ret_uid);

/* /proc/PID/stat: start time in clock ticks since boot (field 22). */
bool process_parse_start(const char *text, size_t len, uint64_t *ret_ticks);

/*
 * /etc/passwd into uid -> (uintptr_t) interned name; the first name of a uid counts. Lines that make no
 * sense are passed over.
 */
void process_parse_passwd(const char *text, size_t len, struct pool *pool, struct map *users);
