/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "knowledge/knowledge.h"

#include <string.h>

#include "knowledge/builtin.h"

const struct control *controls_baseline(void)
{
        return builtin_baseline;
}

/* The text "framework:id" against a control: as strcmp would order them. */
static int compare(const char *text, size_t framework_len, const struct control *control)
{
        int order = strncmp(text, control->framework, framework_len);

        if (order == 0 && control->framework[framework_len])
                return -1;
        return order ? order : strcmp(text + framework_len + 1, control->id);
}

bool control_find(const char *text, struct control *ret)
{
        const char *colon = strchr(text, ':');
        size_t low = 0, high = builtin_n_controls;

        if (!colon)
                return false;
        while (low < high) {
                size_t middle = low + (high - low) / 2;
                int order = compare(text, (size_t)(colon - text), &builtin_controls[middle]);

                if (order == 0) {
                        *ret = builtin_controls[middle];
                        return true;
                }
                if (order > 0)
                        low = middle + 1;
                else
                        high = middle;
        }
        /* an id that data/frameworks does not have, of a framework it has: near where it would stand */
        for (size_t i = low ? low - 1 : 0; i < builtin_n_controls && i <= low; i++) {
                const char *framework = builtin_controls[i].framework;

                if (strncmp(framework, text, (size_t)(colon - text)) == 0 && !framework[colon - text]) {
                        *ret = (struct control){.framework = framework, .id = colon + 1};
                        return true;
                }
        }
        return false;
}
