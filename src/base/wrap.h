/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Paragraphs for a terminal. */
#pragma once

#include "base/str.h"

/*
 * Append text folded at blanks to lines of at most width columns, each indented and ended by a newline; a
 * word that is longer gets a line of its own. The first line goes on at column `at` when that is not 0
 * (something stands there already), else it is indented too. Line breaks in text stay. A character counts
 * as one column. Text must be printable (base/text.h).
 */
void wrap_add(struct str *to, const char *text, unsigned at, unsigned indent, unsigned width);
