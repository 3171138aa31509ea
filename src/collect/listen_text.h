/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses as ListenStream= and the D-Bus property Listen write them (systemd.socket(5)). Pure. */
#pragma once

#include <stdint.h>

#include "model/address.h"

/*
 * "22", "[::]:22", "127.0.0.1:25", "[fe80::1]:53%eth0". A port alone is "::", which systemd takes for it. 0,
 * or -EINVAL for what is no address of IP: a path, an abstract socket, vsock.
 */
int listen_text_parse(const char *text, struct address *ret_address, uint16_t *ret_port);
