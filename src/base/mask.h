/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Secrets in command lines, hidden before anything is kept or shown. What counts as a secret is in the
 * tables of mask.c: options and assignments by the words in their name (--db-password x, PGPASSWORD=x,
 * "api_key": "x"), the letters some programs use (mysql -pX, curl -u name:x), passwords in URLs,
 * authorization headers. In doubt more is hidden.
 */
#pragma once

#include <stddef.h>

#include "base/str.h"

#define MASK_MAX 4096u

/*
 * Append the arguments (as /proc/PID/cmdline has them: each ended by a NUL) joined by blanks, with **** in
 * place of secrets. At most MASK_MAX bytes, a longer line ends in "...". Control characters stay as they
 * are: what shows text escapes them.
 */
void mask_command_line(const char *args, size_t len, struct str *to);
