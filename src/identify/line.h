/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text protocols: lines and three-digit replies in bytes that came. Nothing is copied. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct line {
        const char *text; /* not terminated; without CR and LF */
        size_t len;
};

/* The next whole line (up to LF) at *at of len bytes; moves *at past it. False when there is no whole line left. */
bool line_next(const uint8_t *data, size_t len, size_t *at, struct line *ret);
bool line_starts(const struct line *line, const char *prefix);   /* as it is */
bool line_starts_i(const struct line *line, const char *prefix); /* whatever the case of letters */
/* The first place of a word in it, whatever the case, or NULL. */
const char *line_find_i(const struct line *line, const char *word);
/* A line of our own of what follows n bytes of this one, without leading blanks. */
struct line line_after(const struct line *line, size_t n);
/* The n-th word from 0, parted by blanks; empty when there is none. */
struct line line_word(const struct line *line, unsigned n);

/* Whether data begins with these bytes. */
bool data_starts(const uint8_t *data, size_t len, const char *prefix);

/* A reply as SMTP, FTP and NNTP give (RFC 5321, 4.2; RFC 959, 4.2): lines "250-..." and a last one "250 ...". */
enum reply_state { REPLY_NONE /* it is no such reply */, REPLY_PART /* not whole yet */, REPLY_WHOLE };
struct reply {
        unsigned code;     /* 100..699 */
        struct line first; /* text of the first line, after the code */
        size_t end;        /* where the next begins */
};
/*
 * One whole reply at data. Lines of FTP in between that have no code are passed over. REPLY_PART: it can still become
 * one; REPLY_NONE: it cannot.
 */
enum reply_state reply_read(const uint8_t *data, size_t len, struct reply *ret);
