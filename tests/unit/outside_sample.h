/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Outside views built by hand: endpoints, and what speaks there. All lives in the pool of the view. */
#pragma once

#include "assess/outside.h"

#define SAMPLE_NOW 1777629600 /* 2026-05-01 10:00 UTC */

/* "10.20.0.5:22/tcp", "[2001:db8::1]:53/udp" */
struct endpoint sample_endpoint(const char *place, enum endpoint_state state);
/* An open endpoint that speaks that protocol for certain. Good until freed with the view. */
struct identity *sample_speaks(struct outside *o, const char *place, const char *protocol,
                               enum encryption encryption);
/* The same inside TLS 1.3, with a certificate that nothing is wrong with. */
struct tls_facts *sample_speaks_tls(struct outside *o, const char *place, const char *protocol);
/*
 * 10.20.0.0/16 office, 10.30.0.0/16 dmz, 10.40.0.0/16 database, 10.60.0.0/16 management; others have no zone. Asset web1
 * is 10.20.0.5 and 10.30.0.5.
 */
const struct estate *sample_estate(struct pool *pool);
