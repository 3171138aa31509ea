/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parts of a page, for the formats that are HTML. Labels and headings are literals of ours; nothing else is. */
#pragma once

#include <stdbool.h>

#include "base/str.h"

/* The style sheet of the HTML report. */
extern const char html_style[];

/* From the beginning to the page's heading, which is the title made safe; in <header><div>, where it may go on. */
void html_begin(struct str *to, const char *title);
/* A number and what it counts, in a list of class "tiles". */
void html_add_tile(struct str *to, const char *class, size_t n, const char *label);

void html_begin_table(struct str *to, const char *label, const char *caption);
void html_add_heading(struct str *to, const char *heading);
void html_begin_body(struct str *to);
/* The first cell is the row's heading, and is open after this: end it with </th>. */
void html_begin_row(struct str *to);
void html_begin_cell(struct str *to, const char *label, bool empty);
void html_end_cell(struct str *to);
void html_end_table(struct str *to);
