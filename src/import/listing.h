/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What listings of sockets have in common: words in a line, places, and the inside view made of them. */
#pragma once

#include "import/import.h"

#define LISTING_SOCKETS 1000000u
#define LISTING_OWNERS  4000000u /* over all sockets */

struct word {
        const char *at;
        size_t len;
};

#define WORDS_MAX 32u

struct words {
        struct word word[WORDS_MAX];
        size_t n;
};

/* The words of a line, divided by blanks; those past WORDS_MAX stay in the last one. */
void words_of(struct words *w, const char *text, size_t len);
bool word_is(const struct word *w, const char *text);
bool word_starts(const struct word *w, const char *text);
bool word_is_number(const struct word *w);

/* Whether the text is in it. */
bool listing_has(const char *start, size_t len, const char *text);
/* Whether a line of the beginning of a file fits. */
bool listing_any_line(const char *start, size_t len, bool (*fits)(const struct words *w));

/* A local place as programs write it: "0.0.0.0:22", "[::]:22", ":::22", "*:22", "127.0.0.53%lo:53". */
struct place {
        struct address address; /* "*" is :: */
        bool star;              /* was written "*" */
        uint16_t port;
        const char *device; /* or NULL */
};

/* False after telling the fault; `numeric` names the option that makes the program write port numbers. */
bool listing_place(struct import *im, const struct word *w, const char *numeric, struct place *ret);

/* That a socket is connected there says that the host has this address. */
void listing_own_address(struct import *im, const struct place *place);
/* A socket that listens. NULL when there are too many. Its owners follow at once. */
struct socket_seen *listing_socket(struct import *im, enum transport transport, const struct place *place);
/* A process holds the socket made last. Without a number pid is 0; the name may be NULL. */
void listing_owner(struct import *im, pid_t pid, const char *name);
/*
 * For `end` of the importers: says of which sockets the program is not known; `how` makes the program
 * write it.
 */
void listing_end(struct import *im, const char *how);

/* A pid of at most 2^31-1; -1: it is none. */
pid_t listing_pid(const struct word *w);
