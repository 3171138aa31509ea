/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The same bytes as each file that a recipe edits: an edit changes nothing when it is done again. */
#include <stdlib.h>

#include "fuzz.h"
#include "harden/recipe.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        size_t n;
        const struct recipe *all = recipes_all(&n);

        for (size_t i = 0; i < n; i++) {
                _cleanup_str_ struct str once = {0}, twice = {0};

                if (!all[i].edit || recipe_edit_text(&all[i], (const char *)data, size, &once, NULL) < 0)
                        continue;
                if (recipe_edit_text(&all[i], once.text, once.len, &twice, NULL) < 0 || !streq(once.text, twice.text))
                        abort();
        }
        return 0;
}
