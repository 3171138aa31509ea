/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a request says, once it is taken, can be written and read again, and has nothing in it that a shell or nft would read. */
#include <assert.h>
#include <errno.h>

#include "fuzz.h"
#include "model/action.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_(pool_freep) struct pool *pool = pool_new();
        _cleanup_str_ struct str text = {0}, again = {0};
        struct action a, back;
        struct err err = {0};

        if (action_request_read((const char *)data, size, pool, &a, &err) < 0) {
                assert(err.code == -EINVAL && err.text[0]);
                return 0;
        }
        for (const struct action_value *v = a.values; v->name; v++)
                assert(!strpbrk(v->text, "\n\r;{}$`\"'<>|&*?!~"));
        action_request_write(&a, &text);
        assert(action_request_read(text.text, text.len, pool, &back, &err) == 0);
        action_request_write(&back, &again);
        assert(streq(text.text, again.text));
        return 0;
}
