/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Something between us and a host, or the host itself, may answer for every port: a SYN proxy, a firewall
 * that redirects, a tarpit, a honeypot. Recognised by ports that nobody would serve, chosen at random among
 * the high ones. Pure.
 */
#pragma once

#include "scan/confirm.h"

#define MIDDLEBOX_BASELINE 3 /* random high ports to look at */

enum middlebox_port {
        MIDDLEBOX_PORT_UNKNOWN,      /* it differs too little to claim, or could not be looked at */
        MIDDLEBOX_PORT_REAL,         /* a service is there */
        MIDDLEBOX_PORT_ANSWERED_FOR, /* shows what a port shows that nobody serves */
};

struct middlebox_verdict {
        bool recognised;
        const char *how; /* a sentence for coverage, static; NULL when not recognised */
        unsigned n_real;
};

/*
 * baseline: looks (CONFIRM_DATA) at random high ports, n_heard_open of which the scan itself heard open
 * before (a SYN-ACK): with those a handshake that fails is a sign, too. candidates: looks (CONFIRM_DATA) at
 * ports heard open; ret_ports[i] is what the i-th is.
 *
 * Recognised when all baseline ports were heard open or take connections, and at least 2 of them could be
 * looked at. Then a candidate is real only by what a middlebox does not show by chance: a banner or an
 * answer that the baseline ports do not have (unless these differ among themselves), an acknowledgement of
 * data where none of them acknowledges, a handshake where none of theirs completes. When it ends the connection
 * otherwise than they do, that is too little: load may do it.
 *
 * Not recognised: real is every candidate whose handshake completed.
 */
struct middlebox_verdict middlebox_judge(const struct confirm_look *baseline, size_t n_baseline,
                                         size_t n_heard_open, const struct confirm_look *candidates,
                                         size_t n_candidates, enum middlebox_port *ret_ports);
