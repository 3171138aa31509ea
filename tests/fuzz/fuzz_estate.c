/* SPDX-License-Identifier: GPL-2.0-or-later */
/* estate.yaml, and the lookups in what is made of it. */
#include <stdlib.h>

#include "base/str.h"
#include "fuzz.h"
#include "policy/estate_parse.h"

static void check(bool holds)
{
        if (!holds)
                abort();
}

/* No entry gets more than its class. */
static void check_devices(const struct estate *e)
{
        for (size_t i = 0; i < e->n_devices; i++) {
                const struct device_limits *l = &e->devices[i].limits;
                const struct device_limits *most = device_class_limits(e->devices[i].class);

                check(l->why && (e->devices[i].n_ranges || e->devices[i].n_tags));
                check(!most->host_rate || (l->host_rate && l->host_rate <= most->host_rate));
                check((l->no_syn || !most->no_syn) && (l->no_udp || !most->no_udp) &&
                      (l->no_identify || !most->no_identify) && (!l->industrial || most->industrial));
                for (unsigned t = TRANSPORT_TCP; t <= TRANSPORT_UDP; t++)
                        for (unsigned port = 0; port <= UINT16_MAX && most->forbidden[t]; port++)
                                check(!port_set_has(most->forbidden[t], (uint16_t)port) ||
                                      port_set_has(l->forbidden[t], (uint16_t)port));
        }
}

static void check_assets(const struct estate *e)
{
        for (size_t i = 0; i < e->n_assets; i++) {
                const struct estate_asset *asset = &e->assets[i];

                check(estate_asset_by_name(e, asset->name) == asset);
                for (size_t j = 0; j < asset->n_addresses; j++) {
                        struct device_limits limits = estate_limits(e, &asset->addresses[j]);
                        enum device_class class = estate_class(e, &asset->addresses[j]);
                        uint32_t most = device_class_limits(class)->host_rate;

                        check(estate_asset_by_address(e, &asset->addresses[j]) == asset);
                        check(!most || (limits.host_rate && limits.host_rate <= most));
                }
        }
}

static void check_windows(const struct estate *e, const struct address *address)
{
        static const int64_t now = 1795215600; /* 2026-11-20 23:00 UTC */
        int64_t until;
        bool open = estate_window_open(e, address, now, &until);

        check(until > now);
        if (until != INT64_MAX)
                check(estate_window_open(e, address, until, NULL) != open &&
                      estate_window_open(e, address, until - 1, NULL) == open);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_(pool_freep) struct pool *pool = pool_new();
        struct address nobody = {.family = 4, .bytes = {10, 20, 5, 9}};
        struct err err = {0};
        struct estate e;

        if (estate_parse((const char *)data, size, "fuzz.yaml", pool, &e, &err) < 0) {
                check(err.code && str_after(err.text, "fuzz.yaml:"));
                return 0;
        }
        check_devices(&e);
        check_assets(&e);
        check_windows(&e, &nobody);
        for (size_t i = 0; i < e.n_networks; i++) {
                check(address_compare(&e.networks[i].range.first, &e.networks[i].range.last) <= 0);
                check_windows(&e, &e.networks[i].range.first);
                (void)estate_zone(&e, &e.networks[i].range.last);
        }
        for (size_t i = 0; i < e.exclude.n; i++)
                check(range_set_has(&e.exclude, &e.exclude.at[i].last));
        return 0;
}
