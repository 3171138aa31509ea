/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files of other programs, read by the importer that QM_IMPORT names (a test for each), else by the one
 * they look like. Whatever the file is, what comes out is in order, has sensible values, and is the same
 * however the bytes come in.
 */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "fuzz.h"
#include "import/import.h"

#define CHECK(what)              \
        do {                     \
                if (!(what))     \
                        abort(); \
        } while (0)

static void check_endpoints(const struct import *im)
{
        for (size_t i = 0; i < im->endpoints.n; i++) {
                const struct import_endpoint *e = &im->endpoints.at[i];
                const struct endpoint *last = i ? &im->endpoints.at[i - 1].endpoint : NULL;

                CHECK(e->endpoint.port && e->endpoint.transport <= TRANSPORT_UDP);
                CHECK(e->endpoint.address.family == 4 || e->endpoint.address.family == 6);
                CHECK(e->endpoint.state < ENDPOINT_STATE_MAX && e->endpoint.reason < REASON_MAX);
                CHECK(e->endpoint.zone_index <= im->devices.n);
                CHECK(!last || address_compare(&last->address, &e->endpoint.address) <= 0);
                if (!e->identity)
                        continue;
                CHECK(e->identity->protocol && e->identity->n_details <= IDENTITY_DETAILS_MAX);
                CHECK(!e->identity->cpe || str_after(e->identity->cpe, "cpe:2.3:a:"));
        }
        for (size_t i = 1; i < im->hosts.n; i++)
                CHECK(address_compare(&im->hosts.at[i - 1].address, &im->hosts.at[i].address) <= 0);
}

static void check_view(const struct inside *view)
{
        vec_foreach(s, &view->sockets) {
                CHECK(s->port && s->transport < TRANSPORT_MAX && s->netns == 0);
                CHECK((size_t)s->first_owner + s->n_owners <= view->owners.n);
                for (uint32_t i = 0; i < s->n_owners; i++) {
                        const uint32_t *owner = &view->owners.at[s->first_owner + i];

                        CHECK(*owner < view->processes.n);
                        CHECK(!i || view->processes.at[owner[-1]].pid <= view->processes.at[*owner].pid);
                }
        }
}

static struct import *read_it(const struct importer *importer, const char *data, size_t size, size_t step)
{
        struct import *im;

        if (import_open(&im, importer, "host", 0, NULL) < 0)
                abort();
        for (size_t at = 0; at < size; at += step)
                if (!import_feed(im, data + at, size - at < step ? size - at : step))
                        break;
        import_end(im, NULL);
        CHECK(im->complete == !im->n_faults && im->faults.n <= IMPORT_FAULTS);
        if (im->view)
                check_view(im->view);
        else
                check_endpoints(im);
        return im;
}

static void try(const struct importer *importer, const uint8_t *data, size_t size)
{
        struct import *whole = read_it(importer, (const char *)data, size, size ? size : 1);
        struct import *parts = read_it(importer, (const char *)data, size, 7);

        if (importer->unit != IMPORT_CHUNKS) { /* how far libxml2 got before an error is its own matter */
                CHECK(whole->n_faults == parts->n_faults && whole->endpoints.n == parts->endpoints.n);
                CHECK(!whole->view || whole->view->sockets.n == parts->view->sockets.n);
        }
        import_freep(&whole);
        import_freep(&parts);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        const char *name = getenv("QM_IMPORT");
        const struct importer *importer = importer_guess((const char *)data, size);

        if (name)
                importer = importer_find(name);
        if (importer)
                try(importer, data, size);
        return 0;
}
