/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A probe against a server that is played from a script: what it says after each thing the probe sends. For tests
 * without a network.
 */
#pragma once

#include "identify/probe.h"

struct play_line {
        const char *bytes; /* what the server says; NULL = nothing (the probe sees `waited`) */
        size_t len;        /* 0 = strlen(bytes) */
};

struct play {
        /* set before */
        const struct probe *probe;
        enum transport transport;
        uint16_t port;
        uint64_t nonce;
        bool greeting;      /* the first line is said before anything is sent */
        bool split;         /* each line comes byte by byte, so that TALK_MORE is tested */
        bool ends;          /* the server closes after the last line (else it stays silent) */
        const struct play_line *lines;
        size_t n_lines;
        /* results */
        struct identity id;
        struct str sent; /* all that the probe sent */
        unsigned sends, tls, connections;
        size_t said; /* lines used */
};

/* Plays to the end. Fails the test when the probe sends without end. Free with play_release. */
void play(struct play *p);
void play_release(struct play *p);
