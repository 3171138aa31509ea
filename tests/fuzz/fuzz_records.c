/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside views of other machines: whatever the file is, what comes out has sensible values and is the same in parts. */
#include <stdlib.h>

#include "base/str.h"
#include "fuzz.h"
#include "import/records.h"

#define CHECK(what)              \
        do {                     \
                if (!(what))     \
                        abort(); \
        } while (0)

static void check_listener(const struct listener *l)
{
        CHECK(l->transport < TRANSPORT_MAX && (l->port || l->transport == TRANSPORT_RAW));
        CHECK(l->address.family == 4 || l->address.family == 6 || l->kind == LISTENER_FORWARD);
        CHECK(l->netns && l->netns->role && !l->client_reason);
        CHECK(l->exposure.scope < EXPOSURE_MAX && l->confidence < CONFIDENCE_MAX &&
              l->advice.class < ADVICE_MAX);
        for (size_t i = 0; i < l->n_processes; i++)
                CHECK(l->processes[i] && l->processes[i]->pid >= 0);
}

static struct records *read_it(const char *data, size_t size, size_t step, int *ret)
{
        struct records *r = records_new();
        struct err err = {0};

        *ret = 0;
        for (size_t at = 0; at < size && *ret == 0; at += step)
                *ret = records_feed(r, data + at, size - at < step ? size - at : step, &err);
        if (*ret == 0)
                *ret = records_end(r, &err);
        CHECK(*ret == 0 || err.text[0]);
        vec_foreach(asset, &r->assets) {
                CHECK(asset->asset && *asset->asset && (asset->summary || !asset->complete));
                vec_foreach(l, &asset->listeners)
                        check_listener(l);
                vec_foreach(a, &asset->addresses)
                        CHECK(a->address.family && a->netns);
        }
        return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        int r_whole, r_parts;
        struct records *whole = read_it((const char *)data, size, size ? size : 1, &r_whole);
        struct records *parts = read_it((const char *)data, size, 7, &r_parts);

        CHECK(r_whole == r_parts && whole->assets.n == parts->assets.n);
        records_freep(&whole);
        records_freep(&parts);
        return 0;
}
