/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Text for a terminal: tables that fit its width and paragraphs that wrap. Everything passed in is
 * printable already.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/pool.h"
#include "base/str.h"
#include "base/vec.h"

/*
 * Columns that text takes on a terminal. In a locale without UTF-8 wide characters count as the C
 * library says.
 */
size_t layout_width(const char *text);

struct layout_column {
        const char *title;
        size_t least; /* shrinks down to this many columns when the table is too wide; 0: never cut */
        bool may_go;  /* left out, from the right, when shrinking is not enough */
        bool last;    /* shrinks only when nothing else helps: its whole text counts for more than other columns */
};

struct layout_cell {
        const char *text;
        const char *colour; /* a name of terminal-colors.d(5), or NULL */
};

struct layout_table {
        const struct layout_column *columns;
        size_t n_columns;
        vec(struct layout_cell) cells; /* row by row */
        struct pool *pool;             /* holds the texts */
        struct str left_out; /* titles of columns that did not fit, joined by ", "; after layout_table_add */
};

struct layout_table layout_table_new(const struct layout_column *columns, size_t n_columns);
void layout_table_release(struct layout_table *t);
/* Cells are added from left to right, row by row; the text is copied. */
void layout_table_cell(struct layout_table *t, const char *text, const char *colour);
/* Append the table, indented by blanks. width 0: nothing is cut. 0 or negative errno. */
int layout_table_add(struct str *to, struct layout_table *t, size_t width, bool colour);

/*
 * Append a paragraph: `lead`, then text broken at blanks so that lines are at most `width` columns (0:
 * not broken), continued below the text. Ends with a newline.
 */
void layout_paragraph(struct str *to, const char *lead, const char *text, size_t width);
