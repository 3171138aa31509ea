/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "import/import.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/str.h"
#include "base/text.h"
#include "import/formats.h"
#include "import/split.h"

/* A format whose mark is surer stands before one that takes more. */
static const struct importer *const importers[] = {
        &importer_nmap,
        &importer_masscan,
        &importer_masscan_list,
        &importer_powershell_json,
        &importer_powershell_csv,
        &importer_powershell,
        &importer_netstat,
        &importer_netstat_windows,
        &importer_ss,
        NULL,
};

const struct importer *const *importers_all(void)
{
        return importers;
}

const struct importer *importer_find(const char *name)
{
        for (size_t i = 0; importers[i]; i++)
                if (streq(importers[i]->name, name))
                        return importers[i];
        return NULL;
}

static void add_chunk(const char *text, size_t len, uint64_t line, void *arg)
{
        str_add_n(arg, text, len);
}

const struct importer *importer_guess(const char *start, size_t len)
{
        _cleanup_str_ struct str text = {0};
        struct splitter *s =
                splitter_new(SPLIT_CHUNKS, IMPORT_PIECE_MAX, (struct split_to){add_chunk, NULL, &text});

        splitter_feed(s, start, len < IMPORT_START ? len : IMPORT_START);
        (void)splitter_end(s);
        s = splitter_free(s);
        for (size_t i = 0; importers[i]; i++)
                if (importers[i]->guess(str_text(&text), text.len))
                        return importers[i];
        return NULL;
}

/* --- faults --------------------------------------------------------------------------------------- */

static _printf_(3, 0) void add_fault(struct import *im, uint64_t line, const char *fmt, va_list ap)
{
        _cleanup_str_ struct str safe = {0};
        char text[300];

        im->complete = false;
        if (im->n_faults++ >= IMPORT_FAULTS)
                return;
        (void)vsnprintf(text, sizeof(text), fmt, ap);
        text_add_printable(&safe, text);
        *vec_push(&im->faults) = (struct import_fault){line, pool_intern(im->pool, str_text(&safe))};
}

void import_fault(struct import *im, const char *fmt, ...)
{
        va_list ap;

        va_start(ap, fmt);
        add_fault(im, im->line, fmt, ap);
        va_end(ap);
}

void import_fault_all(struct import *im, const char *fmt, ...)
{
        va_list ap;

        va_start(ap, fmt);
        add_fault(im, 0, fmt, ap);
        va_end(ap);
}

/* --- texts and numbers ---------------------------------------------------------------------------- */

/* No longer than max, and not in the middle of a character. */
static size_t cut(const char *text, size_t len, size_t max)
{
        const char *nul = memchr(text, '\0', len);

        if (nul)
                len = (size_t)(nul - text);
        if (len <= max)
                return len;
        while (max && ((unsigned char)text[max] & 0xc0) == 0x80)
                max--;
        return max;
}

const char *import_text(struct import *im, const char *text, size_t len)
{
        return text && len ? pool_intern_n(im->pool, text, cut(text, len, IMPORT_TEXT_MAX)) : NULL;
}

const char *import_printable(struct import *im, const char *text, size_t len, size_t max)
{
        _cleanup_free_ char *copy = NULL;
        _cleanup_str_ struct str safe = {0};

        if (!text || !len)
                return NULL;
        copy = xstrndup(text, cut(text, len, max));
        text_add_printable(&safe, copy);
        return pool_intern(im->pool, str_text(&safe));
}

bool import_port(struct import *im, const char *text, size_t len, uint16_t *ret)
{
        char copy[8];
        uint64_t port;

        if (len && len < sizeof(copy)) {
                memcpy(copy, text, len);
                copy[len] = '\0';
                if (str_to_u64(copy, UINT16_MAX, &port) == 0 && port) {
                        *ret = (uint16_t)port;
                        return true;
                }
        }
        import_fault(im, "'%.*s' is no port number (1-65535)", (int)(len < 40 ? len : 40), text);
        return false;
}

static uint32_t zone_of(struct import *im, const char *name)
{
        uint32_t i = 0;

        vec_foreach(device, &im->devices) {
                i++;
                if (streq(*device, name))
                        return i;
        }
        if (i >= 1000) /* interfaces: no machine has so many that hosts are reached by */
                return 0;
        *vec_push(&im->devices) = pool_intern(im->pool, name);
        return i + 1;
}

bool import_address(struct import *im, const char *text, size_t len, struct address *ret,
                    uint32_t *ret_zone_index)
{
        char copy[ADDRESS_TEXT_SIZE + 64];
        struct address a;
        char *zone;

        *ret_zone_index = 0;
        if (len && len < sizeof(copy) && !memchr(text, '\0', len)) {
                memcpy(copy, text, len);
                copy[len] = '\0';
                zone = strchr(copy, '%');
                if (zone)
                        *zone++ = '\0';
                if (address_parse(copy, &a) == 0) {
                        *ret = address_unmapped(&a);
                        if (zone && *zone && address_is_link_local(ret))
                                *ret_zone_index = zone_of(im, zone);
                        return true;
                }
        }
        import_fault(im, "'%.*s' is no IP address", (int)(len < 60 ? len : 60), text);
        return false;
}

