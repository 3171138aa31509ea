/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rules made by iptables-nft: libnftables prints their extensions in JSON by name only, as {"xt":...}, but
 * its text output has them translated to nftables' own language. This reads back from such a line what
 * forwards need. Internal to forwards*.c.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

struct translated {
        json_t *ports;  /* array of "match" bodies on destination ports; never NULL */
        json_t *target; /* {"dnat":...} or {"redirect":...} as in native JSON, or NULL */
        bool failed;    /* some extension could not be translated ("xt match ...") */
        bool any_port;  /* a condition on a port, source or destination, stands in the text */
};

/* Never fails: what is not there is left out. Release with translated_release. */
struct translated translated_parse(const char *text, size_t len);
void translated_release(struct translated *t);
