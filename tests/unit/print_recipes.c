/* SPDX-License-Identifier: GPL-2.0-or-later */
/* print-recipes NAME UNIT: the drop-in of a recipe, for tests/integration: its path, the file that includes it, and how. */
#include <stdio.h>

#include "base/json.h"
#include "harden/recipe.h"

int main(int argc, char **argv)
{
        const struct recipe *r = argc == 3 ? recipe_find(argv[1]) : NULL;
        _cleanup_str_ struct str out = {0}, path = {0}, include = {0};
        struct json j = json_to(&out);

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
