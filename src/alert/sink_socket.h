/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What sinks that write to sockets have in common. */
#pragma once

#include "base/err.h"
#include "base/str.h"

/* Nothing on this socket waits for longer than a delivery may take. */
void sink_socket_limit(int fd);
/* One datagram to the local socket of that path. 0 or negative errno. */
int sink_socket_tell(const char *path, const struct str *text, struct err *err);
