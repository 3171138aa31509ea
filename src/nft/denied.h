/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the packet filter logs to a group of NFLOG (libnetfilter_log), as JSON lines:
 *
 *      {"ready":true}
 *      {"device":"eth0","protocol":6,"source":"10.0.0.9","source_port":40000,"destination":"10.0.0.2","port":8443}
 *      {"lost":true}        the kernel had more than could be taken
 *
 * Of a packet without ports the port keys are missing.
 */
#pragma once

#include <stdint.h>

#include "base/err.h"

/*
 * Follow the group in the network namespace of the calling process until output fails or a signal comes. All rights are
 * given up before the first packet is read. -EPERM without CAP_NET_ADMIN, -EBUSY when somebody else has the group; in
 * both cases nothing was written.
 */
int denied_follow(uint16_t group, struct err *err);
