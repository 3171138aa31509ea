/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What of the ports that were asked for may be asked of one address: less where its device class or estate.yaml
 * forbids something. The engine and --dry-run both go by this.
 */
#pragma once

#include "model/estate.h"
#include "scan/ports.h"

struct askable {
        struct scan_ports ports;
        struct scan_ports left_out; /* asked for, and forbidden here */
        bool narrowed;              /* left_out is not empty */
        enum device_class class;
        struct device_limits limits;
};

/* Pure. `estate` may be NULL. */
void scan_askable(const struct scan_ports *asked, const struct estate *estate, const struct address *address,
                  struct askable *ret);