/* --- records -------------------------------------------------------------------------------------- */

static bool full(struct import *im, size_t n, size_t max, const char *what)
{
        if (n < max)
                return false;
        if (!im->over)
                import_fault(im, "there are more than %zu %s in this file; the rest is not read", max, what);
        im->over = true;
        return true;
}

struct import_host *import_host(struct import *im, const struct address *address, uint32_t zone_index)
{
        struct import_host *last = im->hosts.n ? &im->hosts.at[im->hosts.n - 1] : NULL, *host;

        /* the same host mostly stands in several records in a row; others are joined in the end */
        if (last && last->zone_index == zone_index && address_compare(&last->address, address) == 0)
                return last;
        if (full(im, im->hosts.n, IMPORT_RECORDS, "hosts"))
                return NULL;
        host = vec_push(&im->hosts);
        host->address = *address;
        host->zone_index = zone_index;
        host->status = HOST_UP;
        return host;
}

struct import_endpoint *import_endpoint(struct import *im, const struct address *address,
                                        uint32_t zone_index, enum transport transport, uint16_t port)
{
        struct import_endpoint *e;

        if (full(im, im->endpoints.n, IMPORT_RECORDS, "ports"))
                return NULL;
        e = vec_push(&im->endpoints);
        e->order = (uint32_t)im->endpoints.n;
        e->endpoint.address = *address;
        e->endpoint.zone_index = zone_index;
        e->endpoint.transport = transport;
        e->endpoint.port = port;
        return e;
}

struct identity *import_identity(struct import *im)
{
        struct identity *id;

        if (im->n_identities >= IMPORT_IDENTITIES) {
                if (im->n_identities++ == IMPORT_IDENTITIES)
                        import_fault(im, "what speaks there is kept of the first %u ports only",
                                     IMPORT_IDENTITIES);
                return NULL;
        }
        im->n_identities++;
        id = pool_alloc(im->pool, sizeof(*id));
        identity_init(id);
        return id;
}

/* --- the end -------------------------------------------------------------------------------------- */

static int compare_places(const struct address *a, uint32_t zone_a, const struct address *b, uint32_t zone_b)
{
        int r = address_compare(a, b);

        return r ? r : (zone_a > zone_b) - (zone_a < zone_b);
}

static int compare_endpoints(const void *a, const void *b)
{
        const struct import_endpoint *x = a, *y = b;
        int r = compare_places(&x->endpoint.address, x->endpoint.zone_index, &y->endpoint.address,
                               y->endpoint.zone_index);

        if (!r)
                r = (int)x->endpoint.transport - (int)y->endpoint.transport;
        if (!r)
                r = (int)x->endpoint.port - (int)y->endpoint.port;
        return r ? r : (x->order > y->order) - (x->order < y->order);
}

static int compare_hosts(const void *a, const void *b)
{
        const struct import_host *x = a, *y = b;

        return compare_places(&x->address, x->zone_index, &y->address, y->zone_index);
}

/* Later records know more (masscan tells a banner apart from the port), but an open port stays open. */
static void join_endpoint(struct import_endpoint *to, const struct import_endpoint *later)
{
        if (later->endpoint.state == ENDPOINT_OPEN || to->endpoint.state != ENDPOINT_OPEN) {
                const struct identity *identity = later->identity ? later->identity : to->identity;

                if (later->endpoint.reason != REASON_NONE || to->endpoint.state != later->endpoint.state)
                        to->endpoint = later->endpoint;
                to->identity = identity;
        }
        if (later->time_s > to->time_s)
                to->time_s = later->time_s;
}

static void join_host(struct import_host *to, const struct import_host *later)
{
        to->status = later->status < to->status ? later->status : to->status;
        to->name = to->name ? to->name : later->name;
        to->middlebox = to->middlebox ? to->middlebox : later->middlebox;
        if (later->has_mac && !to->has_mac) {
                to->has_mac = true;
                memcpy(to->mac, later->mac, sizeof(to->mac));
        }
        to->rtt_us = to->rtt_us ? to->rtt_us : later->rtt_us;
        to->time_s = later->time_s > to->time_s ? later->time_s : to->time_s;
        to->why |= later->why;
        to->cut |= later->cut;
        for (enum transport t = TRANSPORT_TCP; t <= TRANSPORT_UDP; t++) {
                to->asked[t] = later->asked[t] > to->asked[t] ? later->asked[t] : to->asked[t];
                for (enum endpoint_state s = 0; s < ENDPOINT_STATE_MAX; s++)
                        if (later->unlisted[t][s] > to->unlisted[t][s])
                                to->unlisted[t][s] = later->unlisted[t][s];
        }
}

/* As scanners mostly write them. */
static bool are_sorted(const struct import *im)
{
        for (size_t i = 1; i < im->endpoints.n; i++)
                if (compare_endpoints(&im->endpoints.at[i - 1], &im->endpoints.at[i]) > 0)
                        return false;
        return true;
}

