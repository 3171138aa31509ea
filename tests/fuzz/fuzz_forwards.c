/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What quaymaster-nft wrote: names, comments and sets in it are chosen by whoever administers a namespace.
 */
#include <assert.h>

#include "collect/forwards.h"
#include "collect/ruleset_json.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct inside *view = inside_new();
        struct err err = {0};
        json_t *objects = ruleset_json((const char *)data, size, &err);
        int r = objects ? forwards_read(objects, 7, view, &err) : err.code;

        assert(r >= 0 || err.text[0]);
        vec_foreach (f, &view->forwards) {
                assert(f->port >= 1 && f->port <= f->port_last);
                assert(f->transport < TRANSPORT_RAW);
                assert(f->netns == 7 && f->rule);
        }
        json_decref(objects);
        inside_free(view);
        return 0;
}
