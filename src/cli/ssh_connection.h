/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The way the administrator came in by. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/address.h"

struct ssh_connection {
        struct address remote, local;
        uint16_t remote_port, local_port;
};

/*
 * What sshd told of the connection (SSH_CONNECTION, sshd(8)), in our own environment or in that of a process we come
 * from: sudo takes it away. False: there is none, or it was not to be read.
 */
bool ssh_connection_find(struct ssh_connection *ret);
/* "192.0.2.7 50022 192.0.2.1 22" of len bytes; a zone of a link-local address (%eth0) is passed over. */
bool ssh_connection_parse(const char *text, size_t len, struct ssh_connection *ret);
