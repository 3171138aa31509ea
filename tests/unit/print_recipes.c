/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * print-recipes [NAME UNIT]: for tests/integration: the names of all recipes, or the drop-in of one: its path, the file
 * that includes it, and how.
 */
#include <stdio.h>

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

int main(int argc, char **argv)
{
        const struct recipe *r = argc == 3 ? recipe_find(argv[1]) : NULL;
        _cleanup_str_ struct str out = {0}, path = {0}, include = {0};
        struct json j = json_to(&out);

        if (argc == 1)
                return print_names();
        if (!r || recipe_expand(r, r->path, argv[2], &path) < 0 ||
            (r->include && recipe_expand(r, r->include, argv[2], &include) < 0))
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
