/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/layout.h"

#include <errno.h>
#include <langinfo.h>
#include <libsmartcols.h>
#include <locale.h>
#include <wchar.h>

#include "base/text.h"

#define GAP    2u   /* blanks between columns */
#define WIDEST 400u /* a cell of more is cut on any terminal */

static size_t char_width(uint32_t c)
{
        int n = c < 0x80 ? 1 : wcwidth((wchar_t)c);

        return n < 0 ? 1 : (size_t)n;
}

/* How many bytes of text fit in `room` columns; *ret_width is what they take. */
static size_t fitting(const char *text, size_t len, size_t room, size_t *ret_width)
{
        size_t at = 0, width = 0;

        while (at < len) {
                uint32_t c = 0;
                size_t n = text_decode(text + at, len - at, &c), more = char_width(c);

                if (width + more > room)
                        break;
                width += more;
                at += n ? n : 1;
        }
        *ret_width = width;
        return at;
}

size_t layout_width(const char *text)
{
        size_t width;

        (void)fitting(text, strlen(text), SIZE_MAX / 2, &width);
        return width;
}

struct layout_table layout_table_new(const struct layout_column *columns, size_t n_columns)
{
        return (struct layout_table){.columns = columns, .n_columns = n_columns, .pool = pool_new()};
}

void layout_table_release(struct layout_table *t)
{
        vec_clear(&t->cells);
        str_release(&t->left_out);
        t->pool = pool_free(t->pool);
}

void layout_table_cell(struct layout_table *t, const char *text, const char *colour)
{
        *vec_push(&t->cells) = (struct layout_cell){pool_intern(t->pool, text), colour};
}

/* --- fitting a table into a width ---------------------------------------------------------------- */

static void natural_widths(const struct layout_table *t, size_t *widths)
{
        for (size_t i = 0; i < t->n_columns; i++)
                widths[i] = layout_width(t->columns[i].title);
        for (size_t i = 0; i < t->cells.n; i++) {
                size_t width = layout_width(t->cells.at[i].text), column = i % t->n_columns;

                if (width > WIDEST && t->columns[column].least)
                        width = WIDEST;
                if (width > widths[column])
                        widths[column] = width;
        }
}

/* What a column shrinks down to: never below its title, and not at all where it may not be cut. */
static size_t least_width(const struct layout_table *t, const size_t *widths, size_t i)
{
        size_t title = layout_width(t->columns[i].title);
        size_t least = t->columns[i].least > title ? t->columns[i].least : title;

        return t->columns[i].least && least < widths[i] ? least : widths[i];
}

/* Columns left out have width 0. */
static size_t total_width(const struct layout_table *t, const size_t *widths, bool least)
{
        size_t total = 0;

        for (size_t i = 0; i < t->n_columns; i++)
                if (widths[i])
                        total += GAP + (least ? least_width(t, widths, i) : widths[i]);
        return total - GAP;
}

/* The same, with the columns that shrink last as they are. */
static size_t usual_width(const struct layout_table *t, const size_t *widths)
{
        size_t total = total_width(t, widths, true);

        for (size_t i = 0; i < t->n_columns; i++)
                if (t->columns[i].last && widths[i])
                        total += widths[i] - least_width(t, widths, i);
        return total;
}

static void leave_out(struct layout_table *t, size_t *widths, size_t width)
{
        for (size_t i = t->n_columns; i-- > 0 && usual_width(t, widths) > width;)
                if (t->columns[i].may_go) {
                        widths[i] = 0;
                        str_add(&t->left_out, t->left_out.len ? ", " : "");
                        str_add(&t->left_out, t->columns[i].title);
                }
}

/* The widest column that may still give, of those that shrink last or of the others, or n_columns. */
static size_t widest_giving(const struct layout_table *t, const size_t *widths, bool last)
{
        size_t best = t->n_columns;

        for (size_t i = 0; i < t->n_columns; i++)
                if (t->columns[i].last == last && widths[i] > least_width(t, widths, i) &&
                    (best == t->n_columns || widths[i] > widths[best]))
                        best = i;
        return best;
}

static void shrink(const struct layout_table *t, size_t *widths, size_t width)
{
        for (size_t total = total_width(t, widths, false); total > width; total--) {
                size_t i = widest_giving(t, widths, false);

                if (i == t->n_columns)
                        i = widest_giving(t, widths, true);
                if (i == t->n_columns)
                        break;
                widths[i]--;
        }
}

static const char *clipped(struct layout_table *t, const char *text, size_t room)
{
        _cleanup_str_ struct str s = {0};
        size_t len = strlen(text), width, bytes = fitting(text, len, room, &width);

        if (bytes == len)
                return text;
        str_add_n(&s, text, fitting(text, len, room - 1, &width));
        str_add(&s, streq(nl_langinfo(CODESET), "UTF-8") ? "\u2026" : "~");
        return pool_intern(t->pool, s.text);
}

/* Sets the widths; 0 for a column that is left out. */
static void fit(struct layout_table *t, size_t *widths, size_t width)
{
        natural_widths(t, widths);
        leave_out(t, widths, width);
        shrink(t, widths, width);
        for (size_t i = 0; i < t->cells.n; i++) {
                size_t column = i % t->n_columns;

                if (t->columns[column].least && widths[column])
                        t->cells.at[i].text = clipped(t, t->cells.at[i].text, widths[column]);
        }
}

