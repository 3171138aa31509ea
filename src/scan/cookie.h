/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Cookies: a keyed hash (SipHash-2-4; J.-P. Aumasson, D. J. Bernstein 2012) of what was asked, put where
 * the answer must repeat it, so that no forged or stray packet makes a verdict.
 */
#pragma once

#include <stdint.h>

#include "model/address.h"

struct cookie_key {
        uint64_t k[2];
};

/* Of the peer's address and port, our own port, and a word of the caller's (such as the kind of probe). */
uint32_t cookie_make(const struct cookie_key *key, const struct address *peer, uint16_t peer_port,
                     uint16_t own_port, uint32_t word);
