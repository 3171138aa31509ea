/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an entry of a UDP socket's error queue means (ip(7), IP_RECVERR; linux/errqueue.h). Pure. */
#pragma once

#include "base/wire.h"
#include "scan/method.h"

struct udp_error {
        uint32_t code_errno;
        uint8_t origin, type, code; /* SO_EE_ORIGIN_*, of ICMP or ICMPv6 */
        struct address from;        /* who sent the ICMP message; family 0 = nobody */
};

/* The value of an IP_RECVERR or IPV6_RECVERR control message. False when it is too short. */
bool udp_error_parse(struct wire value, struct udp_error *ret);
/* False when the entry says nothing about the port, such as a path's MTU. `to` is where the probe went. */
bool udp_error_verdict(const struct udp_error *e, const struct address *to, enum heard_kind *ret_kind,
                       enum endpoint_reason *ret_reason);
