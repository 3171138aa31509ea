/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The messages of rtnetlink(7) that paths are made of: each parser takes the payload of one. */
#pragma once

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/wire.h"
#include "model/address.h"

struct path_link {
        uint32_t ifindex, flags, mtu; /* IFF_* */
        uint16_t type;                /* ARPHRD_* */
        char device[IFNAMSIZ];
        bool has_mac;
        uint8_t mac[6];
};

struct path_route {
        uint8_t type; /* RTN_* */
        uint32_t ifindex;
        struct address source, gateway; /* family 0 when not told */
};

struct path_neighbour {
        uint16_t state; /* NUD_* */
        bool has_mac;
        uint8_t mac[6];
};

struct path_own {
        struct address address, broadcast; /* broadcast: family 0 when there is none */
        uint8_t prefix_len;
};

/* Each false when the message is malformed or not of IPv4 or IPv6; *ret is then untouched. */
bool path_parse_link(struct wire w, struct path_link *ret);
bool path_parse_route(struct wire w, struct path_route *ret);
bool path_parse_neighbour(struct wire w, struct path_neighbour *ret);
bool path_parse_own(struct wire w, struct path_own *ret);
