/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Interfaces and their addresses in one network namespace: rtnetlink(7). Needs no privilege. */
#pragma once

#include "base/err.h"
#include "base/vec.h"
#include "base/wire.h"
#include "model/address.h"

struct interface_seen {
        uint32_t netns;
        uint32_t ifindex;
        char device[16]; /* IFNAMSIZ */
        bool up;
        bool part; /* of a bridge, bond or team, whose packets are those of that */
        bool xdp; /* a program looks at what it receives, before any rule is asked */
        struct address address; /* family 0: the interface itself */
        struct address network; /* an address in the network attached there */
        uint8_t prefix_len;
};

struct interface_list {
        struct interface_seen *at;
        size_t n, room;
};

/*
 * Append the interfaces (an entry without address each) and all addresses of the calling thread's namespace.
 * 0 or negative errno.
 */
int interfaces_read(uint32_t netns, struct interface_list *list, struct err *err);

/* --- pure halves --- */
bool interfaces_parse_link(struct wire message, struct interface_seen *ret);
bool interfaces_parse_address(struct wire message, struct interface_seen *ret);
