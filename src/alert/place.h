/* SPDX-License-Identifier: GPL-2.0-or-later */
/* "scheme://host:port/rest", as far as sinks need it: no user or password, no odd characters in the host. Pure. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define PLACE_HOST_MAX 255u

struct place {
        char scheme[8];
        char host[PLACE_HOST_MAX + 1]; /* without the [] of an IPv6 address */
        uint16_t port;                 /* 0: not given */
        const char *rest;              /* from '/', '?' or '#' on, or "" */
};

/* NULL, or what is wrong with it. */
const char *place_parse(const char *text, struct place *ret);
/* 127.0.0.0/8, ::1 or localhost: it does not leave this machine. */
bool place_is_loopback(const struct place *p);
