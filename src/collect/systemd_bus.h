/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What systemd says of its loaded units over D-Bus. Asks only, and never waits long. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-bus.h>

#include "base/err.h"
#include "base/map.h"
#include "base/pool.h"
#include "base/vec.h"
#include "collect/unit_text.h"

#define SYSTEMD_BUS_NAME "org.freedesktop.systemd1"

struct bus_unit {
        const char *name, *description, *load, *active, *sub;
        const char *path;                /* of its D-Bus object */
        vec(struct unit_listen) listens; /* of sockets */
        bool on_network;                 /* one of them is an address of IP; only then is known: */
        const char *triggers;            /* first unit that it starts; NULL */
        bool accept; /* a process for each connection: the unit it starts is a template */
        bool v6only; /* BindIPv6Only=ipv6-only */
};

struct bus_units {
        struct pool *pool;
        vec(struct bus_unit) units;
        struct map by_name;
};

/*
 * List the loaded units, with the addresses of their sockets. root_fd is where systemd's own socket lies
 * (run/systemd/private, for root; else, and when DBUS_SYSTEM_BUS_ADDRESS is set, the system bus). Strings go
 * to the pool. units must be zeroed; release it also after a failure. 0, or negative errno: nobody answers,
 * or a step of it takes more than a second.
 */
int systemd_bus_read(int root_fd, struct pool *pool, struct bus_units *units, struct err *err);
void bus_units_release(struct bus_units *units);

/* Connect to the system bus, or to DBUS_SYSTEM_BUS_ADDRESS: 0 or negative errno; -ETIMEDOUT after a second. */
int systemd_bus_open_shared(sd_bus **ret);

/* NULL when there is no such unit loaded. */
const struct bus_unit *bus_units_find(const struct bus_units *units, const char *name);
