/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What of a host's name is said in SNI. */
#pragma once

#include <stddef.h>

/*
 * How many bytes of it are the name: not the dot at its end. 0 when it cannot be said: none, too long, an
 * address (RFC 6066, 3).
 */
size_t server_name_len(const char *name);