/* --- printing it with libsmartcols --------------------------------------------------------------- */

static void unref_table(struct libscols_table **table)
{
        scols_unref_table(*table);
}

static int add_line(struct libscols_table *table, const struct layout_cell *cells, size_t n)
{
        struct libscols_line *line = scols_table_new_line(table, NULL);
        int r = line ? 0 : -ENOMEM;

        for (size_t i = 0; i < n && r == 0; i++) {
                r = scols_line_set_data(line, i, cells[i].text);
                if (r == 0 && cells[i].colour)
                        r = scols_cell_set_color(scols_line_get_cell(line, i), cells[i].colour);
        }
        return r;
}

static int make_table(const struct layout_table *t, const size_t *widths, bool colour,
                      struct libscols_table *table)
{
        int r = scols_table_set_termforce(table, SCOLS_TERMFORCE_NEVER); /* the width is ours to keep */

        if (r == 0)
                r = scols_table_set_column_separator(table, "  ");
        if (r == 0)
                r = scols_table_enable_minout(table, 1); /* no blanks at the end of lines */
        /* Cells are printable already; smartcols would escape the backslash of \x1b again. */
        if (r == 0)
                r = scols_table_enable_noencoding(table, 1);
        if (r == 0)
                r = scols_table_enable_colors(table, colour);
        for (size_t i = 0; i < t->n_columns && r == 0; i++) {
                struct libscols_column *column = scols_table_new_column(table, t->columns[i].title, 0,
                                                                        widths[i] ? 0 : SCOLS_FL_HIDDEN);

                r = column ? 0 : -ENOMEM;
                if (r == 0 && colour)
                        r = scols_cell_set_color(scols_column_get_header(column), "bold");
        }
        for (size_t i = 0; i < t->cells.n && r == 0; i += t->n_columns)
                r = add_line(table, &t->cells.at[i], t->n_columns);
        return r;
}

/* For a system without C.UTF-8: what is not ASCII becomes '?'. */
static void make_ascii(struct layout_table *t)
{
        for (size_t i = 0; i < t->cells.n; i++) {
                _cleanup_free_ char *text = xstrdup(t->cells.at[i].text);

                for (char *p = text; *p; p++)
                        *p = (unsigned char)*p < 0x80 ? *p : '?';
                t->cells.at[i].text = pool_intern(t->pool, text);
        }
}

/*
 * Without encoding, libsmartcols 2.38 never comes back from a byte that is no character in the locale, and the
 * program has the locale C. So it gets one that knows UTF-8, for this call and thread.
 */
static int print_table(struct layout_table *t, const size_t *widths, bool colour, struct libscols_table *table,
                       char **ret)
{
        locale_t utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0), before = (locale_t)0;
        int r;

        if (utf8)
                before = uselocale(utf8);
        else
                make_ascii(t);
        r = make_table(t, widths, colour, table);
        if (r == 0)
                r = scols_print_table_to_string(table, ret);
        if (utf8) {
                (void)uselocale(before);
                freelocale(utf8);
        }
        return r;
}

int layout_table_add(struct str *to, struct layout_table *t, size_t width, bool colour)
{
        _cleanup_(unref_table) struct libscols_table *table = scols_new_table();
        _cleanup_free_ size_t *widths = xcalloc(t->n_columns, sizeof(*widths));
        _cleanup_free_ char *text = NULL;
        int r;

        if (!table)
                return -ENOMEM;
        if (width)
                fit(t, widths, width);
        else
                natural_widths(t, widths);
        r = print_table(t, widths, colour, table, &text);
        if (r != 0)
                return r < 0 ? r : -EIO;
        str_add(to, text);
        if (*text && !str_ends(text, "\n"))
                str_add_char(to, '\n');
        return 0;
}

/* --- paragraphs ---------------------------------------------------------------------------------- */

/*
 * Bytes of the line that starts at text: up to the last blank that fits, or the whole word where none
 * does.
 */
static size_t line_bytes(const char *text, size_t len, size_t room)
{
        size_t width, bytes = fitting(text, len, room, &width), end = bytes;

        if (bytes == len)
                return len;
        while (end > 0 && text[end] != ' ')
                end--;
        if (end > 0)
                return end;
        while (end < len && text[end] != ' ')
                end++;
        return end;
}

void layout_paragraph(struct str *to, const char *lead, const char *text, size_t width)
{
        size_t indent = layout_width(lead), len = strlen(text);
        size_t room = !width ? SIZE_MAX / 2 : width > indent + 20 ? width - indent : 20;

        while (len && text[len - 1] == ' ')
                len--;
        str_add(to, lead);
        for (;;) {
                size_t n = line_bytes(text, len, room);

                str_add_n(to, text, n);
                str_add_char(to, '\n');
                while (n < len && text[n] == ' ')
                        n++;
                text += n;
                len -= n;
                if (!len)
                        return;
                for (size_t i = 0; i < indent; i++)
                        str_add_char(to, ' ');
        }
}
