/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One 64-bit hash for tables in memory. Keyed once per process from the kernel's random bytes, so
 * that names chosen by others cannot crowd one slot. Values differ from run to run: never store them.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

uint64_t hash_bytes(const void *data, size_t len);
uint64_t hash_u64(uint64_t value);
