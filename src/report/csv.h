/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "base/str.h"

/*
 * Append one cell: safe to show (base/text.h), quoted where RFC 4180 asks for it, and with an
 * apostrophe in front where a spreadsheet would run it as a formula.
 */
void csv_add_cell(struct str *to, const char *cell);
