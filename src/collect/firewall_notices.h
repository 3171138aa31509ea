/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Notices of the kernel that the nftables rules of the own network namespace were changed (nfnetlink, the group
 * NFNLGRP_NFTABLES). They say that it is time to look, not what has changed. Members of sets are left out: there are
 * programs that change some every few seconds, and a look at the whole finds out from time to time.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/*
 * A descriptor of the caller's that becomes readable (EPOLLIN), close-on-exec. Negative errno: -ENOENT when the kernel
 * has not loaded nf_tables, which asking would do; -EPERM without CAP_NET_ADMIN.
 */
int firewall_notices_open(struct err *err);
/* Take those that are there; waits for none. 1: rules were changed, 0: they were not, negative errno: read no more. */
int firewall_notices_read(int fd, struct err *err);

/* Pure: whether one datagram tells of rules, chains, tables, maps or sets. Malformed: true, to be on the safe side. */
bool firewall_notice_matters(const void *data, size_t len);
