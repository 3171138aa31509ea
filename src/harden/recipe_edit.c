/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The same as data/kits/shell.sh does by awk(1). */
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "harden/recipe.h"

#define MARK "quaymaster# " /* behind that of a comment */

static size_t line_length(const char *at)
{
        return strcspn(at, "\n");
}

static const char *next_line(const char *at)
{
        at += line_length(at);
        return *at ? at + 1 : at;
}

static bool is_replaced(const struct recipe_edit *edit, const char *line)
{
        line += strspn(line, " \t");
        for (const char *const *word = edit->words; *word; word++) {
                size_t len = strlen(*word);

                if ((edit->any_case ? strncasecmp : strncmp)(line, *word, len) == 0 && line[len] &&
                    strchr(" \t={", line[len]))
                        return true;
        }
        return false;
}

static size_t length_without_blanks(const char *line)
{
        size_t len = line_length(line);

        while (len && strchr(" \t\r", line[len - 1]))
                len--;
        return len;
}

static bool ends_with(const char *line, const char *end)
{
        size_t len = length_without_blanks(line), n = strlen(end);

        return len >= n && memcmp(line + len - n, end, n) == 0;
}

/* Postfix: also over lines that are empty, or comments. */
static bool is_folded(const char *line)
{
        const char *next = next_line(line);

        while (*next && (!length_without_blanks(next) || next[strspn(next, " \t")] == '#'))
                next = next_line(next);
        return *next == ' ' || *next == '\t';
}

static bool goes_on(const struct recipe_edit *edit, const char *line)
{
        return ends_with(line, "\\") || (edit->end && !ends_with(line, edit->end)) ||
               (edit->folds && is_folded(line));
}

/* The n-th line, from 1. */
static int replace(const struct recipe_edit *edit, const char *line, unsigned n, struct str *to, struct err *err)
{
        if (goes_on(edit, line))
                return err_set(err, -EINVAL, "line %u may go on in the next one, so it is not edited", n);
        str_add(to, edit->mark);
        str_add(to, MARK);
        str_add_n(to, line, line_length(line) + 1);
        return 0;
}

static bool is_place(const struct recipe_edit *edit, const char *line)
{
        size_t blanks = strspn(line, " \t"), len = length_without_blanks(line);

        return edit->after && len == blanks + strlen(edit->after) &&
               memcmp(line + blanks, edit->after, len - blanks) == 0;
}

/* Each line ends with a newline. */
static int edit_lines(const struct recipe *recipe, const char *text, struct str *to, struct err *err)
{
        const struct recipe_edit *edit = recipe->edit;
        size_t places = edit->after ? 0 : 1;
        unsigned n = 1;
        int r = 0;

        for (const char *line = text; *line && r == 0; line = next_line(line), n++) {
                if (is_replaced(edit, line))
                        r = replace(edit, line, n, to, err);
                else
                        str_add_n(to, line, line_length(line) + 1);
                if (is_place(edit, line)) {
                        str_add(to, recipe->content);
                        places++;
                }
        }
        if (r == 0 && places != 1)
                r = err_set(err, -EINVAL, places ? "several lines are '%s'" : "no line is '%s'", edit->after);
        if (r == 0 && !edit->after)
                str_add(to, recipe->content);
        return r;
}

/* Where the content begins that an edit brought in, or NULL. */
static const char *find_content(const struct recipe *recipe, const char *text)
{
        for (const char *line = text; *line; line = next_line(line))
                if (str_after(line, recipe->content))
                        return line;
        return NULL;
}

int recipe_edit_text(const struct recipe *recipe, const char *text, size_t len, struct str *to, struct err *err)
{
        _cleanup_str_ struct str whole = {0};
        const char *content;

        if (len && memchr(text, '\0', len))
                return err_set(err, -EINVAL, "it is no text");
        str_add_n(&whole, text, len);
        if (len && text[len - 1] != '\n')
                str_add_char(&whole, '\n');
        content = find_content(recipe, str_text(&whole));
        if (content) { /* made anew, so that what came beside it since is seen */
                size_t at = (size_t)(content - whole.text), n = strlen(recipe->content);

                memmove(whole.text + at, whole.text + at + n, whole.len - at - n + 1);
                whole.len -= n;
        }
        return edit_lines(recipe, str_text(&whole), to, err);
}
