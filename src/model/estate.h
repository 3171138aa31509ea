/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is ours (estate.yaml): networks with zones, exclusions, device classes, assets, scan windows. Plain
 * data; all it points to lives in the pool it was parsed into, the range sets too: they are read only, never
 * added to or released. Parsed by policy/estate_parse.h.
 *
 * Addresses that are asked about may be IPv4-mapped IPv6 ones: they mean the IPv4 address.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/pool.h"
#include "model/port_set.h"
#include "model/range.h"

enum device_class {
        DEVICE_NONE, /* not in any class: treated with the profile's pace */
        DEVICE_SERVER,
        DEVICE_WORKSTATION,
        DEVICE_NETWORK, /* router, switch, firewall */
        DEVICE_PRINTER,
        DEVICE_PLC,
        DEVICE_UPS,
        DEVICE_BMC,
        DEVICE_VOIP,
        DEVICE_CAMERA,
        DEVICE_MEDICAL,
        DEVICE_CLASS_MAX,
};

const char *device_class_name(enum device_class class); /* "printer" */
enum device_class device_class_parse(const char *word); /* DEVICE_CLASS_MAX: unknown */

/* What may be done to devices of a class: the built-in table, narrowed (never widened) by estate.yaml. */
struct device_limits {
        uint32_t host_rate; /* packets a second at most; 0 = as the profile says */
        bool no_syn;        /* half-open probes forbidden: full connect only */
        bool no_udp;
        bool no_identify; /* no payload of ours on TCP */
        bool industrial;  /* read-only identity requests of industrial protocols allowed */
        const struct port_set *forbidden[2]; /* [TRANSPORT_TCP], [TRANSPORT_UDP]; NULL = none */
        const char *why;                     /* a sentence for coverage and --dry-run */
};

struct estate_network {
        struct address_range range;
        const char *zone; /* or NULL */
        unsigned line;
};

struct estate_device {
        struct address_range *ranges; /* match: cidr (one or a list) */
        size_t n_ranges;
        const char **tags; /* match: tags: assets with all of these */
        size_t n_tags;
        enum device_class class;
        struct device_limits limits; /* the class's, narrowed by this entry's rate, forbid, forbid_ports */
        unsigned line;
};

struct estate_asset {
        const char *name;
        struct address *addresses;
        size_t n_addresses;
        const char **names; /* DNS names */
        size_t n_names;
        const char *owner; /* or NULL */
        const char **tags;
        size_t n_tags;
        enum device_class class; /* DEVICE_NONE: by estate_device */
        unsigned line;
};

/* Local time of this machine. A window that ends before it begins goes on into the next day. */
struct estate_window {
        uint8_t days;          /* those it begins on: bit 0 = Monday ... bit 6 = Sunday */
        uint16_t from, to;     /* minutes of the day, to is exclusive; 0..1439, 0..1440; never equal */
        struct range_set only; /* normalized: the window is for these addresses; empty = all others */
        unsigned line;
};

struct estate_place { /* where an asset is */
        struct address address;
        uint32_t asset; /* index in assets */
};

struct estate {
        const char *file;
        struct estate_network *networks;
        size_t n_networks;
        struct range_set exclude; /* normalized */
        struct estate_device *devices; /* in the order of precedence */
        size_t n_devices;
        struct estate_asset *assets;
        size_t n_assets;
        struct estate_place *places; /* by address; NULL (in estates made by hand): assets are walked */
        size_t n_places;
        struct estate_window *windows;
        size_t n_windows;
};

/* The zone of the narrowest network that has the address, or NULL. */
const char *estate_zone(const struct estate *e, const struct address *address);
const struct estate_asset *estate_asset_by_address(const struct estate *e, const struct address *address);
const struct estate_asset *estate_asset_by_name(const struct estate *e, const char *name);
/*
 * The class of an address: its asset's own, else that of the first device entry that matches. An entry
 * matches when the address is in its ranges (if it has any) and is one of an asset with all its tags.
 */
enum device_class estate_class(const struct estate *e, const struct address *address);
/*
 * Limits for an address: those of the first matching device entry of its class, else the built-in ones of
 * its class; all zero when there are none. Ports 9100-9107 are not here: see gate/gate.h.
 */
struct device_limits estate_limits(const struct estate *e, const struct address *address);
/* The built-in limits of a class; never NULL. */
const struct device_limits *device_class_limits(enum device_class class);
/*
 * Whether a probe of that address may leave at this time (seconds since 1970), and until when that holds
 * (*ret_until, INT64_MAX = no end; may be NULL). Windows that name the address decide; for an address that
 * none names those without `only` do; where there are none of either, always.
 *
 * Local time is what localtime_r(3) says, so a window moves with daylight saving: an hour that comes twice
 * counts twice, one that is skipped is not there. The rules of the time zone must have been read (tzset(3))
 * before files cannot be opened any more.
 */
bool estate_window_open(const struct estate *e, const struct address *address, int64_t now,
                        int64_t *ret_until);
