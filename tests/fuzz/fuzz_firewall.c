/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines of a firewall: what is taken is written and read the same, and the table has no letter that the lines could smuggle in. */
#include <assert.h>
#include <errno.h>

#include "firewall/spec.h"
#include "fuzz.h"

static void check_rule(const struct firewall_spec *spec, size_t i)
{
        struct firewall_spec other = {.pool = spec->pool};
        _cleanup_str_ struct str text = {0}, again = {0};

        for (size_t z = 0; z < spec->zones.n; z++)
                *vec_push(&other.zones) = spec->zones.at[z];
        firewall_rule_write(&spec->rules.at[i], &text);
        assert(firewall_spec_add(&other, text.text, NULL) == 0);
        firewall_rule_write(&other.rules.at[0], &again);
        assert(streq(text.text, again.text));
        firewall_spec_release(&other);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_(pool_freep) struct pool *pool = pool_new();
        _cleanup_(firewall_spec_release) struct firewall_spec spec = {.pool = pool, .log = true};
        _cleanup_free_ char *text = xstrndup((const char *)data, size);
        _cleanup_str_ struct str table = {0}, published = {0};
        char *rest = text, *line;

        while ((line = strsep(&rest, "\n"))) {
                struct err err = {0};

                if (firewall_spec_add(&spec, line, &err) < 0)
                        assert(err.code == -EINVAL && err.text[0]);
        }
        for (size_t i = 0; i < spec.rules.n && i < 20; i++)
                check_rule(&spec, i);
        firewall_table_write(&spec, NULL, 0, &table);
        firewall_published_write(&spec, &published);
        assert(!strpbrk(table.text, "$`'\\") && !strpbrk(published.text, "$`'\\"));
        return 0;
}
