/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packets that the packet filter refused and logged, and groups of equal ones. Plain data; owns nothing. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "model/address.h"

#define DENIED_DEVICE_SIZE 16 /* IFNAMSIZ */

struct denied {
        struct address source, destination;
        uint8_t protocol; /* of IP */
        bool has_ports;
        uint16_t source_port, port;
        char device[DENIED_DEVICE_SIZE]; /* it came in by; "" when not told */
        int64_t time_ms;                 /* since 1970 */
};

/* The same source, protocol, port and device; or one source that tries many ports. */
struct denied_group {
        struct denied last;
        uint64_t count, told; /* packets; of them those that were told */
        int64_t first_ms, told_ms;
        unsigned n_ports; /* 1, or of a source that tries many: how many groups were folded into this one */
};
