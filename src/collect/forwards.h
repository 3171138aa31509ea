/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ports that the packet filter passes on (DNAT, redirect) although no socket is bound to them: what
 * Docker, podman, kube-proxy and hand-written nftables rules publish. Pure: reads the ruleset as
 * quaymaster-nft printed it, touches nothing else.
 *
 * Read are the nat chains hooked at prerouting in the families ip, ip6 and inet, and the chains they jump
 * to. Conditions on transport, destination port and destination address narrow a forward; every other
 * condition (interface, source, mark, rate, randomness) may restrict who reaches it but not that it is
 * open, so the forward is listed. A destination network, or a negated address, is listed as any address.
 * Rules for traffic of the loopback interface alone are left out.
 *
 * What a forward says: address family 0 means any address, 0.0.0.0 any IPv4, :: any IPv6 one. to_port is
 * one port for the whole range port..port_last; where the rule gives a range of target ports, those of
 * them that map to themselves have to_port 0, and for the others, of which the kernel picks any, to_port
 * is the lowest. Of a range of target addresses `to` is the first.
 */
#pragma once

#include <stdint.h>

#include <jansson.h>

#include "base/err.h"
#include "model/inside.h"

/*
 * Append to view->forwards what the list of one namespace's ruleset tells (ruleset_json()); netns is the index of that
 * namespace in view->netns. Returns the number of rules that forward something but could not be understood (their ports
 * are missing); -E2BIG when the chains take more work to follow than is allowed (what was found until then stays).
 */
int forwards_read(const json_t *objects, uint32_t netns, struct inside *view, struct err *err);
