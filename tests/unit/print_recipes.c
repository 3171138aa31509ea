/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For tests/integration. print-recipes: the names of all recipes. NAME UNIT: the drop-in of one: its path, the file that
 * includes it, and how. NAME: the edit of one, as a kit's script takes it. NAME /FILE: that file with the edit of one; 1:
 * it cannot be edited.
 */
#include <fcntl.h>
#include <stdio.h>

#include "base/fd.h"
#include "base/json.h"
#include "harden/recipe.h"

static int print_names(void)
{
        size_t n;
        const struct recipe *all = recipes_all(&n);

        for (size_t i = 0; i < n; i++)
                if (puts(all[i].name) < 0)
                        return 1;
        return 0;
}

static int print_drop_in(const struct recipe *r, const char *unit)
{
        _cleanup_str_ struct str out = {0}, path = {0}, include = {0};
        struct json j = json_to(&out);

        if (recipe_expand(r, r->path, unit, &path) < 0 ||
            (r->include && recipe_expand(r, r->include, unit, &include) < 0))
                return 1;
        json_open_object(&j, NULL);
        json_str(&j, "path", path.text);
        json_str(&j, "content", r->content);
        json_str(&j, "include", include.text);
        json_str(&j, "line", r->include_line);
        json_bool(&j, "restart", r->restart);
        json_end_line(&j);
        return fputs(out.text, stdout) < 0;
}

static int print_edit(const struct recipe *r)
{
        _cleanup_str_ struct str out = {0}, words = {0};
        struct json j = json_to(&out);

        for (const char *const *word = r->edit->words; *word; word++)
                str_addf(&words, "%s%s", word > r->edit->words ? " " : "", *word);
        json_open_object(&j, NULL);
        json_str(&j, "words", words.text);
        json_str(&j, "mark", r->edit->mark);
        json_str(&j, "after", r->edit->after ? r->edit->after : "");
        json_str(&j, "end", r->edit->end ? r->edit->end : "");
        json_str(&j, "form", r->edit->any_case ? "any-case" : r->edit->folds ? "folds" : "");
        json_str(&j, "content", r->content);
        json_end_line(&j);
        return fputs(out.text, stdout) < 0;
}

static int print_edited(const struct recipe *r, const char *file)
{
        _cleanup_str_ struct str text = {0}, out = {0};

        if (fd_read_file(AT_FDCWD, file, 1U << 20, &text) < 0 ||
            recipe_edit_text(r, str_text(&text), text.len, &out, NULL) < 0)
                return 1;
        return fputs(str_text(&out), stdout) < 0;
}

int main(int argc, char **argv)
{
        const struct recipe *r = argc > 1 ? recipe_find(argv[1]) : NULL;

        if (argc == 1)
                return print_names();
        if (!r || argc > 3)
                return 1;
        if (argc == 3 && argv[2][0] != '/')
                return print_drop_in(r, argv[2]);
        if (!r->edit)
                return 1;
        return argc == 3 ? print_edited(r, argv[2]) : print_edit(r);
}
