/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Netlink dumps: ask once, be called for every message of the answer. Source: netlink(7),
 * Documentation/userspace-api/netlink.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/wire.h"

/* A netlink socket of that protocol in the calling thread's network namespace: fd (close-on-exec) or negative errno. */
int netlink_open(int protocol, struct err *err);

/* Hear what is told to a multicast group of that protocol. 0 or negative errno. */
int netlink_join(int fd, int group, struct err *err);

/*
 * Send `request` (a whole message, its nlmsg_seq filled in here) and call `each` for every message of the
 * dump with its type and payload. 0; 1 when the table changed meanwhile (NLM_F_DUMP_INTR: entries may be
 * missing or doubled, so ask again); or negative errno, the kernel's own where it refused.
 */
int netlink_dump(int fd, void *request, size_t len, void (*each)(uint16_t type, struct wire payload, void *arg),
                 void *arg, struct err *err);

/*
 * The pure half: walk one received buffer. 1 = more is to come, 0 = the dump is complete, negative errno =
 * refused or malformed. *ret_interrupted is set (never cleared) when a message carries NLM_F_DUMP_INTR.
 */
int netlink_parse(const void *data, size_t len, uint32_t seq,
                  void (*each)(uint16_t type, struct wire payload, void *arg), void *arg, bool *ret_interrupted);

/* Read one attribute: false at the end of w or when malformed. Source: struct nlattr, 4-byte aligned. */
bool netlink_attribute(struct wire *w, uint16_t *ret_type, struct wire *ret_value);
