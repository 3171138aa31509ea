/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What quaymaster-nft is asked to load: refused with words, or a table that only ever names our own tables. */
#include <stdlib.h>
#include <string.h>

#include "firewall/spec.h"
#include "fuzz.h"
#include "nft/own_table.h"

static void check(bool promise)
{
        if (!promise)
                abort();
}

/* Nothing of the input may become a command of its own: what begins a line at its edge is ours. */
static void check_text(const char *text)
{
        while (*text) {
                if (*text != '\t' && *text != '#' && *text != '}')
                        check(str_after(text, "table inet quaymaster") ||
                              str_after(text, "delete table inet quaymaster"));
                text += strcspn(text, "\n");
                text += *text == '\n';
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static const char *const tables[] = {FIREWALL_TABLE, FIREWALL_TABLE_PUBLISHED};
        _cleanup_str_ struct str input = {0};

        str_add_n(&input, (const char *)data, size);
        for (size_t i = 0; i < array_len(tables); i++) {
                _cleanup_str_ struct str text = {0};
                struct err err = {0};

                if (own_table_text(tables[i], &input, &text, &err) == 0)
                        check_text(str_text(&text));
                else
                        check(err.text[0] != '\0');
        }
        return 0;
}
