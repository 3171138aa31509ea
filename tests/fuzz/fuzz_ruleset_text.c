/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The text listing of a ruleset: comments and names in it are chosen by others. */
#include <assert.h>
#include <string.h>

#include "base/mem.h"
#include "fuzz.h"
#include "nft/ruleset_text.h"

#define RULE(table, handle)                                                                                  \
        "{\"rule\":{\"family\":\"ip\",\"table\":\"" table "\",\"handle\":" handle ",\"expr\":[{\"xt\":{}}]}}"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static const char json[] = "[" RULE("nat", "7") "," RULE("nat", "8") "," RULE("", "1") ",{}]";
        json_t *objects = json_loadb(json, sizeof(json) - 1, 0, NULL), *object;
        size_t i;

        ruleset_join_text(objects, "ip", (const char *)data, size);
        assert(json_array_size(objects) == 4);
        json_array_foreach (objects, i, object) {
                json_t *text = json_object_get(json_object_get(object, "rule"), "text");

                /* A part of a line of the listing, and never across lines. */
                if (text)
                        assert(json_string_length(text) <= size && !strchr(json_string_value(text), '\n'));
        }
        json_decref(objects);
        return 0;
}