static void join_all(struct import *im)
{
        size_t n = 0;

        if (!are_sorted(im))
                vec_sort(&im->endpoints, compare_endpoints);
        vec_foreach(e, &im->endpoints) {
                struct import_endpoint *last = n ? &im->endpoints.at[n - 1] : NULL;

                if (last && last->endpoint.transport == e->endpoint.transport &&
                    last->endpoint.port == e->endpoint.port &&
                    compare_places(&last->endpoint.address, last->endpoint.zone_index, &e->endpoint.address,
                                   e->endpoint.zone_index) == 0)
                        join_endpoint(last, e);
                else
                        im->endpoints.at[n++] = *e;
        }
        im->endpoints.n = n;
        n = 0;
        vec_sort(&im->hosts, compare_hosts);
        vec_foreach(h, &im->hosts) {
                if (n && compare_hosts(&im->hosts.at[n - 1], h) == 0)
                        join_host(&im->hosts.at[n - 1], h);
                else
                        im->hosts.at[n++] = *h;
        }
        im->hosts.n = n;
}

/* What a listing left out stands in the view itself, as what we could not see stands there. */
static void faults_to_gaps(struct import *im)
{
        vec_foreach(fault, &im->faults) {
                if (fault->line)
                        inside_gap(im->view, "import", NULL, true, "line %llu: %s",
                                   (unsigned long long)fault->line, fault->text);
                else
                        inside_gap(im->view, "import", NULL, true, "%s", fault->text);
        }
        if (im->n_faults > im->faults.n)
                inside_gap(im->view, "import", NULL, true, "%llu more lines were not understood",
                           (unsigned long long)(im->n_faults - im->faults.n));
}

void import_end(struct import *im, const char *why)
{
        bool whole = splitter_end(im->splitter);

        if (im->importer->end)
                im->importer->end(im);
        if (why)
                import_fault_all(im, "%s", why);
        else if (!whole && !im->ended && im->importer->unit == IMPORT_OBJECTS)
                import_fault_all(
                        im,
                        "the file ends in the middle: it was cut off, or the program that wrote it was ended");
        if (im->view)
                faults_to_gaps(im);
        else
                join_all(im);
}

/* --- feeding -------------------------------------------------------------------------------------- */

static void take(const char *text, size_t len, uint64_t line, void *arg)
{
        struct import *im = arg;

        if (im->over)
                return;
        im->line = line;
        im->importer->take(im, text, len);
}

static void too_long(uint64_t line, void *arg)
{
        struct import *im = arg;

        im->line = line;
        import_fault(im, "longer than %u bytes, and left out", IMPORT_PIECE_MAX);
}

/* What a listing never tells, whichever program made it. */
static struct inside *view_of(const struct import *im, const char *asset, int64_t time_s)
{
        struct inside *view = inside_new();
        struct netns *netns = vec_push(&view->netns);

        netns->role = "host";
        netns->kind = NETNS_HOST;
        view->hostname = pool_intern(view->pool, asset);
        view->asset = pool_printf(view->pool, IMPORT_ASSET "%s", asset);
        view->time_s = time_s;
        view->sockets_by = im->importer->name;
        view->source = im->importer->windows ? INSIDE_LISTING_WINDOWS : INSIDE_LISTING;
        inside_gap(
                view, "import", NULL, false,
                "read from a listing (%s): it tells sockets and at most the name of their program; service units, "
                "packages, containers, packet filters and other network namespaces are not known",
                im->importer->name);
        inside_gap(view, "import", NULL, false,
                   "the listing does not tell which UDP sockets are clients: all are taken for listeners");
        return view;
}

int import_open(struct import **ret, const struct importer *importer, const char *asset, int64_t time_s,
                struct err *err)
{
        static const enum split_unit units[] = {
                [IMPORT_LINES] = SPLIT_LINES,
                [IMPORT_OBJECTS] = SPLIT_OBJECTS,
                [IMPORT_CHUNKS] = SPLIT_CHUNKS,
        };
        _cleanup_(import_freep) struct import *im = xcalloc(1, sizeof(*im));
        int r = 0;

        im->importer = importer;
        im->pool = pool_new();
        im->complete = true;
        im->state = xcalloc(1, importer->state_size ? importer->state_size : 1);
        im->splitter =
                splitter_new(units[importer->unit], IMPORT_PIECE_MAX, (struct split_to){take, too_long, im});
        if (importer->inside)
                im->view = view_of(im, asset, time_s);
        if (importer->open)
                r = importer->open(im, err);
        if (r == 0)
                *ret = take_ptr(im);
        return r;
}

bool import_feed(struct import *im, const char *bytes, size_t len)
{
        splitter_feed(im->splitter, bytes, len);
        return !im->over;
}

struct import *import_free(struct import *im)
{
        if (!im)
                return NULL;
        if (im->importer->close)
                im->importer->close(im);
        im->splitter = splitter_free(im->splitter);
        inside_freep(&im->view);
        vec_clear(&im->endpoints);
        vec_clear(&im->hosts);
        vec_clear(&im->devices);
        vec_clear(&im->faults);
        free(im->state);
        pool_free(im->pool);
        free(im);
        return NULL;
}
