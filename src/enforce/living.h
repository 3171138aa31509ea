/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Connections of this network namespace that live: TCP, and UDP sockets with a peer; from the kernel's tables
 * (sock_diag(7)).
 */
#pragma once

#include "base/err.h"
#include "base/vec.h"
#include "base/wire.h"
#include "firewall/spec.h"

typedef vec(struct firewall_living) living_list;

/* Those of loopback are left out, since the table lets loopback in. 0 or negative errno. */
int living_read(living_list *ret, struct err *err);

/* Pure: one inet_diag_msg. False when malformed, or when it has no peer. */
bool living_parse(struct wire message, enum transport transport, struct firewall_living *ret);
